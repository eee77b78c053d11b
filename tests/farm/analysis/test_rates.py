"""Counters become rates: nothing is lost, nothing invented."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from farm.analysis import rates
from farm.analysis.rates import BoolArray, FloatArray

NAN = float("nan")

# Nothing here is about how fast a busy machine is.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

streams = st.lists(
    st.lists(st.none() | st.integers(0, 1000), min_size=1, max_size=20), min_size=1, max_size=5
)


def flat(growths: list[list[int | None]]) -> tuple[FloatArray, BoolArray]:
    """Counters of several streams, one after the other; `None` is a poll that did not have it."""
    values: list[float] = []
    first: list[bool] = []
    for stream in growths:
        total = 0
        for place, growth in enumerate(stream):
            total += growth or 0
            values.append(NAN if growth is None else total)
            first.append(place == 0)
    return np.array(values), np.array(first)


def numbers(*values: float) -> FloatArray:
    return np.array(values, dtype=np.float64)


def firsts(count: int) -> BoolArray:
    """One stream."""
    return np.arange(count) == 0


@unhurried
@given(streams)
def test_the_deltas_of_a_stream_add_up_to_what_it_counted(growths: list[list[int | None]]) -> None:
    counter, first = flat(growths)
    deltas = rates.deltas(counter, first)
    starts = [*np.flatnonzero(first), len(first)]
    for begin, end in itertools.pairwise(starts):
        known = counter[begin:end][~np.isnan(counter[begin:end])]
        expected = known[-1] - known[0] if len(known) else 0
        assert np.nansum(deltas[begin:end]) == expected
        assert np.count_nonzero(~np.isnan(deltas[begin:end])) == max(0, len(known) - 1)


@unhurried
@given(streams)
def test_a_delta_and_its_span_are_known_together(growths: list[list[int | None]]) -> None:
    counter, first = flat(growths)
    clock = np.cumsum(np.ones(len(counter)))
    deltas, spans = rates.deltas(counter, first), rates.spans_s(counter, clock, first)
    assert (np.isnan(deltas) == np.isnan(spans)).all()


@unhurried
@given(streams)
def test_counters_that_only_grow_are_never_cut(growths: list[list[int | None]]) -> None:
    counter, first = flat(growths)
    assert (rates.cut_at_resets(first, [counter]) == first).all()


@unhurried
@given(st.lists(st.integers(-50, 200), min_size=2, max_size=30))
def test_lost_packets_that_were_repaired_are_taken_back(moves: list[int]) -> None:
    lost = np.cumsum(moves).astype(float)
    deltas = rates.deltas(lost, firsts(len(lost)))
    assert np.nansum(deltas) == lost[-1] - lost[0]


def test_a_counter_that_falls_begins_a_new_life() -> None:
    packets = numbers(100, 150, 10, 60, NAN, 5)
    cut = rates.cut_at_resets(firsts(6), [packets])
    assert cut.tolist() == [True, False, True, False, False, True]
    deltas = rates.deltas(packets, cut)
    assert deltas == pytest.approx(numbers(NAN, 50, NAN, 50, NAN, NAN), nan_ok=True)


def test_of_nothing_comes_nothing() -> None:
    none = numbers()
    first = np.array([], dtype=bool)
    assert len(rates.deltas(none, first)) == 0
    assert len(rates.clock_s(none, none, first)) == 0
    assert len(rates.silence_s(none, none, none, none, first)) == 0


# ---------------------------------------------------------------- time


def test_time_is_the_pages_not_that_of_arrival() -> None:
    timestamp_ms = numbers(0, 1000, 2000, 3000)
    arrival_s = numbers(0.0, 1.9, 2.0, 3.4)
    clock = rates.clock_s(timestamp_ms, arrival_s, firsts(4))
    assert np.diff(clock) == pytest.approx([1.0, 1.0, 1.0])


@pytest.mark.parametrize("jump_s", [3600.0, -3600.0, -1.5])
def test_a_wall_clock_that_is_set_does_not_bend_time(jump_s: float) -> None:
    timestamp_ms = numbers(0, 1000, 2000 + jump_s * 1000, 3000 + jump_s * 1000)
    arrival_s = numbers(0.01, 1.01, 2.02, 3.01)
    clock = rates.clock_s(timestamp_ms, arrival_s, firsts(4))
    assert np.diff(clock) == pytest.approx([1.0, 1.01, 1.0])


def test_a_poll_that_comes_twice_is_a_repeat() -> None:
    timestamp_ms = numbers(1000, 1000, 2000, 2000, 3000)
    first = np.array([True, False, False, True, False])
    assert rates.repeats(timestamp_ms, first).tolist() == [False, True, False, False, False]


# ---------------------------------------------------------------- stalls and gaps


def test_a_stall_counts_while_it_lasts_and_only_once() -> None:
    frames = numbers(0, 20, 40, 40, 40, 50, 70)
    freezes_s = numbers(0, 0, 0, 0, 0, 2.5, 2.5)
    clock = np.arange(7.0)
    total_s = rates.stalled_total_s(freezes_s, np.zeros(7), frames, clock, firsts(7))
    assert rates.deltas(total_s, firsts(7))[1:] == pytest.approx([0, 0, 1, 1, 0.5, 0])


def test_a_picture_that_never_comes_is_stalled_throughout() -> None:
    total_s = rates.stalled_total_s(
        np.zeros(4), np.zeros(4), np.zeros(4), np.arange(4.0), firsts(4)
    )
    assert rates.deltas(total_s, firsts(4))[1:] == pytest.approx([1, 1, 1])


def test_silence_is_what_the_page_says_within_what_the_counter_allows() -> None:
    packets = numbers(10, 60, 60, 60, 110)
    timestamp_ms = np.arange(5) * 1000.0
    last_packet_ms = numbers(0, 990, 1300, NAN, 999_999)
    silence = rates.silence_s(packets, timestamp_ms, last_packet_ms, np.arange(5.0), firsts(5))
    # Known; known; said 0.7 s but no packet came for a poll; unknown; a clock of another epoch.
    assert silence == pytest.approx([0, 0.01, 1.0, 2.0, 0.0])


def test_the_loss_of_an_unpolled_time_is_no_silence() -> None:
    packets = numbers(10, 60, 1500)
    timestamp_ms = numbers(0, 1000, 30_000)
    silence = rates.silence_s(
        packets, timestamp_ms, timestamp_ms - 20, numbers(0, 1, 30), firsts(3)
    )
    assert silence == pytest.approx([0, 0.02, 0.02])


# ---------------------------------------------------------------- ratios


def test_loss_down_is_of_what_came_and_what_did_not() -> None:
    lost, came = numbers(5, 20, 0, 0, NAN, 5), numbers(95, 0, 100, 0, 100, NAN)
    assert rates.loss_ratio(lost, came, received=True) == pytest.approx(
        numbers(0.05, 1, 0, NAN, NAN, NAN), nan_ok=True
    )


def test_loss_up_is_of_what_was_sent_and_unknown_without_a_report() -> None:
    lost, sent = numbers(5, 0, 0, NAN, 5), numbers(100, 100, 0, 100, NAN)
    assert rates.loss_ratio(lost, sent, received=False) == pytest.approx(
        numbers(0.05, 0, NAN, NAN, NAN), nan_ok=True
    )


@pytest.mark.parametrize("received", [True, False])
def test_packets_that_came_late_are_no_loss_and_no_gain(received: bool) -> None:
    missing, due = rates.missing_and_due(numbers(-3), numbers(100), received)
    assert (missing.tolist(), due.tolist()) == ([0], [100])


def test_each_stream_is_counted_by_its_own_direction() -> None:
    both = np.array([True, False])
    missing, due = rates.missing_and_due(numbers(10, 10), numbers(90, 90), both)
    assert (missing.tolist(), due.tolist()) == ([10, 10], [100, 90])


# ---------------------------------------------------------------- windows


@pytest.mark.parametrize(
    ("end_s", "edges"),
    [
        (40.0, [10, 20, 30, 40]),
        (40.01, [10, 20, 30, 40.01]),
        (44.9, [10, 20, 30, 44.9]),
        (45.0, [10, 20, 30, 40, 45]),
        (39.99, [10, 20, 30, 39.99]),
        (13.0, [10, 13]),
        (10.0, []),
        (5.0, []),
    ],
)
def test_a_short_rest_belongs_to_the_window_before(end_s: float, edges: list[float]) -> None:
    assert rates.window_edges(10.0, end_s, 10.0).tolist() == edges


@unhurried
@given(
    st.floats(0, 1e4),
    st.floats(0.1, 1e3),
    st.floats(0.5, 60),
    st.lists(st.floats(-10, 2e4), max_size=20),
)
def test_windows_cover_the_hold_without_overlap(
    start_s: float, hold_s: float, window_s: float, times: list[float]
) -> None:
    edges = rates.window_edges(start_s, start_s + hold_s, window_s)
    assert (edges[0], edges[-1]) == (start_s, start_s + hold_s)
    assert (np.diff(edges) > 0).all()
    for time_s, window in zip(times, rates.window_of(np.array(times), edges), strict=True):
        inside = edges[0] <= time_s < edges[-1]
        assert (window >= 0) == inside
        assert not inside or edges[window] <= time_s < edges[window + 1]


def test_a_time_that_is_unknown_is_in_no_window() -> None:
    assert rates.window_of(numbers(NAN, 12.0), numbers(10, 20)).tolist() == [-1, 0]
    assert rates.window_of(numbers(12.0), numbers()).tolist() == [-1]
