"""What of a page's statistics is one stream: its rows, and when it flowed.

To its page a stream is a connection, a mid and, of those received, a track (W3C webrtc-stats:
`mid`, `trackIdentifier`); its SSRCs and encodings (`rid`) come and go. Where a recording has no
mid, each SSRC is a stream.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from farm.evidence.poll_table import PollTable
from farm.rates import FloatArray, IntArray
from farm.trial import Direction
from farm.webrtc_stats import MediaKind

_IDENTITY = ("probe", "kind", "connection", "mid", "trackIdentifier")
_TOLD = (
    *_IDENTITY,
    *("mediaSourceId", "scalabilityMode", "frameWidth", "frameHeight", "ssrc", "rid", "run_s"),
)

SERIES = ("probe", "connection", "id", "ssrc")
"""What one counter is to a browser, until the page is loaded anew."""


@dataclass(frozen=True, slots=True)
class Life:
    """One stream of a page, from its first packet to its last.

    `series` are the numbers of its counters in the table that it was found in (`PollTable.series`).
    What is empty of `mid`, `track_id`, `source_id` (the id of its media source) and
    `scalability_mode` is unknown; `size` is the last, width and height. A poll had it until
    `polled_s`.
    """

    probe: str
    direction: Direction
    kind: MediaKind
    connection: str
    mid: str
    track_id: str
    source_id: str
    ssrcs: frozenset[int]
    rids: frozenset[str]
    scalability_mode: str
    size: tuple[int, int] | None
    series: tuple[int, ...]
    first_s: float
    last_s: float
    polled_s: float

    @property
    def name(self) -> Hashable:
        """Tells it from all others of its trial, in whichever table it was found."""
        return (
            *(self.probe, self.direction, self.kind, self.connection, self.mid, self.track_id),
            *(self.first_s, self.ssrcs),
        )

    @property
    def order(self) -> tuple[float, float, str, str, str, tuple[int, ...]]:
        """Sorts lives of a page in one way, whatever order their rows came in."""
        last_first = -self.last_s
        return self.first_s, last_first, self.connection, self.mid, self.track_id, self.series


def lives(table: PollTable, direction: Direction, packets: str) -> list[Life]:
    """Each stream of the table that ever flowed; `packets` is the counter that tells."""
    first_s, last_s = _flow(table, packets)
    if not len(first_s):
        return []
    last = np.flatnonzero(np.diff(table.said_series, append=len(first_s)))
    said = table.said[last]
    lacking = [pl.lit(None).alias(name) for name in _TOLD if name not in said.columns]
    rows = said.with_columns(lacking).select(_TOLD).rows(named=True)
    found: dict[Hashable, list[int]] = {}
    for number, row in enumerate(rows):
        if not np.isnan(first_s[number]):
            alone = number if row["mid"] is None else None
            key = *(row[name] for name in _IDENTITY), alone
            found.setdefault(key, []).append(number)
    return [
        Life(
            probe=row["probe"],
            direction=direction,
            kind=row["kind"],
            connection=row["connection"] or "",
            mid=row["mid"] or "",
            track_id=row["trackIdentifier"] or "",
            source_id=row["mediaSourceId"] or "",
            scalability_mode=row["scalabilityMode"] or "",
            size=_size(row),
            ssrcs=frozenset(rows[each]["ssrc"] for each in numbers) - {None},
            rids=frozenset(rows[each]["rid"] for each in numbers) - {None},
            series=tuple(numbers),
            first_s=float(min(first_s[each] for each in numbers)),
            last_s=float(max(last_s[each] for each in numbers)),
            polled_s=max(rows[each]["run_s"] for each in numbers),
        )
        for numbers in found.values()
        for row in (rows[numbers[-1]],)
    ]


def _size(row: Mapping[str, Any]) -> tuple[int, int] | None:
    width, height = row["frameWidth"], row["frameHeight"]
    return (width, height) if width and height else None


def _flow(table: PollTable, packets: str) -> tuple[FloatArray, FloatArray]:
    """When each series was first and last seen to count a packet; NaN where it never was."""
    counted = table.known(packets)
    moved = table.delta(packets).to_numpy() > 0
    grew = moved | (table.begins & (counted > 0))
    run_s = table.known("run_s")
    starts = _starts(table.series)
    if not len(starts):
        return np.empty(0), np.empty(0)
    first_s: FloatArray = np.fmin.reduceat(np.where(grew, run_s, np.nan), starts)
    last_s: FloatArray = np.fmax.reduceat(np.where(grew, run_s, np.nan), starts)
    return first_s, last_s


def _starts(series: IntArray) -> IntArray:
    return np.flatnonzero(np.diff(series, prepend=-1)).astype(np.int64)
