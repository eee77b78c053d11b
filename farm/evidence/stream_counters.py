"""Streams with their counters over time, which servers that forward cannot change.

These are the payload, sent and received, the quantizers of a video's frames (`qpSum`), and the
loudness of an audio (`totalAudioEnergy`).
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
"""Counters with fewer polls are not compared."""

_NO_FRAMES: FloatArray = np.empty(0)


@dataclass(frozen=True, slots=True)
class CounterSeries:
    """A counter over time; `frames` are a video's frames until then, empty where not needed."""

    run_s: FloatArray
    counted: FloatArray
    frames: FloatArray


@dataclass(frozen=True, slots=True)
class StreamCounters:
    """A stream with its counters over time, of each of its encodings."""

    life: StreamLifetime
    payload: tuple[CounterSeries, ...]
    content: tuple[CounterSeries, ...]
    track_id: str

    @property
    def source(self) -> tuple[str, Hashable]:
        """Its camera or microphone, the same for streams of it that go to several partners."""
        return self.life.probe, self.track_id or self.life.name


def stream_counters(tables: RtpTables, probes: frozenset[str]) -> list[StreamCounters]:
    """The streams of those probes with their counters."""
    sources = _sources(tables.sources)
    received = None if tables.received is None else _Counters(tables.received)
    sent = None if tables.sent is None else _Counters(tables.sent)
    found = []
    for life in tables.lives:
        if life.probe not in probes:
            continue
        if life.direction == "inbound" and received is not None:
            inner = ("qpSum", "framesDecoded") if life.kind == "video" else ("totalAudioEnergy",)
            payload = received.counters_of(life.series, "bytesReceived")
            content = received.counters_of(life.series, *inner)
            found.append(StreamCounters(life, payload, content, life.track_id))
        elif life.direction == "outbound" and sent is not None:
            source = life.probe, life.connection, life.source_id
            track_id, content = sources.get(source, ("", ()))
            if life.kind == "video":
                content = sent.counters_of(life.series, "qpSum", "framesEncoded")
            payload = sent.counters_of(life.series, "payload")
            found.append(StreamCounters(life, payload, content, track_id))
    return found


class _Counters:
    """The columns of a table, each converted to numbers once, for all its series."""

    def __init__(self, table: PollTable) -> None:
        self._table = table
        self._columns: dict[str, FloatArray] = {}
        self._times: dict[int, FloatArray] = {}
        self._starts = np.flatnonzero(np.diff(table.series, prepend=-1))
        self._ends = np.append(self._starts[1:], len(table.series))

    def counters_of(
        self, series: Iterable[int], counter: str, frames: str | None = None
    ) -> tuple[CounterSeries, ...]:
        """A counter in each of some series that have enough polls of it."""
        found = []
        for number in series:
            rows = slice(int(self._starts[number]), int(self._ends[number]))
            counted = self._column(counter)[rows]
            known = ~np.isnan(counted)
            frames_by = _NO_FRAMES
            if frames is not None:
                frames_by = self._column(frames)[rows]
                known &= ~np.isnan(frames_by)
                frames_by = frames_by[known]
            begins_anew = (np.diff(frames_by) < 0).any()
            if np.count_nonzero(known) >= LEAST_POLLS and not begins_anew:
                found.append(
                    CounterSeries(self._run_s(number, rows)[known], counted[known], frames_by)
                )
        return tuple(found)

    def _run_s(self, number: int, rows: slice) -> FloatArray:
        """When the page counted, in run time, without the varying delay of polls."""
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
    """The track and the audio energy over time of each media source."""
    if table is None:
        return {}
    found = {}
    columns = _Counters(table)
    ends = np.flatnonzero(np.diff(table.series, append=-1))
    last = table.frame[ends].select("probe", "connection", "id", "trackIdentifier")
    for number, (*whose, track_id) in enumerate(last.iter_rows()):
        energy = columns.counters_of((number,), "totalAudioEnergy")
        found[tuple(whose)] = (track_id or "", energy)
    return found
