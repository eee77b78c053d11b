"""What of a page's statistics is one stream: its rows, and when it flowed.

To its page a stream is a connection, a mid and, of those received, a track (W3C webrtc-stats:
`mid`, `trackIdentifier`); its SSRCs and encodings (`rid`) come and go. Where a recording has no
mid, each SSRC is a stream.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np

from farm.evidence.poll_table import PollTable
from farm.rates import FloatArray, IntArray
from farm.trial import Direction
from farm.webrtc_stats import MediaKind

SERIES = ("probe", "connection", "id", "ssrc")
"""What one counter is to a browser, until the page is loaded anew."""


@dataclass(frozen=True, slots=True)
class Life:
    """One stream of a page, from its first packet to its last.

    `series` are the numbers of its counters in the table that it was found in (`PollTable.series`).
    What is empty of `mid`, `track_id`, `source_id` (the id of its media source) and
    `scalability_mode` is unknown.
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
    series: tuple[int, ...]
    first_s: float
    last_s: float

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
    ends = np.flatnonzero(np.diff(table.said_series, append=len(first_s)))
    said = table.said[ends]
    names = (
        "probe",
        "kind",
        "connection",
        "mid",
        "trackIdentifier",
        "mediaSourceId",
        "ssrc",
        "rid",
    )
    columns = [
        said[name].to_list() if name in said.columns else [None] * len(ends) for name in names
    ]
    found: dict[Hashable, list[int]] = {}
    rows = list(zip(*columns, strict=True))
    for number, (probe, kind, connection, mid, track_id, *_) in enumerate(rows):
        if not np.isnan(first_s[number]):
            alone = number if mid is None else None
            found.setdefault((probe, kind, connection, mid, track_id, alone), []).append(number)
    made = []
    for numbers in found.values():
        probe, kind, connection, mid, track_id, source_id, mode, *_ = rows[numbers[-1]]
        made.append(
            Life(
                probe=probe,
                direction=direction,
                kind=kind,
                connection=connection or "",
                mid=mid or "",
                track_id=track_id or "",
                source_id=source_id or "",
                ssrcs=frozenset(rows[each][-2] for each in numbers if rows[each][-2] is not None),
                rids=frozenset(rows[each][-1] for each in numbers if rows[each][-1] is not None),
                scalability_mode=mode or "",
                series=tuple(numbers),
                first_s=float(min(first_s[each] for each in numbers)),
                last_s=float(max(last_s[each] for each in numbers)),
            )
        )
    return made


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
