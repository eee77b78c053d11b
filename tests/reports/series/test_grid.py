"""Polls of all phases come to one grid of seconds without losing or making up anything."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from farm.model.trial_evidence import Phases
from reports.series.grid import (
    Grid,
    add_known,
    in_hold,
    mean_held,
    rates_on_grid,
    samples_on_grid,
    trailing_sum,
    whole_seconds,
)

NAN = float("nan")


def test_a_steady_rate_stays_what_it_is_at_any_phase() -> None:
    start_s = np.arange(10) + 0.37
    rates = rates_on_grid(start_s, start_s + 1, np.full(10, 5.0), np.arange(1.0, 10.0))
    assert rates.shape == (1, 9)
    assert np.allclose(rates, 5)


@given(
    phase=st.floats(0, 0.99),
    lengths=st.lists(st.floats(0.2, 3.0), min_size=1, max_size=30),
    data=st.data(),
)
def test_what_flowed_is_kept(phase: float, lengths: list[float], data: st.DataObject) -> None:
    rates = np.array(
        data.draw(st.lists(st.floats(0, 1e7), min_size=len(lengths), max_size=len(lengths)))
    )
    end_s = phase + np.cumsum(lengths)
    start_s = end_s - np.array(lengths)
    # The seconds in the middle are covered whole; both ends are cut.
    grid_s = np.arange(np.ceil(start_s[0]), np.floor(end_s[-1]))
    on_grid = rates_on_grid(start_s, end_s, rates * lengths, grid_s)[0]
    if grid_s.size:
        inside = np.clip(end_s, grid_s[0], grid_s[-1] + 1) - np.clip(
            start_s, grid_s[0], grid_s[-1] + 1
        )
        assert np.isclose(on_grid.sum(), (inside * rates).sum(), rtol=1e-6, atol=1e-3)


@given(st.lists(st.lists(st.floats(0.5, 2.5), max_size=6), min_size=1, max_size=5))
def test_streams_side_by_side_are_as_each_alone(spans: list[list[float]]) -> None:
    grid_s = np.arange(2.0, 9.0)
    ends = [1.3 + np.cumsum(each) for each in spans]
    amounts = [np.arange(1.0, 1 + len(each)) for each in spans]
    together = rates_on_grid(
        np.concatenate([end - each for end, each in zip(ends, spans, strict=True)]),
        np.concatenate(ends),
        np.concatenate(amounts),
        grid_s,
        streams=np.repeat(np.arange(len(spans)), [len(each) for each in spans]),
        count=len(spans),
    )
    for row, end, each, moved in zip(together, ends, spans, amounts, strict=True):
        (alone,) = rates_on_grid(end - each, end, moved, grid_s)
        assert np.allclose(row, alone, equal_nan=True)


def test_a_gap_is_unknown_not_zero() -> None:
    (seen,) = rates_on_grid(
        np.array([0.0, 5.0]), np.array([1.0, 6.0]), np.array([2.0, 2.0]), np.arange(7.0)
    )
    assert seen[0] == seen[5] == 2
    assert np.isnan(seen[1:5]).all()


def test_arrivals_that_jitter_do_not_overlap() -> None:
    start_s = np.array([0.0, 0.995, 2.0])
    end_s = np.array([1.0, 2.0, 3.0])
    rates = rates_on_grid(start_s, end_s, np.array([10.0, 10.0, 10.0]), np.arange(3.0))
    assert np.allclose(rates, 10, rtol=0.01)


def test_samples_are_averaged_by_second() -> None:
    seen = samples_on_grid(
        np.array([0.1, 0.9, 2.5, 9.0]), np.array([1.0, 3.0, NAN, 7.0]), np.arange(3.0)
    )
    assert seen[0] == 2
    assert np.isnan(seen[1:]).all()


def test_streams_add_up_where_they_are_known() -> None:
    total = add_known(np.array([1.0, NAN, NAN]), np.array([2.0, 3.0, NAN]))
    assert total[0] == 3
    assert total[1] == 3
    assert np.isnan(total[2])


def test_a_trailing_sum_looks_back_no_further_than_told() -> None:
    assert list(trailing_sum(np.array([1.0, 2.0, 4.0, 8.0]), 2)) == [1, 3, 6, 12]
    assert list(trailing_sum(np.array([1.0, 2.0]), 10)) == [1, 3]


def test_a_trailing_sum_bridges_what_is_unknown_for_a_moment() -> None:
    summed = trailing_sum(np.array([NAN, 1.0, NAN, NAN, NAN, 2.0]), 3)
    assert np.isnan(summed[[0, 4]]).all()
    assert list(summed[[1, 2, 3, 5]]) == [1, 1, 1, 2]


def test_a_packet_that_is_repaired_later_uncounts_itself() -> None:
    lost = np.array([3.0, -3.0, 0.0])
    assert list(trailing_sum(lost, 10)) == [3, 0, 0]


def test_a_band_ignores_probes_that_were_not_seen() -> None:
    band = Grid(np.arange(2.0), ("p0", "p1"), np.array([[1.0, NAN], [3.0, NAN]])).band()
    assert (band.mean[0], band.low[0], band.high[0], band.median[0]) == (2, 1, 3, 2)
    assert np.isnan(band.mean[1])


def test_nobody_at_all_is_unknown_throughout() -> None:
    nobody = Grid(np.arange(3.0), (), np.empty((0, 3)))
    assert np.isnan(nobody.band().mean).all()
    assert nobody.means().size == 0


def test_a_span_takes_whole_seconds_only() -> None:
    grid = Grid(np.arange(10.0), ("p0",), np.arange(10.0)[None, :])
    assert list(grid.between(2.5, 6.0).time_s) == [3, 4, 5]
    assert list(grid.between(None, None).time_s) == list(range(10))


def test_a_mean_over_the_hold_is_of_its_known_seconds() -> None:
    phases = Phases(ramp_s=0.0, settle_s=1.0, hold_s=2.0, leave_s=5.0, done_s=6.0)
    time_s, values = np.arange(6.0), np.array([9.0, 9.0, 1.0, NAN, 3.0, 9.0])
    assert list(in_hold(time_s, phases)) == [False, False, True, True, True, False]
    assert mean_held(time_s, values, phases) == 2.0
    assert mean_held(time_s, values, Phases()) == 6.2, "all of a trial that had no hold"
    assert np.isnan(mean_held(time_s, np.full(6, NAN), phases))


def test_no_time_gives_no_seconds() -> None:
    assert whole_seconds(3.0, 3.0).size == 0
    assert whole_seconds(0.0, NAN).size == 0
    assert list(whole_seconds(1.2, 3.1)) == [1, 2, 3]
