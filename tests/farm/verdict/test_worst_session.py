import dataclasses

from farm.trial import TrialEvidence, WorstSession
from farm.verdict.blame import Finding
from farm.verdict.stream_limits import Breach
from farm.verdict.trial_streams import TrialStreams
from farm.verdict.worst_session import worst_session
from tests.farm.trial_evidence import good, spoilt, stream


def worst(evidence: TrialEvidence, *findings: Finding) -> WorstSession:
    found = worst_session(TrialStreams(evidence), findings)
    assert found is not None
    return found


def test_the_session_of_the_worst_finding_whatever_the_figures() -> None:
    evidence = spoilt(good(load=4), stream("p000", "inbound", "video", frame_rate=2.0))
    probe = evidence.plan.probes[2]

    found = worst(evidence, Finding(probe, Breach("timeout", None, None, 1000.0, -1, 12.0)))

    assert found.session == "s001"


def test_among_sessions_without_loss_the_one_with_the_fewest_frames() -> None:
    evidence = spoilt(good(load=4), stream("p002", "inbound", "video", frame_rate=17.0))

    assert worst(evidence) == WorstSession("s001", 0.0, 500_000.0, 17.0)


def test_the_figures_are_those_of_the_worst_receiver() -> None:
    evidence = spoilt(good(), stream("p001", "inbound", "video", bitrate_bps=90_000.0))

    assert worst(evidence).video_bitrate_bps == 90_000.0


def test_what_nobody_saw_stays_unknown() -> None:
    unseen = dataclasses.replace(good(), intervals=())

    assert worst(unseen) == WorstSession("s000", None, None, None)
