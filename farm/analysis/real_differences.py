"""Which of several differences between capacities are real, and not chance. Pure.

Each pair of searches gives a probability that one server holds less than the other. Of many pairs
some look different by chance alone, even if all servers are alike; so twice the probability of the
less likely direction is taken as a p-value, and Holm's step-down method (1979) says which pairs
differ: with the confidence asked for, all of the differences that are called real are real.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from farm.analysis.comparison import CapacityDistribution, compare

NOT_BOUNDED = "the loads that were tried do not bound one of them"


@dataclass(frozen=True, slots=True)
class CapacityDifference:
    """Two searches `a` and `b` by their places, and how their capacities differ.

    `lower` is the probability that B holds less than A, as far as both were tried; None where
    nothing is known of one of them. `unknown` says why nothing is concluded from it. `ratio` is the
    median of B's capacity by A's, in `interval`; None unless both are bounded on both sides.
    `is_real`: see the module.
    """

    a: int
    b: int
    lower: float | None
    ratio: float | None = None
    interval: tuple[float, float] | None = None
    is_real: bool = False
    unknown: str = ""


def real_differences(
    known: Mapping[int, CapacityDistribution],
    pairs: Sequence[tuple[int, int]],
    confidence: float,
) -> tuple[CapacityDifference, ...]:
    """The differences of `pairs`, in their order; `known` are the capacities by place."""
    found = [_difference(a, b, known[a], known[b], confidence) for a, b in pairs]
    chance = {
        place: 2 * min(each.lower, 1 - each.lower)
        for place, each in enumerate(found)
        if each.lower is not None and not each.unknown
    }
    real: set[int] = set()
    compared = sum(each.lower is not None for each in found)
    for rank, place in enumerate(sorted(chance, key=lambda place: chance[place])):
        if chance[place] > (1 - confidence) / (compared - rank):
            break
        real.add(place)
    return tuple(replace(each, is_real=place in real) for place, each in enumerate(found))


def _difference(
    a: int,
    b: int,
    known_a: CapacityDistribution,
    known_b: CapacityDistribution,
    confidence: float,
) -> CapacityDifference:
    for side in (known_a, known_b):
        if side.unusable:
            return CapacityDifference(a, b, None, unknown=side.unusable)
    comparison = compare(
        known_a.within_tried_loads(),
        known_b.within_tried_loads(),
        tolerance=0.0,
        confidence=confidence,
    )
    if not _is_bounded(comparison.lower, known_a, known_b):
        return CapacityDifference(a, b, comparison.lower, unknown=NOT_BOUNDED)
    if not (known_a.bounded and known_b.bounded):
        return CapacityDifference(a, b, comparison.lower)
    return CapacityDifference(a, b, comparison.lower, comparison.ratio, comparison.interval)


def _is_bounded(lower: float, a: CapacityDistribution, b: CapacityDistribution) -> bool:
    """Whether what was not tried could not turn the difference round.

    The lower one must have failed at some load, and the higher one must have passed at some.
    """
    less, more = (b, a) if lower >= 0.5 else (a, b)
    return less.failed is not None and more.passed is not None
