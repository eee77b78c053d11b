"""The tables of a trial: reasons, sessions, probes. Pure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from farm.model.experiment import ScenarioKind
from farm.model.trial_evidence import JoinOutcome, Phases
from farm.model.trial_plan import TrialPlan
from farm.model.verdict import Reason
from farm.model.webrtc_stats import MediaKind
from farm.model.wording import UNKNOWN
from farm.planning.load_steps import NOUNS
from farm.recording.sample_tables import POLL
from reports.exports.row_commands import BOTH_WAYS, Traced
from reports.exports.told_rows import EVENTS
from reports.series.grid import Array
from reports.series.trial import ByProbe, TrialSeries
from reports.text.table import (
    Cell,
    Heading,
    Table,
    bitrate_cell,
    first_few,
    frames_cell,
    lines_cell,
    number_cell,
    percent_cell,
)

SERVER_DIED = "server_died"
"""The code of a reason that has no session of its own, and is every session's."""


def probe_table(
    plan: TrialPlan,
    series: TrialSeries,
    joins: Sequence[JoinOutcome],
    reasons: Sequence[Reason],
    csv: str,
) -> Table:
    """The table of probes, each over the hold."""
    figures = series.by_probe
    joined = {outcome.probe: outcome for outcome in joins}
    in_reasons = {reason.probe for reason in reasons}
    rows = []
    for i, probe in enumerate(plan.probes):
        outcome = joined.get(probe.probe)
        rows.append(
            (
                Cell(probe.probe, probe.probe),
                Cell(probe.session, probe.session),
                Cell(probe.role, probe.role),
                Cell(probe.host, probe.host),
                _join(outcome),
                *_media_cells(figures.sent_bps, i),
                *_media_cells(figures.received_bps, i),
                percent_cell(figures.lost_down[i]),
                percent_cell(figures.lost_up[i]),
                _slowest_cell(figures, i),
                Cell(
                    "yes" if probe.probe in in_reasons else "no", float(probe.probe in in_reasons)
                ),
            )
        )
    worst = np.fmax(np.nan_to_num(figures.lost_down), np.nan_to_num(figures.lost_up))
    order = sorted(
        range(len(rows)),
        key=lambda i: (
            figures.probes[i] not in in_reasons,
            -worst[i],
            _or_zero(figures.received_bps["video"], i),
        ),
    )
    return Table(
        f"By probe{_of_several(figures)}",
        (
            Heading("probe"),
            Heading("session"),
            Heading("role"),
            Heading("host"),
            Heading("joined"),
            Heading("audio sent", number=True),
            Heading("video sent", number=True),
            Heading("audio received", number=True),
            Heading("video received", number=True),
            Heading("lost down", number=True),
            Heading("lost up", number=True),
            Heading("frames/s", number=True),
            Heading("in a reason"),
        ),
        tuple(rows),
        csv,
        tuple(order),
        traced=Traced((*BOTH_WAYS.tables, EVENTS)),
    )


def session_table(
    scenario: ScenarioKind,
    series: TrialSeries,
    reasons: Sequence[Reason],
    worst_first: Sequence[str],
    csv: str,
) -> Table:
    """The table of sessions, each by its weakest probe; `worst_first` are names in that order."""
    figures, windows = series.by_probe, series.session_windows
    members: defaultdict[str, list[int]] = defaultdict(list)
    for i, session in enumerate(figures.sessions):
        members[session].append(i)
    messages: defaultdict[str, list[str]] = defaultdict(list)
    for reason in reasons:
        for of in members if reason.code == SERVER_DIED else [reason.session]:
            if of is not None:
                messages[of].append(reason.message)
    peak = {
        session: _largest(windows.lost[i]) if windows.lost.size else float("nan")
        for i, session in enumerate(windows.sessions)
    }
    names = list(members)
    rows = [
        (
            Cell(session, session),
            number_cell(len(members[session])),
            bitrate_cell(_least(figures.received_bps["video"][members[session]])),
            bitrate_cell(_least(figures.received_bps["audio"][members[session]])),
            frames_cell(_least(figures.frame_rate[members[session]])),
            percent_cell(_largest(figures.lost_down[members[session]])),
            percent_cell(peak.get(session, float("nan"))),
            percent_cell(_largest(figures.lost_up[members[session]])),
            lines_cell(first_few(messages[session]), len(messages[session])),
        )
        for session in names
    ]
    place = {name: i for i, name in enumerate(names)}
    order = [place[name] for name in worst_first]
    return Table(
        f"By session ({NOUNS[scenario]}), each by its weakest probe{_of_several(figures)}",
        (
            Heading("session"),
            Heading("probes", number=True),
            Heading("video received", number=True),
            Heading("audio received", number=True),
            Heading("frames/s", number=True),
            Heading("lost down", number=True),
            Heading("worst window", number=True),
            Heading("lost up", number=True),
            Heading("reasons"),
        ),
        tuple(rows),
        csv,
        tuple(order),
        traced=BOTH_WAYS,
    )


