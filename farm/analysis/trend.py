"""The trend of a figure over time: its slope and the interval of that. Pure.

The slope is the median of the slopes between any two values (Theil and Sen), its interval is made
of their order (Sen 1968, by the distribution of Kendall's S): neither one outlier nor the shape of
the noise changes them much. Values are assumed to be independent but for the trend.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

EXACT_UP_TO = 40
"""Up to so many values the distribution is exact; for more it is approximately normal."""


@dataclass(frozen=True, slots=True)
class Trend:
    """`per_hour` is in the figure's unit; `interval` is None with too few values.

    `change` is the slope times the time between the first and the last of `looks` values.
    """

    per_hour: float
    interval: tuple[float, float] | None
    change: float
    looks: int

    @property
    def certain(self) -> bool:
        """Whether the interval excludes 0."""
        return self.interval is not None and not self.interval[0] <= 0 <= self.interval[1]


def trend(
    times_s: Sequence[float], values: Sequence[float | None], confidence: float
) -> Trend | None:
    """The trend of `values` at `times_s`; None with fewer than two times.

    Values that are unknown, and values and times that are not finite, are left out.
    """
    seen = sorted(
        (at_s, value)
        for at_s, value in zip(times_s, values, strict=True)
        if value is not None and math.isfinite(at_s) and math.isfinite(value)
    )
    hours = np.array([at_s for at_s, _ in seen], dtype=np.float64) / 3600
    figures = np.array([value for _, value in seen], dtype=np.float64)
    first, second = np.triu_indices(len(seen), k=1)
    apart = hours[second] - hours[first]
    later = apart > 0
    if not later.any():
        return None
    slopes = np.sort((figures[second] - figures[first])[later] / apart[later])
    cut = _cut(len(seen), confidence)
    bounded = 0 < cut <= len(slopes) // 2
    per_hour = float(np.median(slopes))
    return Trend(
        per_hour,
        (float(slopes[cut - 1]), float(slopes[-cut])) if bounded else None,
        per_hour * float(hours[-1] - hours[0]),
        len(seen),
    )


def _cut(looks: int, confidence: float) -> int:
    """The rank, from either end, of the slope that bounds the interval; 0: there are too few."""
    tail = (1 - confidence) / 2
    pairs = looks * (looks - 1) // 2
    if looks > EXACT_UP_TO:
        spread = math.sqrt(looks * (looks - 1) * (2 * looks + 5) / 18)
        return max(0, math.floor((pairs - NormalDist().inv_cdf(1 - tail) * spread) / 2))
    orders = _orders(looks)
    below, cut = 0, 0
    while cut < pairs and (below + orders[cut]) <= tail * math.factorial(looks):
        below += orders[cut]
        cut += 1
    return cut


@functools.cache
def _orders(looks: int) -> tuple[int, ...]:
    """How many orders of so many values have 0, 1, 2, ... inversions."""
    if looks < 2:
        return (1,)
    fewer = _orders(looks - 1)
    pairs = looks * (looks - 1) // 2
    return tuple(sum(fewer[max(0, wrong - looks + 1) : wrong + 1]) for wrong in range(pairs + 1))
