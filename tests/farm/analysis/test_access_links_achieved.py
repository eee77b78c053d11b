"""What emulated lines did, from windows that are given."""

from __future__ import annotations

from dataclasses import replace

import pytest

from farm.analysis.access_links_achieved import access_links_achieved
from farm.model.trial_evidence import StreamInterval, TrialEvidence
from farm.model.trial_plan import AccessLink
from tests.farm.trial_evidence import good

SLOW = AccessLink("3g", latency_s=0.15, down_kbps=1_600, up_kbps=768)


def behind(evidence: TrialEvidence, line: AccessLink, *probes: str) -> TrialEvidence:
    (session, *others) = evidence.plan.sessions
    changed = replace(
        session,
        probes=tuple(
            replace(each, line=line) if each.probe in probes else each for each in session.probes
        ),
    )
    return replace(evidence, plan=replace(evidence.plan, sessions=(changed, *others)))


def spoilt(interval: StreamInterval) -> StreamInterval:
    if interval.probe != "p001":
        return replace(interval, round_trip_time_s=0.002)
    if interval.direction == "outbound":
        return replace(
            interval, packets=500, packets_lost=25, round_trip_time_s=0.31, bitrate_bps=3e5
        )
    return replace(interval, packets=450, packets_lost=50, bitrate_bps=2e5)


def test_without_a_line_there_is_nothing_to_say() -> None:
    assert access_links_achieved(good("one_to_one", 4)) == ()


def test_each_line_has_the_medians_of_its_probes_and_those_without_come_last() -> None:
    evidence = behind(good("one_to_one", 2), SLOW, "p001")
    evidence = replace(evidence, intervals=tuple(spoilt(each) for each in evidence.intervals))

    slow, untouched = access_links_achieved(evidence)

    assert (slow.asked, slow.probes) == (SLOW, 1)
    assert slow.round_trip_time_s == pytest.approx(0.31)
    assert slow.up_loss_ratio == pytest.approx(0.05)
    assert slow.down_loss_ratio == pytest.approx(0.1)
    assert slow.video_up_bps == pytest.approx(3e5)
    assert slow.video_down_bps == pytest.approx(2e5)
    assert (untouched.asked, untouched.probes) == (None, 1)
    assert untouched.round_trip_time_s == pytest.approx(0.002)


def test_what_a_line_carried_is_of_all_tracks_together() -> None:
    room = good("group", 3, members=3, media="forwarded")
    (line, _) = access_links_achieved(behind(room, SLOW, "p001"))
    assert line.video_down_bps == pytest.approx(1e6)
    assert line.video_up_bps == pytest.approx(5e5)


def test_what_is_unknown_stays_unknown() -> None:
    evidence = behind(good("one_to_one", 2), SLOW, "p000", "p001")
    (line,) = access_links_achieved(replace(evidence, intervals=()))
    assert (line.probes, line.round_trip_time_s, line.up_loss_ratio) == (2, None, None)
