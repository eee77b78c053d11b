"""Full probes among light ones: what their fate says of the generator, and of the light method."""

import dataclasses
from typing import Any

import pytest

from farm.model.criteria import Criteria, InvalidLimits
from farm.model.experiment import ProbeSettings
from farm.model.trial_evidence import Fault, StreamInterval, TrialEvidence
from farm.model.verdict import Outcome, Verdict
from farm.testing import unjoined
from farm.verdict import judge
from tests.farm.trial_evidence import Change, good, losing, spoilt, stream, with_fault, with_host

APART = ("quiet", "loaded")


def light(load: int = 6, kind: Any = "one_to_one", hosts: tuple[str, ...] = APART) -> TrialEvidence:
    return good(kind, load, probes=ProbeSettings(fidelity="light"), hosts=hosts)


def judged(evidence: TrialEvidence) -> Verdict:
    return judge(evidence, Criteria(), InvalidLimits(), None)


def lossy(*probes: str) -> Any:
    def spoil(interval: StreamInterval) -> Change | None:
        mine = interval.probe in probes and interval.direction == "inbound"
        return losing(0.2) if mine else None

    return spoil


def light_probe_doubts(evidence: TrialEvidence) -> list[str]:
    return [note for note in judged(evidence).notes if note.startswith("light probes in doubt")]


# ---------------------------------------------------------------- on a host of their own


def test_what_no_witness_saw_is_the_loaded_hosts_doing() -> None:
    verdict = judged(spoilt(light(), lossy("p002", "p004")))

    assert verdict.outcome is Outcome.INVALID
    (reason,) = verdict.reasons
    assert (reason.code, reason.value, reason.at_s) == ("witness", 2, 30.0)
    assert reason.message == (
        "2 light probes on host loaded failed, but no witness (p000, p001) on host quiet, "
        "which carried nothing else"
    )


def test_what_the_witness_saw_too_is_the_servers_doing() -> None:
    assert judged(spoilt(light(), lossy("p000", "p002", "p004"))).outcome is Outcome.FAIL


def test_a_witness_that_sits_among_the_others_excuses_nobody() -> None:
    assert judged(spoilt(light(hosts=("here",)), lossy("p002"))).outcome is Outcome.FAIL


def test_a_viewer_may_be_a_witness() -> None:
    assert judged(spoilt(light(6, "broadcast"), lossy("p003"))).outcome is Outcome.INVALID
    assert judged(spoilt(light(6, "broadcast"), lossy("p001", "p003"))).outcome is Outcome.FAIL


def test_a_refusal_of_the_app_is_no_lack_of_cpu() -> None:
    refused = unjoined(light(), "p003", "signalling", "room is full")
    assert judged(refused).outcome is Outcome.FAIL
    late = unjoined(light(), "p003", "timeout", "not within 30 s")
    assert judged(late).outcome is Outcome.INVALID


# ---------------------------------------------------------------- light and full compared


def test_light_probes_that_send_what_full_ones_do_are_not_in_doubt() -> None:
    assert light_probe_doubts(light(hosts=("here",))) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"bitrate_bps": 300_000.0},
            "caller outbound video: payload of 300000 bit/s, of witnesses payload of 500000 bit/s",
        ),
        (
            {"packets": 900},
            "caller outbound video: 90.0 packets/s, of witnesses 60.0 packets/s",
        ),
        (
            {"repair_ratio": 0.025},
            "caller outbound video: a NACK / retransmission ratio of 0.025, of witnesses "
            "a NACK / retransmission ratio of 0.000",
        ),
    ],
)
def test_light_probes_that_differ_on_the_wire_are_in_doubt(
    changes: dict[str, Any], said: str
) -> None:
    evidence = light(hosts=("here",))
    for probe in ("p003", "p005"):
        evidence = spoilt(evidence, stream(probe, "outbound", "video", **changes))

    assert light_probe_doubts(evidence) == [f"light probes in doubt: {said}"]
    assert judged(evidence).outcome is Outcome.PASS


def test_setup_is_compared_too() -> None:
    evidence = light(hosts=("here",))
    slow = tuple(
        dataclasses.replace(setup, setup_s=4.0 if setup.probe in ("p003", "p005") else 0.8)
        for setup in evidence.setups
    )

    assert light_probe_doubts(dataclasses.replace(evidence, setups=slow)) == [
        f"light probes in doubt: caller {kind}: 4.0 s to its first media, "
        "of witnesses 0.8 s to its first media"
        for kind in ("audio", "video")
    ]


def test_a_trial_that_fails_says_nothing_of_the_method() -> None:
    evidence = light(hosts=("here",))
    for probe in ("p003", "p005"):
        evidence = spoilt(evidence, stream(probe, "outbound", "video", bitrate_bps=300_000.0))

    assert light_probe_doubts(spoilt(evidence, lossy("p000", "p002"))) == []
    assert light_probe_doubts(with_host(evidence, range(40, 50), cpu_percent=99.0)) == []


# ---------------------------------------------------------------- not light after all


def test_a_key_frame_that_a_browser_refused_is_told() -> None:
    refused = tuple((f"p00{place}", "no key frame when asked (Why: no)") for place in (2, 3))
    verdict = judged(dataclasses.replace(light(), without_key_frame=refused))
    assert verdict.outcome is Outcome.PASS
    assert (
        "2 light probes (p002, p003) sent no key frame when asked (Why: no): pictures that stood "
        "still may have waited for it"
    ) in verdict.notes


def test_tiny_pictures_that_go_out_as_full_ones_make_a_trial_invalid() -> None:
    fault = Fault("light_probe", 30.0, "p002: a light probe sent tiny pictures", "s001")
    verdict = judged(with_fault(light(), fault))
    assert verdict.outcome is Outcome.INVALID
    assert [reason.code for reason in verdict.reasons] == ["light_probe"]


def test_light_probes_that_stayed_full_are_told_and_not_compared() -> None:
    evidence = light(hosts=("here",))
    for probe in ("p003", "p005"):
        evidence = spoilt(evidence, stream(probe, "outbound", "video", bitrate_bps=300_000.0))
    layers = "3 simulcast layers"
    evidence = dataclasses.replace(evidence, stayed_full=(("p003", layers), ("p005", layers)))

    assert "2 light probes (p003, p005) stayed full: 3 simulcast layers" in judged(evidence).notes
    assert light_probe_doubts(evidence) == []


def test_it_is_told_by_how_many_received_audio_was_played() -> None:
    evidence = light(hosts=("here",))
    unplayed = tuple(probe.probe for probe in evidence.plan.probes if probe.fidelity == "light")
    played = len(evidence.plan.probes) - len(unplayed)

    notes = judged(dataclasses.replace(evidence, unplayed=unplayed)).notes
    said = f"received audio was played by {played} of {len(evidence.plan.probes)} probes;"
    assert any(note.startswith(said) for note in notes)
    assert not any("received audio" in note for note in judged(evidence).notes)
