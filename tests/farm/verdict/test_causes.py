from dataclasses import replace

from farm.model.trial_evidence import StreamIdentity, TrialEvidence
from farm.model.trial_plan import Direction
from farm.model.webrtc_stats import MediaKind
from farm.verdict.causes import Causes, Finding
from farm.verdict.stream_limits import Breach
from farm.verdict.trial_streams import TrialStreams
from tests.farm.made_mesh import mesh
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
    reasons = Causes(findings, TrialStreams(evidence)).reasons
    return [(reason.probe, reason.message) for reason in reasons]


def test_a_lossy_way_up_comes_before_worse_effects_of_it() -> None:
    reasons = told(
        finding(1, "inbound", "residual_loss", beyond=20),
        finding(0, "outbound", "repair", beyond=7),
    )

    assert reasons == [
        (
            "p000",
            "p000 (s000) outbound video had a retransmission ratio of 20 %, limit 1 %; "
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


def test_a_stream_of_which_nobody_knows_whose_it_is_names_all_that_it_may_be_of() -> None:
    room = good("group", 3, members=3, media="forwarded")
    lost = Finding(
        room.plan.probes[0],
        Breach("gap", 5.0, 2.0, 2.5, 0, 30.0),
        "inbound",
        "video",
        senders=("p001", "p002"),
    )
    (reason,) = Causes([lost], TrialStreams(room)).reasons
    assert (reason.stream, reason.sender) == ("inbound video", "p001 or p002")
    assert reason.message == (
        "p000 (s000) inbound video from p001 or p002 had no packet for 5.0 s, limit 2 s"
    )


def test_of_several_possible_senders_none_is_blamed_for_what_was_lost() -> None:
    room = good("group", 3, members=3, media="forwarded")
    lossy = finding(1, "outbound", "residual_loss", beyond=30, evidence=room)
    breach = Breach("residual_loss", 0.2, 0.01, 20, 0, 30.0)
    for senders, is_explained in ((("p001",), True), (("p001", "p002"), False)):
        lost = Finding(room.plan.probes[0], breach, "inbound", "video", senders=senders)
        _, reason = Causes([lossy, lost], TrialStreams(room)).reasons
        assert reason.probe == "p000"
        assert reason.message.endswith("; p001's outbound video failed first (residual_loss)") is (
            is_explained
        )


def test_what_is_sent_and_what_is_mixed_come_from_nobody() -> None:
    mixed = good("group", 4)
    sent = finding(0, "outbound", "gap", beyond=2, evidence=mixed)
    received = finding(1, "inbound", "gap", beyond=2, evidence=mixed)
    reasons = Causes([sent, received], TrialStreams(mixed)).reasons
    assert [reason.sender for reason in reasons] == [None, None]
    assert not [reason.message for reason in reasons if " from " in reason.message]


def test_each_stream_of_a_forwarded_room_is_named_by_whom_it_comes_from() -> None:
    room = good("group", 3, members=3, media="forwarded")
    breach = Breach("setup", None, 15.0, 1000.0, -1, 10.0)
    lost = [
        Finding.of(room.plan.probes[0], breach, each)
        for each in TrialStreams(room).owed("p000", "inbound", "video")
    ]
    assert [reason.message for reason in Causes(lost, TrialStreams(room)).reasons] == [
        "p000 (s000) inbound video from p001 got no first media, limit 15 s",
        "p000 (s000) inbound video from p002 got no first media, limit 15 s",
    ]


def test_who_left_comes_before_who_lost_what_that_one_sent() -> None:
    reasons = told(
        finding(0, "inbound", "gap", beyond=1000, at_s=20.0),
        finding(1, None, "left", beyond=1000, at_s=25.0, said="its page left"),
    )
    assert [probe for probe, _ in reasons] == ["p001", "p000"]
    assert reasons[1][1].endswith("; p001 left first")


def test_of_copies_for_each_partner_a_reason_says_which() -> None:
    room = replace(
        good("group", 3, members=3, media="forwarded"), streams=mesh(("p000", "p001", "p002"))
    )
    sent = next(
        each for each in room.streams if (each.probe, each.direction) == ("p002", "outbound")
    )
    silent = Finding.of(room.plan.probes[2], Breach("gap", 5.0, 2.0, 2.5, 0, 30.0), sent)
    (reason,) = Causes([silent], TrialStreams(room)).reasons
    assert reason.message == (
        "p002 (s000) outbound audio to p000 had no packet for 5.0 s, limit 2 s"
    )
    assert reason.stream == "outbound audio"


def unsent_by(probe: str, evidence: TrialEvidence) -> tuple[StreamIdentity, ...]:
    """The owed streams of a room of which that probe's page never sent its video."""
    return tuple(
        replace(stream, seen=not is_lacking)
        for stream in TrialStreams(evidence).expected
        for is_lacking in [
            stream.kind == "video"
            and ((stream.probe, stream.direction) == (probe, "outbound") or probe in stream.senders)
        ]
    )


def test_who_never_sent_a_video_is_named_before_who_never_got_it() -> None:
    room = good("group", 3, members=3, media="forwarded")
    room = replace(room, streams=unsent_by("p001", room))
    streams, gap, never = (
        TrialStreams(room),
        Breach("gap", 10.0, 2.0, 5.0, 0, 30.0),
        Breach("setup", None, 15.0, 1000.0, -1, 10.0),
    )
    findings = [
        Finding.of(room.plan.probes[place], never if place != 1 else gap, each)
        for place in range(3)
        for each in streams.owed(f"p00{place}", "outbound" if place == 1 else "inbound", "video")
        if place == 1 or each.senders == ("p001",)
    ]
    assert [reason.message for reason in Causes(findings, streams).reasons] == [
        "p001 (s000) outbound video had no packet for 10.0 s, limit 2 s; its page never sent any",
        "p000 (s000) inbound video from p001 got no first media, limit 15 s; p001's page never "
        "sent it",
        "p002 (s000) inbound video from p001 got no first media, limit 15 s; p001's page never "
        "sent it",
    ]
    apart = replace(room, never_connected={"p001": {"pc1": "failed"}})
    unknown = Causes(findings, TrialStreams(apart)).reasons
    assert unknown[0].probe == "p000"
    assert not any("never sent" in reason.message for reason in unknown)
    sent = replace(room, streams=tuple(replace(each, seen=True) for each in room.streams))
    assert not any("never sent" in r.message for r in Causes(findings, TrialStreams(sent)).reasons)