def reasons_table(reasons: Sequence[Reason], phases: Phases) -> Table:
    """The table of a verdict's reasons, the worst first."""
    rows = [
        (
            Cell(reason.message, reason.message),
            Cell(reason.session or "", reason.session),
            Cell(reason.probe or "", reason.probe),
            Cell(reason.stream or "", reason.stream),
            Cell(reason.sender or "", reason.sender),
            Cell("") if reason.value is None else number_cell(reason.value, f"{reason.value:.4g}"),
            Cell("") if reason.limit is None else number_cell(reason.limit, f"{reason.limit:.4g}"),
            _when(reason, phases),
        )
        for reason in reasons
    ]
    return Table(
        "Reasons of the verdict",
        (
            Heading("reason"),
            Heading("session"),
            Heading("probe"),
            Heading("stream"),
            Heading("sender"),
            Heading("value", number=True),
            Heading("limit", number=True),
            Heading(
                "when (run time)" if phases.hold_s is None else "when (of the hold)", number=True
            ),
        ),
        tuple(rows),
        traced=Traced((*BOTH_WAYS.tables, POLL, "hosts", EVENTS)),
    ).shown()


def _when(reason: Reason, phases: Phases) -> Cell:
    """When it happened; of a limit the start of the first window that broke it, and the worst."""
    if reason.at_s is None:
        return Cell("")
    zero_s = phases.hold_s or 0.0
    of_window = reason.stream is not None and reason.code != "setup"
    where, worst_s = "window from " if of_window else "at ", reason.worst_at_s
    worst = (
        ""
        if worst_s is None or worst_s == reason.at_s
        else f", the worst from {worst_s - zero_s:.0f} s"
    )
    return number_cell(reason.at_s, f"{where}{reason.at_s - zero_s:.0f} s{worst}")


def _media_cells(values: Mapping[MediaKind, Array], i: int) -> tuple[Cell, Cell]:
    return bitrate_cell(values["audio"][i]), bitrate_cell(values["video"][i])


def _slowest_cell(figures: ByProbe, i: int) -> Cell:
    """The frame rate of a probe's slowest video, with its sender where it has several."""
    cell = frames_cell(figures.frame_rate[i])
    return replace(cell, text=f"{cell.text} {figures.slowest[i]}".strip())


def _of_several(figures: ByProbe) -> str:
    """How several streams of a kind are combined, where a probe has several."""
    if not any(figures.slowest):
        return ""
    return "; bitrates of several streams together, loss and frames/s of the worst of them"


def _join(outcome: JoinOutcome | None) -> Cell:
    if outcome is None:
        return Cell(UNKNOWN)
    if not outcome.joined:
        return Cell(f"no: {outcome.reason or UNKNOWN}", math.inf)
    return (
        Cell("yes")
        if outcome.join_s is None
        else number_cell(outcome.join_s, f"{outcome.join_s:.1f} s")
    )


def _least(values: Array) -> float:
    known = values[np.isfinite(values)]
    return float(known.min()) if known.size else float("nan")


def _largest(values: Array) -> float:
    known = values[np.isfinite(values)]
    return float(known.max()) if known.size else float("nan")


def _or_zero(values: Array, i: int) -> float:
    return float(np.nan_to_num(values[i]))
