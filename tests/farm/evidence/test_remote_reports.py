"""What receiver reports of the server say was lost, in the windows in which it was sent.

Pages are polled at every half second, and send 50 packets a second while they send; the hold is
from 10 s to 40 s, in windows of 10 s, of which the polls count those sent from 9.5 s to 39.5 s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from farm.evidence import trial_evidence
from farm.model.trial_evidence import StreamInterval
from tests.farm.evidence.polled import Polled, Span, plan

RATE = 50
ALWAYS: Sequence[Span] = ((2.0, 60.0),)
NONE_LOST = {9.5: 0, 19.5: 0, 29.5: 0}
"""The server's reports about the time until the last window."""


def sent(
    polled: Polled,
    spans: Sequence[Span],
    *,
    ssrc: int = 100,
    rid: str | None = None,
    until_s: float = 46.5,
) -> None:
    """A video that is sent in some spans, polled until 6 s after the hold, or until then."""
    begin_s = spans[0][0]
    for now_s in np.arange(2.5, 46.5):
        if begin_s <= now_s < until_s:
            seconds = sum(max(0.0, min(now_s, end_s) - from_s) for from_s, end_s in spans)
            members = {"packetsSent": round(RATE * seconds), "framesEncoded": round(20 * seconds)}
            polled._row(
                *("outbound-rtp", "p000", "pc1", f"OT{ssrc}", float(now_s)),
                ssrc=ssrc,
                kind="video",
                mid="0",
                rid=rid,
                mediaSourceId="S",
                bytesSent=1000 * members["packetsSent"],
                **members,
            )


def reported(polled: Polled, lost: Mapping[float, int], *, ssrc: int = 100, **more: Any) -> None:
    """The packets lost so far that reports tell of which come at these times."""
    for came_s, count in lost.items():
        poll_s = float(np.ceil(came_s - 0.5)) + 0.5
        told = {"packetsLost": count, "timestamp": 1000 * came_s, **more}
        polled.reported("p000", poll_s, ssrc=ssrc, **told)


def intervals(polled: Polled) -> list[StreamInterval]:
    evidence = trial_evidence(polled.trial(), window_s=10.0, poll_s=1.0)
    return [
        each
        for each in evidence.intervals
        if (each.probe, each.direction, each.kind) == ("p000", "outbound", "video")
    ]


def windows(lost: Mapping[float, int], spans: Sequence[Span] = ALWAYS) -> list[StreamInterval]:
    polled = Polled(plan())
    sent(polled, spans)
    reported(polled, lost)
    return intervals(polled)


def lost_of(found: Sequence[StreamInterval]) -> list[tuple[int | None, int | None]]:
    """How many packets were lost in each window, of how many."""
    return [(each.packets_lost, each.packets_reported) for each in found]


# ---------------------------------------------------------------- where it was lost


def test_what_a_report_counts_was_lost_since_the_one_before_it() -> None:
    each_second = windows({second + 0.5: 2 * second for second in range(2, 46)})
    assert lost_of(each_second) == [(20, 500)] * 3
    rare = windows({5.5: 0, 17.5: 24, 29.5: 36, 41.5: 60})
    assert lost_of(rare) == [(18, 500), (10, 500), (20, 500)]  # 16 + 2, 10, 20 of 24


def test_while_nothing_is_sent_nothing_is_lost() -> None:
    """30 are reported after a pause from 17 s to 27 s, of 125 sent before 30 s and 50 after."""
    lost = {9.5: 0, 17.5: 0, 30.5: 30}
    found = windows(lost, [(2.0, 17.0), (27.0, 60.0)])
    assert [each.packets for each in found] == [375, 125, 500]
    assert lost_of(found) == [(0, 375), (21, 125), (9, 500)]
    found = windows({9.5: 0, 17.5: 0, 35.5: 30}, [(2.0, 17.0), (32.0, 60.0)])
    assert [each.packets for each in found] == [375, 0, 375]
    assert lost_of(found) == [(0, 375), (None, None), (30, 375)]


def test_what_is_reported_when_nothing_was_sent_since_was_lost_of_the_last_packets() -> None:
    found = windows({9.5: 0, 18.5: 0, 25.5: 7}, [(2.0, 17.0), (32.0, 60.0)])
    assert lost_of(found)[:2] == [(7, 375), (None, None)]


def test_a_report_counts_up_to_when_it_came_and_not_to_the_poll_that_shows_it() -> None:
    """Half of what was sent from 19 s to 20 s was counted by the last poll of the window."""
    found = windows({9.5: 0, 19.0: 0, 20.0: 20, 29.5: 20, 39.5: 20})
    assert [each.packets_lost for each in found] == [10, 10, 0]


def test_packets_that_come_late_are_not_lost_in_the_end() -> None:
    found = windows({9.5: 0, 19.5: 30, 29.5: 5, 39.5: 12})
    assert [each.packets_lost for each in found] == [30, -25, 7]
    assert [each.residual_loss_ratio for each in found] == [0.06, 0.0, 0.014]


