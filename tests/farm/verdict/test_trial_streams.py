import dataclasses

import pytest

from farm.experiment import Criteria
from farm.trial import TrialEvidence
from farm.verdict.trial_streams import TrialStreams
from tests.farm.trial_evidence import good, spoilt, stream


def heard(evidence: TrialEvidence) -> dict[str, str | None]:
    """Whose video each probe receives."""
    streams = TrialStreams(evidence)
    senders = {p.probe: streams.heard_by(p, "video") for p in evidence.plan.probes}
    return {probe: sender and sender.probe for probe, sender in senders.items()}


def test_in_a_call_each_receives_the_other() -> None:
    assert heard(good(load=4)) == {"p000": "p001", "p001": "p000", "p002": "p003", "p003": "p002"}


def test_in_a_broadcast_all_receive_the_presenter() -> None:
    evidence = good("broadcast", 4)
    presenter = evidence.plan.probes[0]

    assert heard(evidence) == {"p000": None, "p001": "p000", "p002": "p000", "p003": "p000"}
    hearers = TrialStreams(evidence).hearers_of(presenter, "video")
    assert [hearer.probe for hearer in hearers] == ["p001", "p002", "p003"]


def test_in_a_room_the_server_makes_what_is_received() -> None:
    assert set(heard(good("group", 4)).values()) == {None}


def test_what_is_expected_is_what_the_plan_says() -> None:
    expected = TrialStreams(good("broadcast", 2)).expected

    assert [(probe.probe, direction, kind) for probe, direction, kind in expected] == [
        ("p000", "outbound", "audio"),
        ("p000", "outbound", "video"),
        ("p001", "inbound", "audio"),
        ("p001", "inbound", "video"),
    ]


def test_a_second_track_does_not_stand_in_for_the_first() -> None:
    evidence = good()
    stray = dataclasses.replace(evidence.intervals[0], track=1, gap_s=9.0)
    streams = TrialStreams(dataclasses.replace(evidence, intervals=(*evidence.intervals, stray)))

    assert streams.windows("p000", "outbound", "audio")[0].track == 0


def test_loss_over_the_hold_is_weighed_by_packets() -> None:
    lossy = stream("p000", "inbound", "video", [0], residual_loss_ratio=0.5, packets=100)
    streams = TrialStreams(spoilt(good(), lossy))

    assert streams.inbound_loss("p000", "video") == pytest.approx(100 / 2000)
    assert streams.inbound_loss("p000", "audio") == 0
    assert TrialStreams(good("broadcast", 2)).inbound_loss("p000", "video") is None


def test_without_a_baseline_a_mixed_picture_is_held_to_its_first_size() -> None:
    evidence = spoilt(good("group", 4), stream("p001", "inbound", "video", [2, 3], frame_width=400))
    member = evidence.plan.probes[1]
    breaches = TrialStreams(evidence).breaches(member, "inbound", "video", Criteria(), None)

    assert [breach.code for breach in breaches] == ["size"]
