"""Differences of known capacities: which of them are called real."""

from __future__ import annotations

import math
import random
from itertools import combinations

import pytest

from farm.analysis.comparison import CapacityDistribution
from farm.analysis.real_differences import NOT_BOUNDED, real_differences


def around(middle: float, spread: float) -> CapacityDistribution:
    """A bell of capacities, bounded by loads on both sides."""
    steps = [index / 50 - 4 for index in range(401)]
    weighted = [(middle + spread * step, math.exp(-step * step / 2)) for step in steps]
    return CapacityDistribution(weighted, round(middle - 4 * spread), round(middle + 4 * spread))


def test_a_clear_difference_is_real_and_an_unclear_one_is_not() -> None:
    known = {0: around(20, 1), 1: around(10, 1), 2: around(19.5, 1)}
    clear, unclear = real_differences(known, [(0, 1), (0, 2)], 0.9)
    assert clear.is_real
    assert clear.ratio == pytest.approx(0.5, abs=0.02)
    assert clear.lower is not None and clear.lower > 0.999
    assert not unclear.is_real
    assert unclear.lower == pytest.approx(0.64, abs=0.03)


def test_of_servers_that_are_all_alike_hardly_any_difference_is_called_real() -> None:
    """Twelve searches of one server, each off by chance: 66 pairs, wrong in a tenth at most."""
    chance = random.Random(17)
    wrong = 0
    for _ in range(100):
        known = {place: around(20 + chance.gauss(0, 1), 1) for place in range(12)}
        pairs = list(combinations(known, 2))
        wrong += any(each.is_real for each in real_differences(known, pairs, 0.9))
    assert wrong <= 15  # of 100, where 10 are allowed; the most extreme pair alone, nearly always


def test_what_lies_beyond_the_tried_loads_cannot_make_a_difference_real() -> None:
    held = CapacityDistribution([(30.0, 1.0)], 20, None)  # nothing failed up to 20
    less = CapacityDistribution([(10.0, 1.0)], 8, 12)
    more = CapacityDistribution([(60.0, 1.0)], 58, 62)
    below, above = real_differences({0: held, 1: less, 2: more}, [(0, 1), (0, 2)], 0.9)
    assert below.is_real and below.ratio is None
    assert not above.is_real  # it may hold 60 as well
    assert (below.unknown, above.unknown) == ("", NOT_BOUNDED)


def test_an_unusable_search_is_named() -> None:
    drifted = CapacityDistribution((), None, None, "a server that drifted has no one capacity")
    (found,) = real_differences({0: around(9, 1), 1: drifted}, [(0, 1)], 0.9)
    assert (found.lower, found.is_real) == (None, False)
    assert "drifted" in found.unknown
