"""Figures of a search: loads tried, their verdicts, CPU and quality by load."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from farm.model.verdict import Outcome
from farm.model.wording import counted, percent
from reports.figures.canvas import (
    BLUE,
    GREEN,
    GREY,
    VERDICT_MARKS,
    VERMILLION,
    bit_rate,
    from_zero,
    headline,
    legend_below,
    mark_limit,
)
from reports.series.grid import Array
from reports.series.search import CapacityCurve, SearchSeries, Threshold


def search_timeline(search: SearchSeries) -> Figure:
    """Draw each trial's load over time with its verdict, and the bounds as they converge."""
    figure = Figure()
    axes = figure.subplots()
    start = (search.start_s - np.nanmin(search.start_s)) / 60
    end = (search.end_s - np.nanmin(search.start_s)) / 60
    passed, failed = search.largest_passed(), search.smallest_failed()
    if np.isfinite(passed).any():
        axes.step(end, passed, where="post", color=GREEN, lw=1.3, label="largest load that passed")
    if np.isfinite(failed).any():
        axes.step(
            end,
            failed,
            where="post",
            color=VERMILLION,
            lw=1.3,
            ls="--",
            label="smallest load that failed",
        )
    axes.hlines(search.load, start, end, color=GREY, lw=3, alpha=0.45)
    _verdict_marks(axes, search, end, search.load)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylabel("load, probes")
    axes.set_xlabel("minutes since the first trial began")
    axes.margins(x=0.04, y=0.12)
    from_zero(axes)
    legend_below(figure, axes)
    headline(figure, _bounds(passed, failed))
    return figure


def capacity_by_load(search: SearchSeries, curve: CapacityCurve) -> Figure:
    """Draw the probability to pass by load, the capacity's interval, each trial as a mark."""
    figure = Figure()
    axes = figure.subplots()
    low, high = curve.interval
    pad = 0.04 * max(1.0, float(curve.loads[-1] - curve.loads[0]))
    left, right = curve.loads[0] - pad, curve.loads[-1] + pad
    if low is not None or high is not None:
        # An end that nothing bounds is the edge of the figure, so that the band is always seen.
        first = left if low is None else low
        last = right if high is None else high
        axes.axvspan(
            first,
            last,
            color=BLUE,
            alpha=0.14,
            lw=0,
            label=f"the capacity, with {percent(curve.confidence)} confidence",
        )
    if np.isfinite(curve.chance).any():
        only = "o" if np.isfinite(curve.chance).sum() == 1 else ""
        axes.plot(
            curve.loads,
            curve.chance * 100,
            color=BLUE,
            marker=only,
            ms=4,
            label="trials that pass, estimated from all trials",
        )
    mark_limit(axes, curve.reliability * 100, f"asked for: {percent(curve.reliability)} pass")
    rows = _rows_of_marks(search)
    _verdict_marks(axes, search, search.load, rows)
    axes.set_yticks([0, 25, 50, 75, 100])
    axes.set_ylabel("trials that pass, %")
    axes.set_xlabel("load, probes")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlim(left, right)
    axes.set_ylim(min(0.0, float(rows.min())) - 7, max(100.0, float(rows.max())) + 7)
    legend_below(figure, axes)
    headline(figure, _capacity(curve))
    return figure


def _rows_of_marks(search: SearchSeries) -> Array:
    """Heights of the marks: passes above the curve, fails below, invalid ones in its middle."""
    height = {Outcome.PASS: (106.0, 7.0), Outcome.FAIL: (-6.0, -7.0), Outcome.INVALID: (50.0, 7.0)}
    seen: dict[tuple[float, Outcome], int] = {}
    rows = []
    for load, outcome in zip(search.load.tolist(), search.outcomes, strict=True):
        before = seen.get((load, outcome), 0)
        seen[load, outcome] = before + 1
        at, further = height[outcome]
        rows.append(at + further * before)
    return np.array(rows)


def _capacity(curve: CapacityCurve) -> str:
    low, high = curve.interval
    if not np.isfinite(curve.chance).any():
        return "The capacity is unknown: no trial tells anything of the server"
    if low is not None and high is not None:
        where = f"lies between {low} and {counted(high, 'probe')}"
    elif low is not None:
        where = f"is {counted(low, 'probe')} or more"
    elif high is not None:
        where = f"is {counted(high, 'probe')} or fewer"
    else:
        return "The trials do not bound the capacity"
    sure = f"The capacity {where}, with {percent(curve.confidence)} confidence"
    # Without a load that failed, or one that passed, "most likely" is only a prior assumption.
    bounded = curve.probes is not None and low is not None and high is not None
    return f"{sure}: most likely {curve.probes}" if bounded else sure


