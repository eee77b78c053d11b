"""Finds the streams in a page's statistics: the rows of each, and when it flowed.

A stream is identified by connection, mid and, if it is received, track (W3C webrtc-stats: `mid`,
`trackIdentifier`); its SSRCs and encodings (`rid`) may change. Where a recording has no mid, each
SSRC is a stream.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from farm.evidence.poll_table import PollTable
from farm.model.trial_plan import Direction
from farm.model.webrtc_stats import MediaKind

_IDENTITY = ("probe", "kind", "connection", "mid", "trackIdentifier")
_COLUMNS = (
    *_IDENTITY,
    *("mediaSourceId", "scalabilityMode", "frameWidth", "frameHeight", "ssrc", "rid", "run_s"),
)

SILENT_S = 3.0
"""A longer silence splits a stream: another one may have taken its place meanwhile."""

SERIES = ("probe", "connection", "id", "ssrc")
"""The columns by which a browser distinguishes counters, until the page is reloaded."""


@dataclass(frozen=True, slots=True)
class StreamLifetime:
    """One stream of a page, from its first packet to its last.

    `flows` are the spans in which its packets came, each without a silence of more than `SILENT_S`.
    `series` are the numbers of its counters in its table (`PollTable.series`). An empty `mid`,
    `track_id`, `source_id` (the id of its media source) or `scalability_mode` is unknown; `size` is
    the last, width and height. The last poll that had it was at `polled_s`.
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
    flows: tuple[tuple[float, float], ...]
    polled_s: float

    @property
    def first_s(self) -> float:
        """When it was first seen to flow."""
        return self.flows[0][0]

    @property
    def last_s(self) -> float:
        """When it was last seen to flow."""
        return self.flows[-1][1]

    @property
    def name(self) -> Hashable:
        """Its name, which no other stream of the trial has, in any table."""
        return (
            *(self.probe, self.direction, self.kind, self.connection, self.mid, self.track_id),
            *(self.first_s, self.ssrcs),
        )

    @property
    def order(self) -> tuple[float, float, str, str, str, tuple[int, ...]]:
        """A key that sorts streams of a page in one way, whatever the order of rows."""
        last_first = -self.last_s
        return self.first_s, last_first, self.connection, self.mid, self.track_id, self.series


def lives(table: PollTable, direction: Direction, packets: str) -> list[StreamLifetime]:
    """The streams of the table that ever flowed, by the counter `packets`."""
    if not len(table.every_series):
        return []
    flows = _flows(table, packets)
    last = np.flatnonzero(np.diff(table.every_series, append=-1))
    every = table.every[last]
    lacking = [pl.lit(None).alias(name) for name in _COLUMNS if name not in every.columns]
    rows = every.with_columns(lacking).select(_COLUMNS).rows(named=True)
    found: dict[Hashable, list[int]] = {}
    for number, row in enumerate(rows):
        if number in flows:
            alone = number if row["mid"] is None else None
            key = *(row[name] for name in _IDENTITY), alone
            found.setdefault(key, []).append(number)
    return [
        StreamLifetime(
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
            flows=_joined(span for each in numbers for span in flows[each]),
            polled_s=max(rows[each]["run_s"] for each in numbers),
        )
        for numbers in found.values()
        for row in (rows[numbers[-1]],)
    ]


def _size(row: Mapping[str, Any]) -> tuple[int, int] | None:
    width, height = row["frameWidth"], row["frameHeight"]
    return (width, height) if width and height else None


def _flows(table: PollTable, packets: str) -> Mapping[int, list[tuple[float, float]]]:
    """By the number of each series the spans in which it counted packets."""
    counted = table.known(packets)
    moved = table.delta(packets).to_numpy() > 0
    grew = np.flatnonzero(moved | (table.begins & (counted > 0)))
    series, run_s = table.series[grew], table.known("run_s")[grew]
    begins = np.diff(series, prepend=-1) != 0
    begins |= np.diff(run_s, prepend=0.0) > SILENT_S
    starts = np.flatnonzero(begins)
    ends = np.append(starts[1:], len(grew)) - 1 if len(starts) else starts
    found: dict[int, list[tuple[float, float]]] = {}
    for number, begin_s, end_s in zip(
        series[starts].tolist(), run_s[starts].tolist(), run_s[ends].tolist(), strict=True
    ):
        found.setdefault(number, []).append((begin_s, end_s))
    return found


def _joined(spans: Iterable[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Spans in order, those that no silence separates joined into one."""
    found: list[tuple[float, float]] = []
    for begin_s, end_s in sorted(spans):
        if found and begin_s - found[-1][1] <= SILENT_S:
            found[-1] = found[-1][0], max(found[-1][1], end_s)
        else:
            found.append((begin_s, end_s))
    return tuple(found)


def in_flows(lives: Iterable[StreamLifetime]) -> list[tuple[StreamLifetime, tuple[float, float]]]:
    """Each stream with each span of its flow, in an order that does not depend on that of rows."""
    parts = [(life, flow) for life in lives for flow in life.flows]
    return sorted(parts, key=lambda part: (part[1][0], -part[1][1], part[0].order))