def test_a_stream_that_begins_in_the_hold_has_lost_what_its_first_report_counts() -> None:
    """The first poll has 25 packets, the report comes at 325: 12 of 13 lost are of the window."""
    polled = Polled(plan())
    sent(polled, [(2.0, 19.5)])
    reported(polled, {9.5: 0, 19.5: 0})
    sent(polled, [(20.0, 60.0)], ssrc=101)
    reported(polled, {26.5: 13, 39.5: 13}, ssrc=101)
    found = intervals(polled)
    assert lost_of(found) == [(0, 500), (12, 450), (0, 500)]


def test_an_ssrc_that_is_sent_anew_has_lost_what_is_added_to_what_it_had_lost_before() -> None:
    """A page that resumes a call counts its packets from 0, and a server what it lost from 40."""
    polled = Polled(plan())
    sent(polled, [(2.0, 15.0)], until_s=15.0)
    reported(polled, {9.5: 36, 14.5: 40})
    sent(polled, [(24.5, 60.0)])
    reported(polled, {26.5: 40, 29.5: 40, 39.5: 43})
    assert lost_of(intervals(polled)) == [(4, 250), (0, 250), (3, 500)]


def test_each_encoding_has_reports_of_its_own() -> None:
    polled = Polled(plan())
    for ssrc, rid, every_s, lost in ((100, "h", 1.0, 5), (101, "l", 5.0, 10)):
        sent(polled, ALWAYS, ssrc=ssrc, rid=rid)
        times = np.arange(4.5, 40.0, every_s)
        reported(
            polled, {float(at): lost * place for place, at in enumerate(times)}, ssrc=ssrc, jitter=0
        )
    assert lost_of(intervals(polled)) == [(70, 1000)] * 3


# ---------------------------------------------------------------- the last window


@pytest.mark.parametrize("last", [{41.5: 12}, {}], ids=["told after the hold", "never told"])
def test_loss_that_begins_with_the_last_window_is_the_share_of_what_reports_tell_of(
    last: Mapping[float, int],
) -> None:
    found = windows({**NONE_LOST, 35.5: 6, **last})
    assert found[2].residual_loss_ratio == pytest.approx(0.02)
    assert lost_of(found)[2] == ((10, 500) if last else (6, 300))


def test_what_was_mostly_sent_after_the_hold_does_not_count_in_it() -> None:
    """As servers lose packets while others leave."""
    found = windows({**NONE_LOST, 38.5: 0, 44.5: 60})
    assert lost_of(found)[2] == (0, 450)


def test_of_a_window_of_which_less_than_half_is_told_no_less_was_lost() -> None:
    found = windows({**NONE_LOST, 33.5: 8})
    assert lost_of(found)[2] == (8, 500)


def test_of_a_window_after_the_last_report_it_is_unknown() -> None:
    found = windows({9.5: 0, 19.5: 5})
    assert lost_of(found) == [(5, 500), (None, None), (None, None)]
    assert [each.residual_loss_ratio for each in found] == [0.01, None, None]


# ---------------------------------------------------------------- all of them


@pytest.mark.parametrize("seed", range(25))
def test_all_that_reports_count_is_in_the_windows_and_no_window_lost_more_than_it_sent(
    seed: int,
) -> None:
    """Of a stream that pauses at any time, with reports from 0.5 s to 15 s apart."""
    chance = np.random.default_rng(seed)
    turns = np.concatenate(([2.0], 4.0 + np.cumsum(chance.uniform(0.5, 9.0, 12)))).tolist()
    spans = [*zip(turns[::2], turns[1::2], strict=False)]
    polls = np.arange(9.5, 40.0)
    often_s = chance.choice([1.0, 5.0, 15.0])
    times = [9.5, *(9.5 + np.cumsum(chance.uniform(0.5, often_s, 60))), 39.5]
    times = sorted({float(at) for at in times if at <= 39.5 and np.ceil(at - 0.5) + 0.5 in polls})
    one_a_poll = {float(np.ceil(at - 0.5)): at for at in times}
    loss = chance.uniform(0.0, 0.5)
    lost = {at: int(loss * _packets(at, spans)) for at in one_a_poll.values()}
    found = windows(lost, spans)
    total = sum(each.packets_lost or 0 for each in found)
    assert total == pytest.approx(lost[39.5] - lost[9.5], abs=2)  # each is rounded
    for each in found:
        assert (each.packets_lost or 0) <= (each.packets or 0) + 1
        assert each.packets_reported in (None, each.packets)
        assert each.packets or each.packets_lost is None


def _packets(now_s: float, spans: Sequence[Span]) -> float:
    """How many packets polls show by then: between two of them they are sent evenly."""
    before_s = np.floor(now_s - 0.5) + 0.5
    totals = [
        RATE * sum(max(0.0, min(at, end_s) - from_s) for from_s, end_s in spans)
        for at in (before_s, before_s + 1.0)
    ]
    return float(np.interp(now_s, [before_s, before_s + 1.0], totals))


def test_the_round_trip_is_that_of_the_reports_which_come_in_the_window() -> None:
    polled = Polled(plan())
    sent(polled, ALWAYS)
    for came_s, seconds in ((12.5, 0.1), (17.5, 0.3), (23.5, 0.5), (41.5, 9.0)):
        reported(polled, {came_s: 0}, roundTripTime=seconds, jitter=seconds / 10)
    found = intervals(polled)
    assert [each.round_trip_time_s for each in found] == [pytest.approx(0.2), 0.5, None]
    assert [each.jitter_s for each in found] == [pytest.approx(0.02), 0.05, None]
