"""The report of a watch: its answer, its figure, the hours of the day. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from farm.analysis.drift import SLACKS, figures
from farm.model.experiment import Experiment
from farm.model.trial_result import TrialResult
from farm.model.wording import counted
from farm.protocols import OUTAGE
from farm.recording.journal import JournalEntry, trial_times_s
from farm.results.advice import advice
from farm.results.watch_summary import (
    WatchState,
    figures_over_trials,
    has_trend,
    moved_text,
    outages_of,
    watch_lines,
    watch_summary,
    watch_trials,
)
from reports.exports.row_commands import OF_TRIALS
from reports.figures.chart import Chart, Charts, Column
from reports.figures.watch import WatchSeries, watch_over_time
from reports.text.answer import AnswerText, Status
from reports.text.table import (
    Cell,
    Heading,
    Table,
    bitrate_cell,
    cpu_cell,
    frames_cell,
    number_cell,
    percent_cell,
)

STATES: Mapping[WatchState, tuple[Status, str, str]] = {
    "steady": ("pass", "steady", "Nothing to do: watch again when something was changed."),
    "passed": (
        "pass",
        "passed",
        "Watch for longer (--for): so few trials do not show whether anything drifts.",
    ),
    "drift": (
        "open",
        "drifts",
        "Find what changes over time: logs, disks, neighbours, heat. A load that is safe today may "
        "not stay safe; size the server again when the cause is found.",
    ),
    "failed": (
        "fail",
        "failed",
        "Read the reasons of the trials that failed, and at which hours they were. A load that "
        "fails now and then is too high: plan with a smaller one.",
    ),
    "driver_failed": (
        "open",
        "unknown",
        "See the step that failed with farm driver check, mend what it shows, and watch again.",
    ),
    "unwatched": (
        "invalid",
        "invalid",
        "No trial could be judged. {helps}",
    ),
}


def watch_answer(
    settings: Experiment, results: Sequence[TrialResult], journal: Sequence[JournalEntry]
) -> tuple[AnswerText, tuple[Table, ...]]:
    """The answer of a watch, also of one that is still running; and a table by hour of the day."""
    wall_s = trial_times_s(journal)
    outages = outages_of(entry.facts for entry in journal if entry.kind == OUTAGE)
    load = next((each.load for each in results if each.purpose == "watch"), 0)
    summary = watch_summary(settings, settings.watch.load or load, results, wall_s, outages)
    status, label, next_step = STATES[summary["state"]]
    headline, second = watch_lines(summary)
    watch = summary["watch"]
    moved = [moved_text(course) for course in watch["drift"] if course["drifts"]]
    points = [f"It drifts: {text}." for text in moved if text not in second]
    if len(watch["time_of_day"]) > 1 and results and _hours(results, wall_s) < 48:
        points.append(
            "In a watch of less than two days a trend cannot be distinguished from the time of day."
        )
    codes = [reason.code for each in results[-1:] for reason in each.verdict.reasons]
    next_step = next_step.format(helps=advice(codes))
    answer = AnswerText(status, label, headline, (second,), tuple(points), (next_step,))
    return answer, _by_hour(watch["time_of_day"])


def watch_charts(
    settings: Experiment, results: Sequence[TrialResult], journal: Sequence[JournalEntry]
) -> Charts:
    """The chart of a watch; none before its first valid trial."""
    wall_s = trial_times_s(journal)
    trials = [each for each in results if each.purpose == "watch" and each.index in wall_s]
    confidence = settings.search.confidence
    known = figures_over_trials(results, wall_s, confidence)
    if not trials or not known:
        return Charts((), ("No figure of the watch: no trial of it was valid.",))
    began_s = np.array([wall_s[each.index] for each in trials], dtype=np.float64)
    values = {
        course.figure: np.array(
            [
                np.nan if (value := figures(each)[course.figure]) is None else value
                for each in trials
            ],
            dtype=np.float64,
        )
        for course in known
    }
    series = WatchSeries(
        tuple(each.index for each in trials),
        tuple(each.verdict.outcome for each in trials),
        (began_s - began_s[0]) / 3600,
        values,
        known,
    )
    moving = [SLACKS[course.figure].name for course in known if course.drifts]
    title = "No drift was detected"
    if moving:
        title = f"Over the watch {' and '.join(moving)} drifted"
    elif not has_trend(known):
        valid = counted(len(watch_trials(results)), "valid trial")
        title = f"Too few to tell whether a figure drifts: {valid}"
    columns: Mapping[str, Column] = {
        "trial": series.index,
        "began": [f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}" for at in began_s],
        "verdict": [outcome.value for outcome in series.outcomes],
        "hours": series.hours,
        **values,
    }
    chart = Chart(
        "watch-over-time",
        "The watch, trial by trial",
        "Each mark is a trial. A trend is drift when it exceeds the grey band and its direction is "
        "certain.",
        lambda: watch_over_time(series, title),
        columns,
        OF_TRIALS,
    )
    return Charts((chart,))


def _hours(results: Sequence[TrialResult], wall_s: Mapping[int, float]) -> float:
    times = [wall_s[each.index] for each in results if each.index in wall_s]
    return (max(times) - min(times)) / 3600 if times else 0.0


def _by_hour(hours: Sequence[Mapping[str, Any]]) -> tuple[Table, ...]:
    if not hours:
        return ()
    table = Table(
        "By the hour of the day (UTC), medians",
        (
            Heading("hour", number=True),
            Heading("trials", number=True),
            Heading("failed", number=True),
            Heading("post-repair loss", number=True),
            Heading("video", number=True),
            Heading("frames/s", number=True),
            Heading("CPU", number=True),
            Heading("memory", number=True),
        ),
        tuple(
            (
                Cell(f"{each['hour_utc']:02d}", float(each["hour_utc"])),
                number_cell(each["trials"]),
                number_cell(each["failed"]),
                percent_cell(each["residual_loss_ratio"]),
                bitrate_cell(each["video_bitrate_bps"]),
                frames_cell(each["frame_rate"]),
                cpu_cell(each["cpu_percent"]),
                number_cell(each["memory_bytes"], _megabytes(each["memory_bytes"])),
            )
            for each in hours
        ),
        traced=OF_TRIALS,
    )
    return (table,)


def _megabytes(value: float | None) -> str | None:
    return None if value is None else f"{value / 1e6:.0f} MB"
