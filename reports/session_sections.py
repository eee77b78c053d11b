"""What the page says of each of the worst sessions: reasons, streams, where to look. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from farm.hold_figures import lost_of_all_due, mean_over_time_of
from farm.intervals import Intervals
from farm.trial import JoinOutcome, ProbePlan, Reason, TrialEvidence
from reports.phrases import percent
from reports.session_quality import CAUSES, SessionQuality
from reports.tables import (
    Cell,
    Heading,
    Table,
    bitrate_cell,
    frames_cell,
    number_cell,
    percent_cell,
)
from reports.traced import BOTH_WAYS, OF_EVENTS, Traced

WORST = 50
"""So many sessions have a section; the others are told by `farm report --probe`."""

PROBES = 50
"""So many probes of a session are told of, the worst: a broadcast may have thousands."""

FAR = 100.0
"""Times a limit from which on no number is said."""

_FEW = 4  # probes of a session that are told of in their order
_NAMED = 8  # probes whose rows are named one by one
_HEADINGS = (
    Heading("probe"),
    Heading("role"),
    Heading("stream"),
    Heading("bitrate", number=True),
    Heading("frames/s", number=True),
    Heading("lost", number=True),
    Heading("worst window", number=True),
    Heading("stood still", number=True),
    Heading("longest gap", number=True),
    Heading("round trip", number=True),
    Heading("jitter", number=True),
)


@dataclass(frozen=True, slots=True)
class SessionSection:
    """`anchor` is where it stands in the page; `probes` are those told of, the worst first.

    `worst_s` is its worst window in run time, `why` what was wrong in it, in words.
    """

    session: str
    anchor: str
    probes: tuple[ProbePlan, ...]
    others: int
    reasons: tuple[str, ...]
    table: Table
    worst_s: tuple[float, float] | None
    why: str


def worst_sessions(quality: SessionQuality, reasons: Sequence[Reason]) -> list[str]:
    """Names, the worst first: those in a reason, then those nearest to a limit or beyond it."""
    said = {reason.session for reason in reasons}
    names = [quality.windows.sessions[place] for place in quality.worst_first()]
    return sorted(names, key=lambda name: name not in said)


def session_sections(
    evidence: TrialEvidence,
    quality: SessionQuality,
    reasons: Sequence[Reason],
    names: Sequence[str],
    prefix: str,
) -> tuple[SessionSection, ...]:
    """Of the sessions `names`, in that order; anchors begin with `prefix`."""
    teller = _Teller(evidence, quality, reasons, names)
    return tuple(teller.section(name, f"{prefix}-{name}") for name in names)


class _Teller:
    def __init__(
        self,
        evidence: TrialEvidence,
        quality: SessionQuality,
        reasons: Sequence[Reason],
        names: Sequence[str],
    ) -> None:
        self._quality = quality
        self._planned = {session.session: session.probes for session in evidence.plan.sessions}
        self._place = {name: place for place, name in enumerate(quality.windows.sessions)}
        self._joins = {outcome.probe: outcome for outcome in evidence.joins}
        self._streams = _streams(evidence, names)
        self._said: defaultdict[str, list[Reason]] = defaultdict(list)
        for reason in reasons:
            if reason.session is not None:
                self._said[reason.session].append(reason)

    def section(self, name: str, anchor: str) -> SessionSection:
        streams = self._streams.get(name, pl.DataFrame())
        order = self._worst_first(name, streams)
        shown = tuple(order[:PROBES])
        rows = [
            row
            for probe in shown
            for row in _stream_rows(probe, self._joins.get(probe.probe), streams)
        ]
        worst_s, why = _worst_window(self._quality, self._place[name])
        return SessionSection(
            session=name,
            anchor=anchor,
            probes=shown,
            others=len(order) - len(shown),
            reasons=tuple(dict.fromkeys(reason.message for reason in self._said[name])),
            table=Table(
                f"Streams of {name} over the hold",
                _HEADINGS,
                tuple(rows),
                traced=_rows_of(shown, streams),
            ),
            worst_s=worst_s,
            why=why,
        )

    def _worst_first(self, name: str, streams: pl.DataFrame) -> Sequence[ProbePlan]:
        """In the plan's order; of many those in a reason, absent, or that lost most come first."""
        planned = self._planned[name]
        if len(planned) <= _FEW:
            return planned
        blamed = {reason.probe for reason in self._said[name]}
        lost = (
            dict(streams.group_by("probe").agg(pl.col("worst_ratio").max()).iter_rows())
            if streams.height
            else {}
        )

        def key(probe: ProbePlan) -> tuple[bool, bool, float]:
            join = self._joins.get(probe.probe)
            absent = join is not None and not join.joined
            return probe.probe not in blamed, not absent, -(lost.get(probe.probe) or 0.0)

        return sorted(planned, key=key)


