"""The table of streams of some sessions: a row each, and one for each encoding. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from farm.analysis.aggregates import lost_by, mean_by_length, mean_over_time_of
from farm.analysis.intervals import Intervals
from farm.model.trial_evidence import JoinOutcome, LayerInterval, StreamIdentity, TrialEvidence
from farm.model.trial_plan import ProbePlan
from farm.model.wording import counted
from farm.planning.receivers import Receivers, receivers
from reports.text.table import Cell, Heading, bitrate_cell, frames_cell, number_cell, percent_cell
from reports.wording.stream_names import has_ended, receivers_of, stream_names

HEADINGS = (
    Heading("probe"),
    Heading("role"),
    Heading("stream"),
    Heading("owed"),
    Heading("began (of the hold)", number=True),
    Heading("ended (of the hold)", number=True),
    Heading("connection, mid"),
    Heading("size"),
    Heading("bitrate", number=True),
    Heading("frames/s", number=True),
    Heading("post-repair loss", number=True),
    Heading("worst window", number=True),
    Heading("frozen", number=True),
    Heading("longest gap", number=True),
    Heading("round trip", number=True),
    Heading("jitter", number=True),
)

_NOTHING = Cell("")
Row = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class StreamRow:
    """A stream of a probe, its name, and its `figures` over the hold (empty: not seen).

    `to` are its receivers, where a probe sends several of the kind. `ended_s` is when it ended
    before the last poll of its page, in run time. `owed_at_end`: it is owed in the last window.
    """

    stream: StreamIdentity
    name: str
    to: Receivers | None
    figures: Mapping[str, Any]
    ended_s: float | None
    owed_at_end: bool


class StreamTable:
    """The streams of the sessions `names` by probe; `poll_s` is the period of polls."""

    def __init__(self, evidence: TrialEvidence, names: Sequence[str], poll_s: float) -> None:
        self._hold_s = evidence.phases.hold_s
        self._layers: defaultdict[tuple[str, str, int], list[LayerInterval]] = defaultdict(list)
        frame = _figures(evidence, names)
        whole = Intervals.of(evidence.intervals).frame
        spans = whole.select("window", pl.col("end_s") - pl.col("start_s")).unique()
        self._length_s: dict[int, float] = dict(spans.iter_rows())
        identities: defaultdict[str, list[StreamIdentity]] = defaultdict(list)
        probes = frozenset(frame["probe"])
        for stream in evidence.streams:
            if stream.probe in probes:
                identities[stream.probe].append(stream)
        for layer in evidence.layers:
            if layer.probe in probes:
                self._layers[layer.probe, layer.kind, layer.track].append(layer)
        known = receivers([each for of in identities.values() for each in of])
        self._of: dict[str, list[StreamRow]] = {}
        for (probe,), rows in frame.group_by("probe", maintain_order=True):
            by_stream = {
                (row["direction"], row["kind"], row["track"]): row
                for row in rows.iter_rows(named=True)
            }
            mine = identities[str(probe)] or [
                StreamIdentity(str(probe), *key, owed=True, seen=True) for key in by_stream
            ]
            until_s = max((row["watched_s"] or 0.0 for row in by_stream.values()), default=None)
            self._of[str(probe)] = [
                StreamRow(
                    stream,
                    name,
                    receivers_of(stream, known),
                    figures := by_stream.get((stream.direction, stream.kind, stream.track), {}),
                    stream.ended_s if has_ended(stream, until_s, poll_s) else None,
                    bool(figures.get("owed_at_end")),
                )
                for stream, name in zip(mine, stream_names(mine, known), strict=True)
            ]

    def of(self, probe: str) -> Sequence[StreamRow]:
        """A probe's streams, in the order of their identities; empty without one."""
        return self._of.get(probe, ())

    def rows(self, probe: ProbePlan, join: JoinOutcome | None) -> Iterable[Row]:
        """The table's rows of a probe; of one without a stream, the reason."""
        who = (Cell(probe.probe, probe.probe), Cell(probe.role, probe.role))
        mine = self.of(probe.probe)
        if not mine:
            why = "no stream was seen"
            if join is not None and not join.joined:
                why = f"never joined: {join.reason or 'no reason given'}"
            yield (*who, Cell(why, why), *(_NOTHING for _ in HEADINGS[3:]))
        for row in mine:
            yield (*who, *self._cells(row))
            stream = row.stream
            if stream.direction == "outbound":
                for cells in self._encodings(stream):
                    yield (*who, *cells)

    def _cells(self, row: StreamRow) -> Row:
        stream, figures = row.stream, row.figures
        up, video = stream.direction == "outbound", stream.kind == "video"
        began = Cell("never", float("inf")) if not stream.seen else self._time(stream.began_s)
        return (
            Cell(row.name, row.name),
            _owed_cell(row, figures),
            began,
            _NOTHING if row.ended_s is None else self._time(row.ended_s),
            Cell(f"{stream.connection}, {stream.mid or 'no mid'}" if stream.connection else ""),
            _size_cell(figures.get("frame_width"), figures.get("frame_height")),
            bitrate_cell(figures.get("bitrate_bps")),
            frames_cell(figures.get("frame_rate")) if video else _NOTHING,
            percent_cell(figures.get("lost_ratio")),
            percent_cell(figures.get("worst_ratio")),
            percent_cell(figures.get("stalled_ratio")) if video and not up else _NOTHING,
            _NOTHING if up else _unit_cell(figures.get("gap_s"), 1, "s", 1),
            _unit_cell(figures.get("round_trip_time_s"), 1000, "ms") if up else _NOTHING,
            _NOTHING if up else _unit_cell(figures.get("jitter_s"), 1000, "ms"),
        )

    def _time(self, at_s: float | None) -> Cell:
        """Seconds since the hold began, negative before it; empty without a hold."""
        if at_s is None or self._hold_s is None:
            return _NOTHING
        return _unit_cell(at_s - self._hold_s, 1, "s")

    def _encodings(self, stream: StreamIdentity) -> Iterable[Row]:
        """Rows of a sender's encodings (simulcast), by rid."""
        by_rid: defaultdict[str, list[LayerInterval]] = defaultdict(list)
        for layer in self._layers.get((stream.probe, stream.kind, stream.track), ()):
            by_rid[layer.rid].append(layer)
        for rid, layers in by_rid.items():
            sized = [each for each in layers if each.frame_width and each.bitrate_bps != 0]
            last = (sized or layers)[-1]
            name = f"encoding {rid or 'without a rid'} of it"
            yield (
                Cell(name, name),
                _paused_cell(layers),
                *(_NOTHING for _ in range(3)),
                _size_cell(last.frame_width, last.frame_height),
                bitrate_cell(self._mean((each.window, each.bitrate_bps) for each in layers)),
                frames_cell(self._mean((each.window, each.frame_rate) for each in layers)),
                *(_NOTHING for _ in HEADINGS[10:]),
            )

    def _mean(self, windows: Iterable[tuple[int, float | None]]) -> float | None:
        return mean_by_length((value, self._length_s[at]) for at, value in windows)