def cpu_by_load(search: SearchSeries, generator_limit_ratio: float | None) -> Figure:
    """Draw mean CPU in the hold by load: the server's machine beside the generator's busiest."""
    figure = Figure()
    server, generator = figure.subplots(1, 2, sharey=True)
    _verdict_marks(server, search, search.load, search.server_cpu_percent)
    _verdict_marks(generator, search, search.load, search.host_cpu_percent)
    if generator_limit_ratio is not None:
        mark_limit(
            generator,
            generator_limit_ratio * 100,
            f"generator's limit, {percent(generator_limit_ratio)}",
        )
    server.set_title("server")
    generator.set_title("generator, its busiest machine")
    server.set_ylabel("CPU, % of the machine's cores")
    for axes in (server, generator):
        axes.set_xlabel("load, probes")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.margins(x=0.08)
    server.set_ylim(0, 105)
    server.set_xlim(left=0)
    generator.set_xlim(left=0)
    if not np.isfinite(search.server_cpu_percent).any():
        server.set_xlim(generator.get_xlim())
        server.annotate("unknown", (0.5, 0.5), xycoords="axes fraction", ha="center")
    legend_below(figure, server, generator)
    headline(figure, _cpu_at_largest_passed(search))
    return figure


def quality_by_load(search: SearchSeries, loss_limit_ratio: float) -> Figure:
    """Draw mean bitrate, frame rate and loss in the hold by load."""
    figure, panels = _quality(search, search.load, loss_limit_ratio)
    panels[2].set_xlabel("load, probes")
    panels[2].xaxis.set_major_locator(MaxNLocator(integer=True))
    legend_below(figure, *panels)
    headline(figure, "What the probes received at each load, averages of the hold")
    return figure


def quality_by_cpu(
    search: SearchSeries, loss_limit_ratio: float, threshold: Threshold | None
) -> Figure:
    """Draw quality by the server's CPU, with the CPU at which to start another server."""
    figure, panels = _quality(search, search.server_cpu_percent, loss_limit_ratio)
    title = "No CPU level is known that predicts in time when quality falls"
    if threshold is not None:
        at = f"start another server at {threshold.cpu_percent:.0f} %"
        title = f"{at[:1].upper()}{at[1:]} of this one's CPU"
        for axes in panels:
            axes.axvline(threshold.cpu_percent, color=BLUE, lw=1.3, ls="-.", label=at)
            axes.axvspan(*threshold.interval, color=BLUE, alpha=0.12)
    panels[2].set_xlabel("the server's CPU, % of the machine's cores")
    legend_below(figure, *panels)
    headline(figure, title)
    return figure


def _quality(search: SearchSeries, x: Array, loss_limit_ratio: float) -> tuple[Figure, list[Axes]]:
    """A figure of three panels with a mark for each trial at its `x`."""
    unit = bit_rate(search.video_bitrate_bps)
    figure = Figure()
    figure.set_figheight(5.4)
    panels = figure.subplots(3, 1, sharex=True)
    for axes, values, label in zip(
        panels,
        (
            search.video_bitrate_bps / unit.scale,
            search.frame_rate,
            search.residual_loss_ratio * 100,
        ),
        (f"video,\n{unit.name}", "frames/s", "post-repair\nloss, %"),
        strict=True,
    ):
        _verdict_marks(axes, search, x, values)
        axes.set_ylabel(label)
        axes.margins(x=0.05, y=0.15)
        from_zero(axes)
    mark_limit(panels[2], loss_limit_ratio * 100, f"limit, {percent(loss_limit_ratio)}")
    from_zero(panels[2], loss_limit_ratio * 150)
    panels[2].set_xlim(left=0)
    figure.align_ylabels(panels)
    return figure, list(panels)


def _verdict_marks(axes: Axes, search: SearchSeries, x: Array, y: Array) -> None:
    """Draw one mark for each trial, in the shape and colour of its verdict."""
    for outcome, mark in VERDICT_MARKS.items():
        chosen = np.array([each == outcome for each in search.outcomes], dtype=bool)
        if chosen.any():
            axes.plot(
                x[chosen],
                y[chosen],
                mark.marker,
                ms=9,
                color=mark.color,
                mfc=mark.face,
                mew=1.4,
                label=mark.label,
                clip_on=False,
                zorder=3,
            )


def _bounds(passed: Array, failed: Array) -> str:
    low, high = passed[-1], failed[-1]
    if low == high:
        return f"At {_probes(low)} some trials passed and some failed"
    if low > high:
        return f"From {high:.0f} to {_probes(low)} some trials passed and some failed"
    if np.isfinite(low) and np.isfinite(high):
        return f"Up to {_probes(low)} passed; the smallest load that failed is {_probes(high)}"
    if np.isfinite(low):
        return f"Up to {_probes(low)} passed; no load failed"
    if np.isfinite(high):
        return f"No load passed; the smallest that failed is {_probes(high)}"
    return "No trial had a verdict about the server"


def _probes(load: float) -> str:
    return counted(round(load), "probe")


def _cpu_at_largest_passed(search: SearchSeries) -> str:
    """CPU of server and generator at the largest load that passed, for the title."""
    passed = [i for i, outcome in enumerate(search.outcomes) if outcome == Outcome.PASS]
    if not passed:
        judged = any(outcome != Outcome.INVALID for outcome in search.outcomes)
        return f"CPU by load: no {'load passed' if judged else 'trial was valid'}"
    best = max(passed, key=lambda i: search.load[i])

    def cpu(value: float) -> str:
        return percent(value / 100) if np.isfinite(value) else "unknown"

    return (
        f"At {_probes(search.load[best])}, the largest load at which a trial passed: server CPU "
        f"{cpu(search.server_cpu_percent[best])}, generator CPU "
        f"{cpu(search.host_cpu_percent[best])}"
    )
