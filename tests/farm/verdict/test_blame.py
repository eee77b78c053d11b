from farm.trial import Direction, TrialEvidence
from farm.verdict.blame import Blame, Finding
from farm.verdict.stream_limits import Breach
from farm.verdict.trial_streams import TrialStreams
from farm.webrtc_stats import MediaKind
from tests.farm.trial_evidence import good

CALLS = good(load=4)
BROADCAST = good("broadcast", 4)


def finding(
    probe: int,
    direction: Direction | None,
    code: str,
    beyond: float,
    at_s: float = 30.0,
    *,
    evidence: TrialEvidence = CALLS,
    kind: MediaKind = "video",
    said: str = "",
) -> Finding:
    breach = Breach(code, 0.2, 0.01, beyond, 0, at_s)
    plan = evidence.plan.probes[probe]
    streams = TrialStreams(evidence).owed(plan.probe, "inbound", kind)
    senders = streams[0].senders if direction == "inbound" else ()
    return Finding(plan, breach, direction, kind if direction else None, said, senders=senders)


def told(*findings: Finding, evidence: TrialEvidence = CALLS) -> list[tuple[str | None, str]]:
    reasons = Blame(findings, TrialStreams(evidence)).reasons
    return [(reason.probe, reason.message) for reason in reasons]


def test_a_lossy_way_up_comes_before_worse_effects_of_it() -> None:
    reasons = told(
        finding(1, "inbound", "residual_loss", beyond=20),
        finding(0, "outbound", "repair", beyond=7),
    )

    assert reasons == [
        (
            "p000",
            "p000 (s000) outbound video had 20 % of its packets repaired, limit 1 %; "
            "its partner p001 lost 0 % of it on the way down",
        ),
        (
            "p001",
            "p001 (s000) inbound video from p000 lost 20 % of its packets, limit 1 %; "
            "p000's outbound video failed first (repair)",
        ),
    ]


def test_packets_lost_for_good_weigh_more_than_packets_repaired() -> None:
    reasons = told(
        finding(0, "outbound", "repair", beyond=9),
        finding(1, "outbound", "residual_loss", beyond=3, kind="audio"),
    )
    assert [probe for probe, _ in reasons] == ["p001", "p000"]


def test_what_happens_in_one_call_explains_nothing_in_another() -> None:
    reasons = told(
        finding(0, "outbound", "repair", beyond=30),
        finding(2, "inbound", "residual_loss", beyond=20),
    )
    assert "failed first" not in reasons[1][1]


def test_one_starved_viewer_holds_the_presenter_back_and_is_named_first() -> None:
    reasons = told(
        finding(0, "outbound", "target_bitrate", beyond=3, at_s=40.0, evidence=BROADCAST),
        finding(2, "inbound", "residual_loss", beyond=12, at_s=30.0, evidence=BROADCAST),
        finding(3, "inbound", "residual_loss", beyond=2, at_s=50.0, evidence=BROADCAST),
        evidence=BROADCAST,
    )

    assert [probe for probe, _ in reasons] == ["p002", "p000", "p003"]
    assert reasons[1][1].endswith("; p002's inbound video failed first (residual_loss)")


def test_a_viewer_who_never_got_the_presenter_is_told_after_it() -> None:
    reasons = told(
        finding(1, "inbound", "setup", beyond=1000, evidence=BROADCAST),
        finding(0, None, "timeout", beyond=1000, at_s=12.0, evidence=BROADCAST, said="no answer"),
        evidence=BROADCAST,
    )

    assert reasons[0] == ("p000", "p000 (s000): no answer")
    assert reasons[1][1].endswith("; p000's join failed first (timeout)")
