"""Rows of one stats type as arrays for `farm.analysis.rates`: sorted, cut at resets, no repeats."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from farm.analysis import rates
from farm.analysis.rates import BoolArray, FloatArray, IntArray


class PollTable:
    """The rows of a table in series: a series has the rows with equal values of some columns.

    `growing` are counters that never fall: where one does, it was reset, and a new life of the
    counter begins. Rows without run time are left out. `frame` has the rows with new values,
    `every` also those in which a page repeated itself; `series` and `every_series` have the number
    of each row's series. The order of the rows that are handed in changes nothing.
    """

    def __init__(
        self, frame: pl.DataFrame, series: Sequence[str], growing: Sequence[str] = ()
    ) -> None:
        # Copies of large tables are made only where something is left out.
        if frame["run_s"].null_count():
            frame = frame.filter(pl.col("run_s").is_not_null())
        codes = [in_order(frame[name]) for name in series]
        times = frame["host_monotonic_s"].to_numpy(), _array(frame, "timestamp")
        order = np.lexsort((times[1], times[0], *reversed(codes)))
        frame, codes = frame[order], [code[order] for code in codes]
        first = changes(codes)
        new = ~rates.repeats(_array(frame, "timestamp"), first)
        self.every = frame
        self.every_series = np.cumsum(first) - 1
        self.frame = frame if new.all() else frame.filter(pl.Series(new))
        self.series = self.every_series[new]
        self._first = rates.cut_at_resets(first[new], (self.known(name) for name in growing))
        self._clock = rates.clock_s(
            self.known("timestamp"), self.known("host_monotonic_s"), self._first
        )

    def known(self, name: str) -> FloatArray:
        """A column as numbers, NaN where it is unknown or absent."""
        return _array(self.frame, name)

    @property
    def begins(self) -> BoolArray:
        """The rows at which a counter's life begins."""
        return self._first

    def delta(self, name: str) -> pl.Series:
        """The growth of a counter since it was last known; null where that is unknown."""
        return self._series(f"{name}_delta", rates.deltas(self.known(name), self._first))

    def span_s(self, name: str) -> pl.Series:
        """The seconds over which `delta` is."""
        spans = rates.spans_s(self.known(name), self._clock, self._first)
        return self._series(f"{name}_span_s", spans)

    def stalled_s(self) -> pl.Series:
        """Seconds without a new frame since the row before (InboundRtp)."""
        total_s = rates.stalled_total_s(
            self.known("totalFreezesDuration"),
            self.known("totalPausesDuration"),
            self.known("framesDecoded"),
            self._clock,
            self._first,
        )
        return self._series("stalled_s", rates.deltas(total_s, self._first))

    def silence_s(self, packets: str, last_packet_ms: str) -> pl.Series:
        """The time since the last packet at each row; the column `last_packet_ms` may be absent."""
        silence = rates.silence_s(
            self.known(packets),
            self.known("timestamp"),
            self.known(last_packet_ms),
            self._clock,
            self._first,
        )
        return self._series("silence_s", silence)

    def _series(self, name: str, values: FloatArray) -> pl.Series:
        return pl.Series(name, values, nan_to_null=True)


def in_windows(rows: pl.DataFrame, edges: FloatArray) -> pl.DataFrame:
    """The rows in a window of `rates.window_edges`, by run time, with the column `window`."""
    window = rates.window_of(rows["run_s"].cast(pl.Float64).to_numpy(), edges)
    return rows.with_columns(pl.Series("window", window, pl.Int64)).filter(pl.col("window") >= 0)


def in_order(column: pl.Series) -> IntArray:
    """Numbers in the order of the values, null first, which sort ten times faster than texts."""
    if column.dtype == pl.String():
        names = column.unique().drop_nulls().sort()
        column = column.cast(pl.Enum(names)).to_physical()
    return column.cast(pl.Int64).fill_null(-1).to_numpy()


def changes(codes: Sequence[IntArray]) -> BoolArray:
    """The rows at which one of the columns differs from the row before."""
    first = np.zeros(codes[0].shape, dtype=np.bool_)
    for code in codes:
        first |= np.diff(code, prepend=-2) != 0
    first[:1] = True
    return first


def _array(frame: pl.DataFrame, name: str) -> FloatArray:
    if name not in frame.columns:
        return np.full(frame.height, np.nan)
    return frame[name].cast(pl.Float64).to_numpy()
