"""Quantities of many probes resampled to one axis of whole seconds. Pure.

Each probe polls at its own phase; before rates can be averaged, they are resampled to one grid.
Unknown is NaN here, as `None` is elsewhere, and never 0.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from farm.model.trial_evidence import Phases

Array = NDArray[np.float64]

_KNOWN_SHARE = 0.5  # a second of which less than this share is known is unknown
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """The spread over many probes in each second, `(seconds,)` each, NaN where none is known."""

    time_s: Array
    mean: Array
    low: Array
    high: Array
    tenth: Array
    median: Array
    ninetieth: Array


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """One quantity of many probes: `values[i, j]` is that of `names[i]` in second `time_s[j]`.

    `time_s` are the starts of the seconds, in run time.
    """

    time_s: Array
    names: tuple[str, ...]
    values: Array

    def band(self) -> Band:
        """The spread over the probes, second by second."""
        if not self.values.size:
            unknown = np.full(self.time_s.shape, np.nan)
            return Band(self.time_s, unknown, unknown, unknown, unknown, unknown, unknown)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a second in which nobody was seen
            tenth, median, ninetieth = np.nanquantile(self.values, [0.1, 0.5, 0.9], axis=0)
            return Band(
                time_s=self.time_s,
                mean=np.nanmean(self.values, axis=0),
                low=np.nanmin(self.values, axis=0),
                high=np.nanmax(self.values, axis=0),
                tenth=tenth,
                median=median,
                ninetieth=ninetieth,
            )

    def between(self, start_s: float | None, end_s: float | None) -> Grid:
        """The grid cut to whole seconds from `start_s` to `end_s`; `None` leaves an end open."""
        keep = np.ones(self.time_s.shape, dtype=bool)
        if start_s is not None:
            keep &= self.time_s >= start_s
        if end_s is not None:
            keep &= self.time_s + 1 <= end_s
        return Grid(self.time_s[keep], self.names, self.values[:, keep])

    def means(self) -> Array:
        """Each probe's mean over the known seconds, `(probes,)`."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a probe that was never seen
            return np.nanmean(self.values, axis=1) if self.values.size else self._nothing()

    def _nothing(self) -> Array:
        return np.full(len(self.names), np.nan)


def whole_seconds(start_s: float, end_s: float) -> Array:
    """The starts of the seconds that cover `start_s` to `end_s`; empty when there is no time."""
    if not (np.isfinite(start_s) and np.isfinite(end_s)) or end_s <= start_s:
        return np.empty(0)
    return np.arange(np.floor(start_s), np.ceil(end_s), dtype=np.float64)


def rates_on_grid(
    start_s: Array,
    end_s: Array,
    moved: Array,
    grid_s: Array,
    *,
    streams: NDArray[np.int64] | None = None,
    count: int = 1,
) -> Array:
    """Rates of amounts that `moved` from `start_s` to `end_s`, averaged over each grid second.

    Of `count` streams at once, `(count, seconds)`; `streams` has the number of each interval's
    stream, from 0 up, in order. Intervals of a stream are in order of their ends; where two
    overlap, the later one is shortened. Amounts are conserved: the sum over the grid is the sum
    over the intervals. A second of which less than half is covered by known rates is NaN.
    """
    stream = np.zeros(start_s.shape, dtype=np.int64) if streams is None else streams
    known = np.isfinite(moved) & (end_s > start_s)
    if not known.any() or not grid_s.size:
        return np.full((count, grid_s.size), np.nan)
    start_s, end_s, moved = (each[known] for each in (start_s, end_s, moved))
    # All streams on one time axis, each in an interval of its own.
    edges = np.append(grid_s, grid_s[-1] + 1)
    first_s = min(float(start_s.min()), float(edges[0]))
    length_s = np.ceil(max(float(end_s.max()), float(edges[-1])) - first_s) + 1
    shift_s = stream[known] * length_s - first_s
    start_s, end_s = start_s + shift_s, end_s + shift_s
    edges = edges - first_s + np.arange(count)[:, None] * length_s
    start_s[1:] = np.clip(start_s[1:], end_s[:-1], end_s[1:])  # arrival jitters by milliseconds
    corners = np.column_stack((start_s, end_s)).ravel()
    flowed = _integral(corners, moved, edges)
    covered = _integral(corners, end_s - start_s, edges)
    return np.where(
        covered >= _KNOWN_SHARE - _ROUNDING, flowed / np.maximum(covered, _KNOWN_SHARE), np.nan
    ).astype(np.float64)


