"""Figures of which some are unknown: what is known of them counts. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Iterable


def known(values: Iterable[float | None]) -> list[float]:
    """Those that are not None."""
    return [value for value in values if value is not None]


def mean_known(values: Iterable[float | None]) -> float | None:
    """The mean of those that are known; None if none is."""
    found = known(values)
    return statistics.fmean(found) if found else None


def median_known(values: Iterable[float | None]) -> float | None:
    """The median of those that are known; None if none is."""
    found = known(values)
    return statistics.median(found) if found else None


def grown(before: int | None, after: int | None) -> int | None:
    """How much a counter grew; None for one that ran backwards: it was started anew."""
    if before is None or after is None or after < before:
        return None
    return after - before
