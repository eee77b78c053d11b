"""The cross-correlation of a resource with quality, second by second; pure.

It is Spearman's, of ranks, so that a spike of each that happen to meet does not make it. The lag is
the one of the largest correlation. Neighbouring seconds are alike, so that two series that have
nothing to do with each other often correlate: the interval is Fisher's for as many independent
seconds as the autocorrelations of both leave (Pyper and Peterman 1998), and wide enough for all
lags looked at together (Bonferroni).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import polars as pl
from numpy.typing import NDArray

Array = NDArray[np.float64]

LARGEST_LAG_S = 5
FEWEST_S = 30
"""With fewer seconds in which both are known there is no result."""

CONFIDENCE = 0.9
LEAST_R = 0.3
_ALMOST_1 = 1 - 1e-12


@dataclass(frozen=True, slots=True)
class CrossCorrelation:
    """`quality` follows `resource` by `lag_s` seconds (below 0: it precedes it) with `r`.

    `r` is Spearman's, `interval` holds it with a confidence of 90 %; `seconds` were compared.
    `said` is a sentence that claims no cause.
    """

    resource: str
    quality: str
    lag_s: int
    r: float
    interval: tuple[float, float]
    seconds: int
    said: str

    @property
    def sure(self) -> bool:
        return _is_sure(self.r, self.interval)


def cross_correlation(
    resource: str, amounts: Array, quality: str, values: Array, *, named: str = ""
) -> CrossCorrelation | None:
    """The cross-correlation of two series of seconds, NaN where unknown.

    `named` is the resource in words. None where too little is known or one of them is constant.
    """
    if amounts.size < FEWEST_S:
        return None
    table = _lagged_table(amounts, values)
    table = table[np.isfinite(table).all(axis=1)]
    if table.shape[0] < FEWEST_S or any(map(_is_still, (table[:, 0], table[:, 1:]))):
        return None
    table = np.apply_along_axis(_ranks, 0, table)
    found = _strongest(table)
    if found is None:
        return None
    at, r = found
    lag_s, seconds = _lags()[at], int(table.shape[0])
    interval = _interval(r, _independent_seconds(table[:, 0], table[:, 1 + at]))
    told = _told(r, interval, quality, named or resource, lag_s)
    text = f"{told} ({_figures(r, interval, seconds)})"
    return CrossCorrelation(resource, quality, lag_s, r, interval, seconds, text)


def _told(r: float, interval: tuple[float, float], quality: str, resource: str, lag_s: int) -> str:
    if not _is_sure(r, interval):
        return f"no correlation of {quality} with {resource} is sure"
    return f"{quality} {'rose with' if r > 0 else 'fell as'} {resource}{_when(lag_s, r)}"


def _is_sure(r: float, interval: tuple[float, float]) -> bool:
    """The interval leaves 0 out, and what is in it is no trifle."""
    low, high = interval
    return (low > 0 or high < 0) and abs(r) >= LEAST_R


def _figures(r: float, interval: tuple[float, float], seconds: int) -> str:
    low, high = interval
    return f"r = {r:+.2f}, {low:+.2f} to {high:+.2f}, over {seconds} s".replace("-", "−")


def _lags() -> list[int]:
    return list(range(-LARGEST_LAG_S, LARGEST_LAG_S + 1))


def _lagged_table(amounts: Array, values: Array) -> Array:
    """A row for each second: the resource, then quality at each lag; NaN at the ends."""
    columns = [amounts]
    for lag in _lags():
        column = np.full(values.shape, np.nan)
        if lag >= 0:
            column[: values.size - lag] = values[lag:]
        else:
            column[-lag:] = values[: values.size + lag]
        columns.append(column)
    return np.column_stack(columns)


def _strongest(table: Array) -> tuple[int, float] | None:
    """The index of the lag with the largest `r`, of equal ones the shorter, and that `r`."""
    correlations = _correlations(table)
    if not np.isfinite(correlations).any():
        return None
    # Rounded, so that the lag does not depend on the last digits of a processor's arithmetic.
    at = int(np.nanargmax(np.round(np.abs(correlations) - 1e-6 * np.abs(_lags()), 9)))
    return at, float(correlations[at])


def _correlations(table: Array) -> Array:
    centred = table - table.mean(axis=0)
    spread = np.sqrt((centred**2).sum(axis=0))
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Array = centred[:, 1:].T @ centred[:, 0] / (spread[1:] * spread[0])
    return found


def _is_still(values: Array) -> bool:
    """Whether they vary by no more than a millionth of themselves."""
    return bool(values.std() <= 1e-6 * (np.abs(values).mean() + 1e-12))


def _ranks(values: Array) -> Array:
    """The rank of each value, of equal ones the mean."""
    ranks: Array = pl.Series(values).rank("average").to_numpy()
    return ranks


def _independent_seconds(one: Array, other: Array) -> float:
    """How many independent seconds these tell as much as, by their autocorrelations."""
    seconds = one.size
    lags = np.arange(1, max(1, seconds // 4) + 1)
    alike = _autocorrelation(one, lags) * _autocorrelation(other, lags)
    share = 1 / seconds + 2 / seconds * float(np.sum((seconds - lags) / seconds * alike))
    return 1 / max(share, 1 / seconds)


def _autocorrelation(values: Array, lags: NDArray[np.int_]) -> Array:
    centred = values - values.mean()
    variance = (centred**2).mean()
    return np.array([(centred[lag:] * centred[:-lag]).mean() / variance for lag in lags])


def _interval(r: float, seconds: float) -> tuple[float, float]:
    """The interval that holds `r` with `CONFIDENCE` at the lag looked at and all others."""
    if seconds <= 3:
        return -1.0, 1.0
    many = NormalDist().inv_cdf(1 - (1 - CONFIDENCE) / 2 / len(_lags()))
    half = many / math.sqrt(seconds - 3)
    z = math.atanh(max(-_ALMOST_1, min(r, _ALMOST_1)))
    return math.tanh(z - half), math.tanh(z + half)


def _when(lag_s: int, r: float) -> str:
    rose = "" if r > 0 else " rose"
    if lag_s == 0:
        return f"{rose}, at the same time"
    return f"{rose}, {abs(lag_s)} s {'later' if lag_s > 0 else 'before'}"
