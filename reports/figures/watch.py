"""Figure of a watch: quality and the server's resources, trial by trial, over days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from farm.analysis.drift import SLACKS
from farm.model.verdict import Outcome
from farm.results.watch_summary import FigureOverTrials
from reports.figures.canvas import (
    BLACK,
    BLUE,
    GREY,
    VERDICT_MARKS,
    from_zero,
    headline,
    legend_below,
)
from reports.series.grid import Array

PANEL_INCHES = 1.3
LEGEND_INCHES = 1.4


@dataclass(frozen=True, slots=True, eq=False)
class WatchSeries:
    """The trials of a watch in order, `(trials,)` each, NaN where unknown.

    `hours` are since the first of them began, by the wall clock; `values` are by the figures' names
    in `farm.analysis.drift.SLACKS`, `courses` have the trends of those that are known.
    """

    index: tuple[int, ...]
    outcomes: tuple[Outcome, ...]
    hours: Array
    values: Mapping[str, Array]
    courses: tuple[FigureOverTrials, ...]


def watch_over_time(watch: WatchSeries, title: str) -> Figure:
    """Draw a panel for each figure: all trials with verdicts, the trend, the allowed change."""
    figure = Figure()
    figure.set_figheight(LEGEND_INCHES + PANEL_INCHES * max(1, len(watch.courses)))
    panels = figure.subplots(max(1, len(watch.courses)), 1, sharex=True, squeeze=False)[:, 0]
    by_day = watch.hours.size > 0 and float(np.nanmax(watch.hours)) > 72
    x = watch.hours / (24 if by_day else 1)
    for axes, course in zip(panels, watch.courses, strict=False):
        slack = SLACKS[course.figure]
        values = watch.values[course.figure] * slack.scale
        first, allowed = course.first * slack.scale, course.allowed * slack.scale
        axes.axhspan(
            max(0.0, first - allowed),
            first + allowed,
            color=GREY,
            alpha=0.18,
            lw=0,
            label="allowed change",
        )
        for outcome, mark in VERDICT_MARKS.items():
            chosen = np.array([each is outcome for each in watch.outcomes], dtype=bool)
            chosen &= np.isfinite(values)
            if chosen.any():
                axes.plot(
                    x[chosen],
                    values[chosen],
                    mark.marker,
                    ms=4 if outcome is Outcome.PASS else 7,
                    clip_on=False,
                    color=mark.color,
                    mfc=mark.face,
                    label=mark.label,
                    zorder=3,
                )
        valid = np.array([each is not Outcome.INVALID for each in watch.outcomes], dtype=bool)
        valid &= np.isfinite(values)
        scale = slack.scale * (24 if by_day else 1)
        _trend_line(axes, course, x[valid], values[valid], scale)
        unit = slack.unit.strip() or "1"
        axes.set_ylabel(f"{slack.name},\n{unit}")
        from_zero(axes, first + 1.5 * allowed)
    panels[-1].set_xlabel(f"{'days' if by_day else 'hours'} since the first trial of the watch")
    panels[-1].margins(x=0.03)
    figure.align_ylabels(panels)
    legend_below(figure, *panels)
    headline(figure, title)
    return figure


def _trend_line(
    axes: Axes, course: FigureOverTrials, x: Array, values: Array, scale: float
) -> None:
    """Draw a line through the median of the valid trials, with the slope of the trend."""
    if course.trend is None or not values.size:
        return
    slope = course.trend.per_hour * scale
    middle = float(np.median(values - slope * x))
    ends = np.array([x.min(), x.max()])
    axes.plot(
        ends,
        middle + slope * ends,
        color=BLACK if course.drifts else BLUE,
        lw=1.6 if course.drifts else 1.0,
        ls="-" if course.drifts else "--",
        label="trend that is drift" if course.drifts else "trend",
        zorder=4,
    )
