"""Which pass curves do the trials allow? A credible interval of the capacity, from few trials.

Pure. The chance that a hold passes falls with load as a logistic curve: 1/2 at a load `half`, steep
or flat by `width`, a share of `half`. Before any trial `half` may be anywhere from half the
smallest load to four times the largest, and `width` from 1 % to 30 %, each scale as likely as
another (log-uniform); the trials then weigh these curves. The capacity of a curve is the load at
which a hold passes with probability `reliability`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

HALVES = 240
WIDTHS = 24
NARROWEST, WIDEST = 0.01, 0.3


def capacity_interval(
    passed: Sequence[tuple[int, bool]],
    *,
    minimum: int,
    maximum: int,
    reliability: float,
    confidence: float,
) -> tuple[float, float]:
    """The capacity lies between these loads with probability `confidence`.

    `passed` are loads that were tried, and whether that trial passed. Both ends may lie outside of
    `minimum` to `maximum`, where nothing was tried and the prior speaks.
    """
    weighed: list[tuple[float, float]] = []
    odds = math.log(reliability / (1 - reliability))
    for half in _log_steps(minimum / 2, maximum * 4, HALVES):
        for share in _log_steps(NARROWEST, WIDEST, WIDTHS):
            width = half * share
            capacity = max(0.0, half - width * odds)
            weighed.append((capacity, _log_likelihood(passed, half, width)))
    best = max(weight for _, weight in weighed)
    curves = sorted((capacity, math.exp(weight - best)) for capacity, weight in weighed)
    tail = (1 - confidence) / 2
    return _quantile(curves, tail), _quantile(curves, 1 - tail)


def _log_likelihood(passed: Sequence[tuple[int, bool]], half: float, width: float) -> float:
    total = 0.0
    for load, did_pass in passed:
        steps = (load - half) / width
        total -= _log1p_exp(steps if did_pass else -steps)
    return total


def _log1p_exp(x: float) -> float:
    """log(1 + exp(x)) without overflow."""
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def _log_steps(first: float, last: float, count: int) -> list[float]:
    ratio = (last / first) ** (1 / (count - 1))
    return [first * ratio**step for step in range(count)]


def _quantile(curves: Sequence[tuple[float, float]], share: float) -> float:
    wanted = share * sum(weight for _, weight in curves)
    seen = 0.0
    for capacity, weight in curves:
        seen += weight
        if seen >= wanted:
            return capacity
    return curves[-1][0]
