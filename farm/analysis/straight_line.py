"""A straight line through points, by least squares. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import linear_regression


@dataclass(frozen=True, slots=True)
class StraightLine:
    """`intercept + slope * x`."""

    slope: float
    intercept: float

    def off(self, x: float, y: float) -> float:
        """How far a point is above the line; below 0: under it."""
        return y - (self.intercept + self.slope * x)


def line_through(points: Sequence[tuple[float, float]]) -> StraightLine:
    """Through points `(x, y)` of two different `x` at least."""
    # Not numpy's fit, whose last digits are the processor's: the next load must not depend on it.
    slope, intercept = linear_regression([x for x, _ in points], [y for _, y in points])
    return StraightLine(slope, intercept)
