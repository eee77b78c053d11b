"""The cross-correlation of a resource with quality, second by second; pure.

The lag is the one of the largest correlation. Its interval is a block bootstrap's: neighbouring
seconds are alike, so they are drawn in blocks, and the lag is searched in each draw anew (Politis
and Romano 1994, with blocks of one length). The draws are always the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LARGEST_LAG_S = 5
FEWEST_S = 30
"""With fewer seconds in which both are known there is no result."""

DRAWS = 400
SEED = 20261122
CONFIDENCE = 0.9
LEAST_R = 0.3


@dataclass(frozen=True, slots=True)
class CrossCorrelation:
    """`quality` follows `resource` by `lag_s` seconds (below 0: it precedes it) with `r`.

    `interval` holds `r` with a confidence of 90 %; `seconds` were compared. `said` is a sentence
    that claims no cause.
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
    if table.shape[0] < FEWEST_S:
        return None
    # Of equal correlations that of the shorter lag.
    found = _strongest(table, 1e-6 * np.abs(_lags()))
    if found is None:
        return None
    at, r = found
    # The peak of a draw may be shifted: the lag found, or one beside it.
    near = [0, *(1 + each for each in range(max(0, at - 1), min(len(_lags()), at + 2)))]
    interval = _interval(table[:, near])
    if interval is None:
        return None
    lag_s = _lags()[at]
    seconds, sure = int(table.shape[0]), _is_sure(r, interval)
    verb = "did not correlate with" if not sure else "rose with" if r > 0 else "fell as"
    when = _when(lag_s, r) if sure else ""
    text = f"{quality} {verb} {named or resource}{when} ({_figures(r, interval, seconds)})"
    return CrossCorrelation(resource, quality, lag_s, r, interval, seconds, text)


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


def _strongest(table: Array, less: Array | float = 0.0) -> tuple[int, float] | None:
    """The index of the lag with the largest `r`, and that `r`; `less` is deducted to compare."""
    correlations = _correlations(table)
    if not np.isfinite(correlations).any():
        return None
    # Rounded, so that the lag does not depend on the last digits of a processor's arithmetic.
    at = int(np.nanargmax(np.round(np.abs(correlations) - less, 9)))
    return at, float(correlations[at])


def _correlations(table: Array) -> Array:
    centred = table - table.mean(axis=0)
    spread = np.sqrt((centred**2).sum(axis=0))
    # What varies by less than a millionth of itself is constant.
    still = spread <= 1e-6 * np.sqrt(table.shape[0]) * (np.abs(table).mean(axis=0) + 1e-12)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = centred[:, 1:].T @ centred[:, 0] / (spread[1:] * spread[0])
    return np.where(still[1:] | still[0], np.nan, found)


def _interval(table: Array) -> tuple[float, float] | None:
    """The interval of `r`, by draws of rows in blocks; None where most draws were constant."""
    draws = np.array([each for each in _draws(table) if each is not None])
    if draws.size < DRAWS / 2:
        return None
    tail = (1 - CONFIDENCE) / 2
    low, high = (float(each) for each in np.quantile(draws, [tail, 1 - tail]))
    return low, high


def _draws(table: Array) -> list[float | None]:
    """The strongest `r` in each draw, of the first column with any other."""
    seconds = table.shape[0]
    block = max(LARGEST_LAG_S, round(seconds ** (1 / 2)))
    chance = np.random.default_rng(SEED)
    found: list[float | None] = []
    for _ in range(DRAWS):
        starts = chance.integers(0, seconds, size=-(-seconds // block))
        rows = (starts[:, None] + np.arange(block)).ravel()[:seconds] % seconds
        strongest = _strongest(table[rows])
        found.append(None if strongest is None else strongest[1])
    return found


def _when(lag_s: int, r: float) -> str:
    rose = "" if r > 0 else " rose"
    if lag_s == 0:
        return f"{rose}, at the same time"
    return f"{rose}, {abs(lag_s)} s {'later' if lag_s > 0 else 'before'}"
