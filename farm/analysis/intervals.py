"""Many stream intervals, in columns: those of ten thousand probes are a million. Pure.

As a sequence they are `StreamInterval`s, which are made on access and kept for a short time.
"""

from __future__ import annotations

import dataclasses
from collections import OrderedDict, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import overload

import numpy as np
import polars as pl

from farm.model.trial_evidence import StreamInterval
from farm.model.trial_plan import Direction
from farm.model.webrtc_stats import MEDIA_KINDS, MediaKind

FIELDS = tuple(field.name for field in dataclasses.fields(StreamInterval))
KINDS = pl.Enum(MEDIA_KINDS)
DIRECTIONS = pl.Enum(["inbound", "outbound"])

_TYPES: Mapping[str, pl.DataType] = {
    "probe": pl.String(),
    "session": pl.String(),
    "role": pl.String(),
    "direction": DIRECTIONS,
    "kind": KINDS,
    **dict.fromkeys(("owed", "is_resized", "is_taken_over", "is_screen"), pl.Boolean()),
    **dict.fromkeys(("window", "polls", "track"), pl.Int32()),
    **dict.fromkeys(("frame_width", "frame_height"), pl.Int32()),
    "key_frames": pl.Int64(),
    **dict.fromkeys(
        ("packets", "payload_bytes", "edge_payload_bytes", "packets_lost", "packets_reported"),
        pl.Int64(),
    ),
}
SCHEMA: Mapping[str, pl.DataType] = {name: _TYPES.get(name, pl.Float64()) for name in FIELDS}
"""Columns in the order of the fields of `StreamInterval`; names may also be Enums."""

_BLOCK = 2048  # intervals that are made at a time
_BLOCKS = 8  # of them that are kept: a session's streams lie side by side

Stream = tuple[str, Direction, MediaKind, int]
"""Probe, direction, kind, track."""


class Intervals(Sequence[StreamInterval]):
    """A sequence of stream intervals; `frame` has the columns of `SCHEMA`, null is unknown."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame
        self._made: OrderedDict[int, list[StreamInterval]] = OrderedDict()

    @classmethod
    def of(cls, intervals: Sequence[StreamInterval]) -> Intervals:
        """These intervals as `Intervals`."""
        if isinstance(intervals, Intervals):
            return intervals
        rows = [[getattr(interval, name) for name in FIELDS] for interval in intervals]
        return cls(pl.DataFrame(rows, schema=SCHEMA, orient="row"))

    @property
    def windows(self) -> int:
        """How many windows the hold has: one more than the largest number seen."""
        last = self.frame["window"].max()
        return 0 if last is None else 1 + int(last)  # type: ignore[arg-type]

    def where(self, *rows: pl.Expr) -> Intervals:
        """The intervals for which all of `rows` are true."""
        return Intervals(self.frame.filter(*rows))

    def places(self) -> Mapping[Stream, Sequence[slice]]:
        """The positions of each stream's intervals, in their order; usually one slice."""
        if not len(self):
            return {}
        names = ("probe", "direction", "kind", "track")
        codes = [self.frame[name].rle_id().to_numpy() for name in names]
        begins = np.flatnonzero(np.any([np.diff(code, prepend=-1) != 0 for code in codes], axis=0))
        ends = np.append(begins[1:], len(self))
        slices: defaultdict[Stream, list[slice]] = defaultdict(list)
        streams = self.frame.select(names)[begins].iter_rows()
        for stream, begin, end in zip(streams, begins.tolist(), ends.tolist(), strict=True):
            slices[stream].append(slice(begin, end))
        return slices

    def __len__(self) -> int:
        return self.frame.height

    def __iter__(self) -> Iterator[StreamInterval]:
        for row in self.frame.iter_rows(buffer_size=_BLOCK):
            yield StreamInterval(*row)

    @overload
    def __getitem__(self, place: int) -> StreamInterval: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[StreamInterval]: ...
    def __getitem__(self, place: int | slice) -> StreamInterval | Sequence[StreamInterval]:
        if isinstance(place, slice):
            begin, end, step = place.indices(len(self))
            if step != 1:
                return Intervals(self.frame[place])
            intervals: list[StreamInterval] = []
            while begin < end:
                number, skipped = divmod(begin, _BLOCK)
                intervals += self._block(number)[skipped : skipped + end - begin]
                begin = (number + 1) * _BLOCK
            return intervals
        place = range(len(self))[place]
        return self._block(place // _BLOCK)[place % _BLOCK]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(
            mine == theirs for mine, theirs in zip(self, other, strict=True)
        )

    __hash__ = None  # type: ignore[assignment]

    def _block(self, number: int) -> list[StreamInterval]:
        if number not in self._made:
            if len(self._made) == _BLOCKS:
                self._made.popitem(last=False)
            rows = self.frame.slice(number * _BLOCK, _BLOCK).iter_rows()
            self._made[number] = [StreamInterval(*row) for row in rows]
        self._made.move_to_end(number)
        return self._made[number]
