"""What receiver reports of the server say was lost, in windows."""

from __future__ import annotations

import pytest

from farm.evidence import trial_evidence
from tests.farm.evidence.polled import Polled, course, plan

LOST_A_SECOND = 10


def lost_in_windows(*reports_s: float) -> list[int | None]:
    """What is lost of a stream in each window of 10 s, of which a server's reports come then."""
    polled = Polled(plan())
    polled.sent("p000", course(1))
    for now_s in reports_s:
        polled.reported("p000", now_s, packetsLost=round(LOST_A_SECOND * now_s))
    evidence = trial_evidence(polled.trial(), window_s=10.0, poll_s=1.0)
    return [
        each.packets_lost
        for each in evidence.intervals
        if (each.probe, each.direction, each.kind) == ("p000", "outbound", "video")
    ]


def test_what_a_report_counts_was_lost_since_the_one_before_it() -> None:
    each_second = lost_in_windows(*(second + 0.5 for second in range(40)))
    assert each_second == pytest.approx([100, 100, 100], abs=5)
    late = lost_in_windows(1.5, 13.5, 25.5, 37.5)
    assert late == pytest.approx([100, 100, 75], abs=5)


def test_of_a_window_after_the_last_report_it_is_unknown() -> None:
    assert lost_in_windows(1.5, 11.5, 19.5) == [pytest.approx(95, abs=5), None, None]