def _figures(evidence: TrialEvidence, names: Sequence[str]) -> pl.DataFrame:
    """Figures over the hold, a row for each stream of the sessions `names`."""
    frame = Intervals.of(evidence.intervals).frame.with_columns(
        pl.col("probe", "session", "direction", "kind").cast(pl.String)
    )
    stream = ["probe", "direction", "kind", "track"]
    mine = frame.filter(pl.col("session").is_in(list(names)))
    seen = mine.group_by(stream, maintain_order=True).agg(
        windows=pl.len(),
        windows_owed=pl.col("owed").sum(),
        owed_at_end=pl.col("owed").last(),
        watched_s=pl.col("end_s").filter(pl.col("polls") > 0).max(),
    )
    # Windows in which a page did not send count in no figure; of extras, never owed, all do.
    told = mine.filter(pl.col("owed") | ~pl.col("owed").any().over(stream))
    figures = (
        told.group_by(stream)
        .agg(
            mean_over_time_of("bitrate_bps"),
            mean_over_time_of("frame_rate"),
            pl.col("residual_loss_ratio").max().alias("worst_ratio"),
            mean_over_time_of("stalled_ratio"),
            pl.col("gap_s").max(),
            mean_over_time_of("round_trip_time_s"),
            mean_over_time_of("jitter_s"),
            pl.col("frame_width", "frame_height").drop_nulls().last(),
        )
        .join(lost_by(told), on=stream, how="left")
    )
    return seen.join(figures, on=stream, how="left", maintain_order="left")


def _owed_cell(row: StreamRow, figures: Mapping[str, Any]) -> Cell:
    if not row.stream.owed:
        # A page that sends one stream to each partner owes it once; the others are copies.
        text = f"copy for {row.to.names}" if row.to is not None and row.to.owed else "extra"
        return Cell(text, text)
    windows, owed = figures.get("windows", 0), figures.get("windows_owed", 0)
    text = "owed" if owed == windows else f"owed in {owed} of {counted(windows, 'window')}"
    return Cell(text, text)


def _paused_cell(layers: Sequence[LayerInterval]) -> Cell:
    """In how many windows an encoding sent nothing; an unknown window is no pause."""
    paused = sum(each.bitrate_bps == 0 for each in layers)
    text = f"paused in {paused} of {counted(len(layers), 'window')}" if paused else ""
    return Cell("paused", "paused") if paused == len(layers) else Cell(text, text)


def _size_cell(width: int | None, height: int | None) -> Cell:
    if not width or not height:
        return _NOTHING
    return Cell(f"{width}x{height}", float(width * height))


def _unit_cell(value: float | None, times: float, unit: str, digits: int = 0) -> Cell:
    shown = None if value is None else f"{value * times:.{digits}f} {unit}".replace("-", "−")
    return number_cell(value, shown)
