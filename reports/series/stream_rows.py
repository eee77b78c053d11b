"""The rows of one stream in a table of polls, on a grid of seconds. Pure."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl

from farm.analysis.rates import IntArray
from farm.evidence.poll_table import PollTable
from reports.series.grid import Array, add_known, rates_on_grid, samples_on_grid

Add = Callable[[Array, Array], Array]


class StreamOnGrid:
    """One stream: `rows` are its indices in `table`, of all encodings and after counter resets."""

    def __init__(self, table: PollTable, rows: IntArray, grid_s: Array) -> None:
        self.table = table
        self._rows = rows
        self._grid_s = grid_s

    def moved(self, counter: str, add: Add = add_known) -> Array:
        """The rate of a counter per second."""
        return self.rate(self.table.delta(counter), self.table.span_s(counter), add)

    def rate(self, moved: pl.Series, span_s: pl.Series, add: Add = add_known) -> Array:
        """The rate of what `moved` in `span_s` before each row; `add` combines encodings."""
        end_s = self.table.known("run_s")
        amount, length_s = (each.cast(pl.Float64).to_numpy() for each in (moved, span_s))

        def on_grid(rows: IntArray) -> Array:
            ends = end_s[rows]
            (rate,) = rates_on_grid(ends - length_s[rows], ends, amount[rows], self._grid_s)
            return np.asarray(rate)

        return self._together(on_grid, add)

    def sampled(self, values: Array, add: Add = np.fmax) -> Array:
        """A gauge in each second; `add` combines encodings."""
        times = self.table.known("run_s")
        return self._together(
            lambda rows: samples_on_grid(times[rows], values[rows], self._grid_s), add
        )

    def _together(self, on_grid: Callable[[IntArray], Array], add: Add) -> Array:
        series = self.table.series[self._rows]
        total: Array = np.full(self._grid_s.shape, np.nan)
        for place, number in enumerate(np.unique(series)):
            one = on_grid(self._rows[series == number])
            total = one if place == 0 else add(total, one)
        return total
