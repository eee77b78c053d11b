"""Figure of the media server's threads over a trial: one that saturates its core is a limit."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from farm.model.trial_evidence import Phases
from farm.model.wording import percent
from reports.figures.canvas import (
    BLACK,
    BLUE,
    ORANGE,
    finish_time_axes,
    headline,
    largest,
    mark_limit,
    new_figure,
    trial_time,
)
from reports.series.grid import mean_held
from reports.series.server_threads import ThreadSeries
from reports.series.trial import ServerSeries

FULL_PERCENT = 90.0
"""CPU in percent of one core from which on a thread is saturated (`farm.attribution`)."""


def server_threads(server: ServerSeries, threads: ThreadSeries, phases: Phases) -> Figure:
    """Draw CPU of the machine and its busiest thread above, a row for each busy thread below."""
    rows = len(threads.names)
    figure, (total, each) = new_figure(2, height=3.6 + 0.2 * rows)
    shown = trial_time(total, server.time_s, phases)
    total.plot(shown, server.cpu_percent, color=BLUE, label="machine, % of all its cores")
    total.plot(
        shown,
        server.process_cpu_percent,
        color=ORANGE,
        ls="--",
        label="media server, % of one core",
    )
    total.plot(
        shown,
        server.busiest_thread_percent,
        color=BLACK,
        ls=":",
        label="its busiest thread, % of one core",
    )
    mark_limit(total, FULL_PERCENT, f"a saturated core, {FULL_PERCENT:.0f} %")
    top = largest(server.cpu_percent, server.process_cpu_percent, server.busiest_thread_percent)
    total.set_ylim(0, max(105.0, top * 1.05))
    total.set_ylabel("CPU, %")
    at = trial_time(each, threads.time_s, phases)
    mesh = each.pcolormesh(
        np.append(at, at[-1] + 1),
        np.arange(rows + 1),
        np.ma.masked_invalid(threads.cpu_percent),
        cmap="YlOrBr",
        vmin=0,
        vmax=100,
        rasterized=True,
    )
    each.set_facecolor("#d7dbe0")
    each.invert_yaxis()
    each.grid(visible=False)
    each.set_yticks(np.arange(rows) + 0.5, threads.names)
    each.tick_params(axis="y", length=0, labelsize=8)
    more = f", {rows} of {threads.total}" if rows < threads.total else ""
    each.set_ylabel(f"threads{more}")
    bar = figure.colorbar(mesh, ax=[total, each], pad=0.02, fraction=0.05, aspect=30)
    bar.set_label("of one core, %")
    finish_time_axes(figure, [total, each], server.time_s, phases)
    headline(figure, _title(threads, phases))
    return figure


def _title(threads: ThreadSeries, phases: Phases) -> str:
    means = np.array([mean_held(threads.time_s, each, phases) for each in threads.cpu_percent])
    if not np.isfinite(means).any():
        return "The media server's threads were not sampled in the hold"
    means = np.nan_to_num(means)
    busiest = int(means.argmax())
    rest = np.delete(means, busiest)
    second = f"; the next {percent(rest.max() / 100)}" if rest.size else ""
    return (
        f"The busiest thread, {threads.names[busiest]}, used {percent(means[busiest] / 100)} of "
        f"its core in the hold{second}"
    )
