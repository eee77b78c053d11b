"""The rows of RTP streams that lie in windows, the encodings of a stream added up. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from farm.analysis import rates
from farm.analysis.rates import FloatArray, IntArray
from farm.evidence.poll_table import PollTable, in_order
from farm.evidence.row_groups import RowGroups
from farm.evidence.rtp_tables import tracks
from farm.evidence.stream_lifetimes import StreamLifetime
from farm.evidence.stream_slots import Owner
from farm.model.trial_plan import Direction

Owners = Sequence[tuple[StreamLifetime, Owner]]
"""Streams, each with the track that it is, and when."""


@dataclass(frozen=True, slots=True)
class Layers:
    """Adds up rows of encodings to rows of streams, one for each poll of a stream.

    `rows` are the rows of the encoding that represents the stream, its largest that moved; `groups`
    is `None` where each stream has one encoding.
    """

    rows: IntArray
    groups: RowGroups | None

    def total(self, values: FloatArray) -> FloatArray:
        return values if self.groups is None else self.groups.total(values)

    def largest(self, values: FloatArray) -> FloatArray:
        return values if self.groups is None else self.groups.largest(values)

    def smallest(self, values: FloatArray) -> FloatArray:
        return values if self.groups is None else self.groups.smallest(values)


class StreamRows:
    """The rows of a table that belong to a stream and lie in a window."""

    def __init__(self, table: PollTable, owners: Owners, edges: FloatArray, moved: str) -> None:
        frame = table.frame
        track = tracks(table, owners)
        window = rates.window_of(table.known("run_s"), edges)
        self._kept = np.flatnonzero((track >= 0) & (window >= 0))
        self.table = table
        kept = frame[self._kept]
        self._keys = (
            in_order(kept["probe"]),
            in_order(kept["kind"]),
            track[self._kept],
            window[self._kept],
        )
        page_time_s = kept["page_time_s"].to_numpy()
        polls = RowGroups(self._keys, at=page_time_s)
        if polls.count == len(self._kept):
            rows = np.arange(len(self._kept))
            self.layers = Layers(rows, None)
        else:
            grew = np.nan_to_num(self.values(table.delta(moved))) > 0
            pixels = self.values("frameWidth") * self.values("frameHeight")
            size = np.where(grew, np.nan_to_num(pixels), -1.0)
            by_size = RowGroups(self._keys, then=(size, table.series[self._kept]), at=page_time_s)
            self.layers = Layers(by_size.last_row(), by_size)
        self.windows = RowGroups(
            [key[self.layers.rows] for key in self._keys],
            then=(kept["host_monotonic_s"].to_numpy()[self.layers.rows],),
        )

    def values(self, of: str | pl.Series) -> FloatArray:
        """A column, or a series as long as the table, at the rows kept; NaN is unknown."""
        if isinstance(of, str):
            return self.table.known(of)[self._kept]
        return of.cast(pl.Float64).to_numpy()[self._kept]

    def total(self, of: str | pl.Series) -> FloatArray:
        """The sum over all encodings, in each window."""
        return self.windows.total(self.layers.total(self.values(of)))

    def of_best(self, of: str | pl.Series) -> FloatArray:
        """The value, at each poll, of the encoding that represents its stream."""
        return self.values(of)[self.layers.rows]

    def resized(self) -> FloatArray:
        """1 where a stream's frames had several sizes in a window, else 0."""
        pixels = self.of_best("frameWidth") * self.of_best("frameHeight")
        least, most = self.windows.smallest(pixels), self.windows.largest(pixels)
        return np.where(np.isnan(least), 0.0, (least != most).astype(np.float64))

    def frame(self, direction: Direction, figures: Mapping[str, FloatArray]) -> pl.DataFrame:
        """A row for each stream and window, with its last connection and id."""
        last = self._kept[self.layers.rows[self.windows.last_row()]]
        named = self.table.frame[last]
        columns = [
            named["probe"],
            named["kind"],
            pl.Series("track", self.windows.key(self._keys[2][self.layers.rows])),
            pl.Series("window", self.windows.key(self._keys[3][self.layers.rows])),
            named["connection"],
            named["id"],
            *(pl.Series(name, values, nan_to_null=True) for name, values in figures.items()),
        ]
        return pl.DataFrame(columns).with_columns(direction=pl.lit(direction))

    def text(self, name: str) -> pl.Series:
        """The last known value of a text column in each stream and window."""
        column = self.table.frame[name][self._kept][self.layers.rows]
        rows = self.windows.last_row(column.is_not_null().to_numpy())
        return column[np.maximum(rows, 0)].set(pl.Series(rows < 0), None).alias(name)
