"""Does a figure rise or fall with time? A slope and its interval, from few or many looks. Pure.

The slope is the median of the slopes between any two looks (Theil and Sen), its interval is made of
their order (Sen 1968, by the distribution of Kendall's S): neither one odd look nor the shape of
the noise moves them much. Looks are taken to be independent but for the trend.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from farm.analysis.aggregates import known

EXACT_UP_TO = 40
"""So many looks are counted exactly; for more the normal distribution is near enough."""


@dataclass(frozen=True, slots=True)
class Trend:
    """`per_hour` is in the figure's unit; `interval` is None with too few looks to bound it.

    `change` is what the slope makes of the time between the first and the last of `looks`.
    """

    per_hour: float
    interval: tuple[float, float] | None
    change: float
    looks: int

    @property
    def certain(self) -> bool:
        """Whether the interval leaves the direction in no doubt."""
        return self.interval is not None and not self.interval[0] <= 0 <= self.interval[1]


def trend(
    times_s: Sequence[float], values: Sequence[float | None], confidence: float
) -> Trend | None:
    """The trend of `values` at `times_s`, unknown ones left out; None with fewer than two times."""
    seen = sorted(
        (at_s, value) for at_s, value in zip(times_s, values, strict=True) if value is not None
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
        len(known(values)),
    )


def _cut(looks: int, confidence: float) -> int:
    """Which slope from either end bounds the interval; 0: even all of them are not enough."""
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
    """How many orders of so many looks have 0, 1, 2, ... pairs the wrong way round."""
    if looks < 2:
        return (1,)
    fewer = _orders(looks - 1)
    pairs = looks * (looks - 1) // 2
    return tuple(sum(fewer[max(0, wrong - looks + 1) : wrong + 1]) for wrong in range(pairs + 1))