def _rows_of(shown: Sequence[ProbePlan], streams: pl.DataFrame) -> Traced:
    """Of probes that had streams; of a session in which nobody had any, what befell it."""
    seen = set(streams["probe"].unique().to_list()) if streams.height else set()
    named = tuple(each.probe for each in shown if each.probe in seen)[:_NAMED]
    return Traced(BOTH_WAYS.tables, named) if named else OF_EVENTS


def _streams(evidence: TrialEvidence, names: Sequence[str]) -> dict[str, pl.DataFrame]:
    """Each session's streams, a row each, figures over the hold."""
    frame = Intervals.of(evidence.intervals).frame.with_columns(
        pl.col("probe", "session", "direction", "kind").cast(pl.String)
    )
    lost_up = pl.col("remote_packets_lost").clip(lower_bound=0)
    sent = pl.when(pl.col("remote_packets_lost").is_not_null()).then("packets").sum()
    found = (
        frame.filter(pl.col("session").is_in(list(names)))
        .group_by("session", "probe", "direction", "kind", "track", maintain_order=True)
        .agg(
            mean_over_time_of("bitrate_bps"),
            mean_over_time_of("frame_rate"),
            lost_of_all_due(),
            pl.when(sent > 0).then(lost_up.sum() / sent).alias("lost_up_ratio"),
            pl.max_horizontal(
                pl.col("residual_loss_ratio").max(), (lost_up / pl.col("packets")).max()
            ).alias("worst_ratio"),
            mean_over_time_of("stalled_ratio"),
            pl.col("gap_s").max(),
            mean_over_time_of("round_trip_time_s"),
            mean_over_time_of("jitter_s"),
        )
    )
    return {str(name): rows for (name,), rows in found.group_by("session", maintain_order=True)}


def _stream_rows(
    probe: ProbePlan, join: JoinOutcome | None, streams: pl.DataFrame
) -> Iterable[tuple[Cell, ...]]:
    who = (Cell(probe.probe, probe.probe), Cell(probe.role, probe.role))
    mine = streams.filter(probe=probe.probe) if streams.height else streams
    if not mine.height:
        why = "no stream was seen"
        if join is not None and not join.joined:
            why = f"never joined: {join.reason or 'no reason given'}"
        yield (*who, Cell(why, why), *(Cell("") for _ in range(8)))
    for row in mine.iter_rows(named=True):
        up = row["direction"] == "outbound"
        yield (
            *who,
            Cell(f"{row['kind']} {'sent' if up else 'received'}"),
            bitrate_cell(row["bitrate_bps"]),
            frames_cell(row["frame_rate"]) if row["kind"] == "video" else Cell(""),
            percent_cell(row["lost_up_ratio"] if up else row["lost_ratio"]),
            percent_cell(row["worst_ratio"]),
            Cell("") if up or row["kind"] == "audio" else percent_cell(row["stalled_ratio"]),
            Cell("") if up else _seconds_cell(row["gap_s"]),
            _milliseconds_cell(row["round_trip_time_s"]) if up else Cell(""),
            Cell("") if up else _milliseconds_cell(row["jitter_s"]),
        )


def _worst_window(quality: SessionQuality, place: int) -> tuple[tuple[float, float] | None, str]:
    windows, used = quality.windows, quality.used[place]
    if not np.isfinite(used).any():
        out = windows.absent[place]
        return None, f"{', '.join(out[:3])} never joined" if out else "nothing of it was seen"
    column = int(np.nanargmax(used))
    window_s = (float(windows.start_s[column]), float(windows.end_s[column]))
    if used[column] == 0:
        return None, "no limit was touched"
    cause = CAUSES[int(quality.cause[place, column])]
    if used[column] <= 1:
        return window_s, f"within all limits, at most {percent(used[column])} of one ({cause})"
    far = f", {used[column]:.1f} times what is allowed" if used[column] < FAR else ""
    return window_s, f"the worst was {cause}{far}"


def _seconds_cell(value: float | None) -> Cell:
    return number_cell(value, None if value is None else f"{value:.1f} s")


def _milliseconds_cell(value: float | None) -> Cell:
    return number_cell(value, None if value is None else f"{value * 1000:.0f} ms")