def samples_on_grid(time_s: Array, values: Array, grid_s: Array) -> Array:
    """The mean of the samples in each second.

    Samples come about once a second: a single second without one is interpolated between its
    neighbours, longer gaps are NaN.
    """
    known = np.isfinite(values) & np.isfinite(time_s)
    second = np.searchsorted(grid_s, time_s[known], side="right") - 1
    inside = (second >= 0) & (time_s[known] < (grid_s[-1] + 1 if grid_s.size else 0))
    total = np.zeros(grid_s.shape)
    count = np.zeros(grid_s.shape)
    np.add.at(total, second[inside], values[known][inside])
    np.add.at(count, second[inside], 1)
    means = np.where(count > 0, total / np.maximum(count, 1), np.nan).astype(np.float64)
    return _bridged(means)


def in_hold(time_s: Array, phases: Phases) -> NDArray[np.bool_]:
    """Which seconds lie in the hold; an end that a trial does not have leaves it open."""
    held = np.ones(time_s.shape, dtype=np.bool_)
    if phases.hold_s is not None:
        held &= time_s >= phases.hold_s
    if phases.leave_s is not None:
        held &= time_s < phases.leave_s
    return held


def mean_held(time_s: Array, values: Array, phases: Phases) -> float:
    """The mean over the known seconds of the hold; NaN where none is known."""
    known = values[np.isfinite(values) & in_hold(time_s, phases)]
    return float(known.mean()) if known.size else float("nan")


def add_known(one: Array, other: Array) -> Array:
    """The sum of two series, second by second; NaN only where neither is known."""
    return np.where(np.isnan(one), other, one + np.nan_to_num(other)).astype(np.float64)


def trailing_sum(values: Array, seconds: int) -> Array:
    """The sum over each second and the `seconds - 1` before it, along the last axis.

    NaN only where none of them is known, so that a late poll makes no gap.
    """

    def total(amounts: Array) -> Array:
        cumulated = np.cumsum(amounts, axis=-1)
        before = np.zeros_like(cumulated)
        before[..., seconds:] = cumulated[..., :-seconds]
        return cumulated - before

    known = total(np.isfinite(values).astype(np.float64))
    return np.where(known > 0, total(np.nan_to_num(values)), np.nan).astype(np.float64)


def stack(time_s: Array, rows: Sequence[tuple[str, Array]]) -> Grid:
    """A grid made of named rows, in the order given."""
    values = np.vstack([row for _, row in rows]) if rows else np.empty((0, time_s.size))
    return Grid(time_s, tuple(name for name, _ in rows), values)


def _bridged(values: Array) -> Array:
    """The values with single unknown seconds interpolated between their neighbours."""
    alone = np.zeros(values.shape, dtype=bool)
    alone[1:-1] = np.isnan(values[1:-1]) & np.isfinite(values[:-2]) & np.isfinite(values[2:])
    filled = values.copy()
    filled[alone] = (np.roll(values, 1)[alone] + np.roll(values, -1)[alone]) / 2
    return filled


def _integral(corners: Array, amounts: Array, edges: Array) -> Array:
    """The part of `amounts` between edges; each is spread evenly between its two corners."""
    reached = np.cumsum(amounts)
    at_corners = np.column_stack((reached - amounts, reached)).ravel()
    return np.diff(np.interp(edges, corners, at_corners), axis=-1)
