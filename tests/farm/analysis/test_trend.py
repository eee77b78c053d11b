"""Trends on series whose slope is known."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.analysis.trend import trend

HOUR_S = 3600.0


def hourly(values: Sequence[float | None], confidence: float = 0.9):  # type: ignore[no-untyped-def]
    return trend([index * HOUR_S for index in range(len(values))], values, confidence)


def test_a_straight_line_is_its_own_slope() -> None:
    found = hourly([10, 12, 14, 16, 18])
    assert found is not None
    assert (found.per_hour, found.change, found.looks) == (2.0, 8.0, 5)
    assert found.interval == (2.0, 2.0)
    assert found.certain


def test_one_odd_look_moves_nothing() -> None:
    found = hourly([10, 10, 10, 90, 10, 10, 10])
    assert found is not None
    assert found.per_hour == 0.0
    assert not found.certain


def test_too_few_looks_have_no_interval_and_prove_nothing() -> None:
    found = hourly([1, 2, 3])  # all in order: one chance in three, either way
    assert found is not None
    assert (found.per_hour, found.interval, found.certain) == (1.0, None, False)
    found = hourly([1, 2, 3, 4])  # one in twelve
    assert found is not None
    assert found.interval == (1.0, 1.0)
    assert hourly([1, 2, 3, 4], confidence=0.95).interval is None


def test_what_is_unknown_is_left_out() -> None:
    found = hourly([1, None, 3, None, 5, 6])
    assert found is not None
    assert (found.looks, found.per_hour) == (4, 1.0)
    assert hourly([1, None, None]) is None
    assert hourly([]) is None
    assert trend([5.0, 5.0], [1, 2], 0.9) is None


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("odd", [math.inf, -math.inf, math.nan])
def test_what_is_not_finite_is_left_out(odd: float) -> None:
    found = hourly([1, odd, 3, odd, 5, 6])
    assert found is not None
    assert (found.looks, found.per_hour) == (4, 1.0)
    assert trend([0.0, odd, odd, HOUR_S], [1, 2, 3, 4], 0.9) == trend([0.0, HOUR_S], [1, 4], 0.9)
    assert trend([odd, odd], [1, 2], 0.9) is None


@pytest.mark.parametrize("looks", [5, 12, 60])
def test_the_interval_holds_the_truth_as_often_as_it_says(looks: int) -> None:
    chance = random.Random(looks)
    held = 0
    for _ in range(300):
        found = hourly([0.5 * hour + chance.gauss(0, 2) for hour in range(looks)])
        assert found is not None
        assert found.interval is not None
        held += found.interval[0] <= 0.5 <= found.interval[1]
    assert held >= 0.86 * 300


@given(st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=30), st.floats(-1e3, 1e3))
def test_a_shift_changes_no_slope_and_the_slope_lies_in_its_interval(
    values: list[float], shift: float
) -> None:
    found, moved = hourly(values), hourly([value + shift for value in values])
    assert found is not None
    assert moved is not None
    assert moved.per_hour == pytest.approx(found.per_hour, abs=1e-3)
    assert found.interval is not None
    assert found.interval[0] <= found.per_hour <= found.interval[1]
