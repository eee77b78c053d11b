"""Streams with the courses of their counters, which servers that forward cannot change.

Payload, as it was sent and received; the quantizers of a video's frames (`qpSum`), frame by frame;
how loud an audio was (`totalAudioEnergy`).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from farm.analysis.rates import CLOCK_JUMP_S, FloatArray
from farm.evidence.poll_table import PollTable
from farm.evidence.rtp_tables import RtpTables
from farm.evidence.stream_lifetimes import StreamLifetime

LEAST_POLLS = 4
"""Fewer polls say nothing of the course of a counter."""

_NO_FRAMES: FloatArray = np.empty(0)


@dataclass(frozen=True, slots=True)
class CounterSeries:
    """A counter over time; `frames` are those of a video by then, empty where nobody asked."""

    run_s: FloatArray
    counted: FloatArray
    frames: FloatArray


@dataclass(frozen=True, slots=True)
class StreamCounters:
    """A stream with the courses of its counters, in each of its encodings."""

    life: StreamLifetime
    payload: tuple[CounterSeries, ...]
    content: tuple[CounterSeries, ...]
    track_id: str

    @property
    def source(self) -> tuple[str, Hashable]:
        """The camera it is of: what is sent to each partner by itself is one."""
        return self.life.probe, self.track_id or self.life.name


def traced(tables: RtpTables, probes: frozenset[str]) -> list[StreamCounters]:
    """The streams of those probes."""
    sources = _sources(tables.sources)
    received = None if tables.received is None else _Counters(tables.received)
    sent = None if tables.sent is None else _Counters(tables.sent)
    found = []
    for life in tables.lives:
        if life.probe not in probes:
            continue
        if life.direction == "inbound" and received is not None:
            inner = ("qpSum", "framesDecoded") if life.kind == "video" else ("totalAudioEnergy",)
            payload = received.courses(life.series, "bytesReceived")
            content = received.courses(life.series, *inner)
            found.append(StreamCounters(life, payload, content, life.track_id))
        elif life.direction == "outbound" and sent is not None:
            source = life.probe, life.connection, life.source_id
            track_id, content = sources.get(source, ("", ()))
            if life.kind == "video":
                content = sent.courses(life.series, "qpSum", "framesEncoded")
            payload = sent.courses(life.series, "payload")
            found.append(StreamCounters(life, payload, content, track_id))
    return found


class _Counters:
    """The columns of a table, each made numbers once, for all its series."""

    def __init__(self, table: PollTable) -> None:
        self._table = table
        self._columns: dict[str, FloatArray] = {}
        self._times: dict[int, FloatArray] = {}
        self._starts = np.flatnonzero(np.diff(table.series, prepend=-1))
        self._ends = np.append(self._starts[1:], len(table.series))

    def courses(
        self, series: Iterable[int], counter: str, frames: str | None = None
    ) -> tuple[CounterSeries, ...]:
        """A counter in each of some series, where enough polls tell of it."""
        found = []
        for number in series:
            rows = slice(int(self._starts[number]), int(self._ends[number]))
            counted = self._column(counter)[rows]
            known = ~np.isnan(counted)
            pictures = _NO_FRAMES
            if frames is not None:
                pictures = self._column(frames)[rows]
                known &= ~np.isnan(pictures)
                pictures = pictures[known]
            begins_anew = (np.diff(pictures) < 0).any()
            if np.count_nonzero(known) >= LEAST_POLLS and not begins_anew:
                found.append(
                    CounterSeries(self._run_s(number, rows)[known], counted[known], pictures)
                )
        return tuple(found)

    def _run_s(self, number: int, rows: slice) -> FloatArray:
        """When the page counted: polls arrive sooner or later."""
        if number not in self._times:
            run_s = self._column("run_s")[rows]
            page_s = self._column("timestamp")[rows] / 1000
            steady_s = page_s + np.median(run_s - page_s)
            was_set = np.abs(steady_s - run_s).max() > CLOCK_JUMP_S
            self._times[number] = run_s if was_set else steady_s
        return self._times[number]

    def _column(self, name: str) -> FloatArray:
        if name not in self._columns:
            self._columns[name] = self._table.known(name)
        return self._columns[name]


def _sources(
    table: PollTable | None,
) -> Mapping[tuple[str, str, str], tuple[str, tuple[CounterSeries, ...]]]:
    """The track and the loudness of each media source."""
    if table is None:
        return {}
    found = {}
    counters = _Counters(table)
    ends = np.flatnonzero(np.diff(table.series, append=-1))
    last = table.frame[ends].select("probe", "connection", "id", "trackIdentifier")
    for number, (*whose, track_id) in enumerate(last.iter_rows()):
        courses = counters.courses((number,), "totalAudioEnergy")
        found[tuple(whose)] = (track_id or "", courses)
    return found
