"""Figure of the server over a whole search, trial after trial, with the load of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from farm.model.verdict import Outcome
from farm.model.wording import counted, percent
from reports.figures.canvas import (
    BLACK,
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    VERDICT_MARKS,
    bit_rate,
    byte_size,
    from_zero,
    headline,
    legend_below,
    new_figure,
)
from reports.figures.chart import Column
from reports.series.grid import Array
from reports.series.search import SearchSeries
from reports.series.trial import ServerSeries

_COLUMNS = (
    "cpu_percent",
    "busiest_thread_percent",
    "process_rss_bytes",
    "received_bps",
    "sent_bps",
    "process_descriptors",
)


@dataclass(frozen=True, slots=True, eq=False)
class ServerOverSearch:
    """The server's figures in all seconds of all trials, with one NaN between two trials.

    `minutes` are since the first trial began, `load` is that of the trial.
    """

    search: SearchSeries
    minutes: Array
    load: Array
    values: Mapping[str, Array]

    def columns(self) -> Mapping[str, Column]:
        return {"minutes": self.minutes, "load_probes": self.load, **self.values}


def server_over_search(
    search: SearchSeries, began_s: Mapping[int, float], servers: Mapping[int, ServerSeries]
) -> ServerOverSearch | None:
    """The server's figures over a search; `None` where it was sampled in no trial.

    `began_s` are the starts of trials' ramps in their own run time, `servers` the trials' samples.
    """
    minutes: list[Array] = []
    load: list[Array] = []
    values: dict[str, list[Array]] = {name: [] for name in _COLUMNS}
    first_s = float(np.nanmin(search.start_s)) if np.isfinite(search.start_s).any() else 0.0
    gap = np.array([np.nan])
    for place, index in enumerate(search.index):
        server, start_s = servers.get(index), search.start_s[place]
        if server is None or index not in began_s or not np.isfinite(start_s):
            continue
        at = (server.time_s - began_s[index] + start_s - first_s) / 60
        if not at.size:
            continue
        minutes += [at, at[-1:]]
        load += [np.full(at.shape, search.load[place]), gap]
        for name in _COLUMNS:
            values[name] += [getattr(server, name), gap]
    if not minutes:
        return None
    return ServerOverSearch(
        search,
        np.concatenate(minutes),
        np.concatenate(load),
        {name: np.concatenate(some) for name, some in values.items()},
    )


def server_over_search_figure(server: ServerOverSearch) -> Figure:
    """Draw load and verdicts on top, and the server's CPU, memory, network, descriptors below."""
    search, minutes, values = server.search, server.minutes, server.values
    figure, panels = new_figure(5, height=8.2)
    load, cpu, memory, network, descriptors = panels
    load.plot(minutes, server.load, color=BLACK, lw=2.2, label="load")
    first_s = np.nanmin(search.start_s)
    for outcome, mark in VERDICT_MARKS.items():
        chosen = np.array([each is outcome for each in search.outcomes], dtype=bool)
        if chosen.any():
            load.plot(
                (search.end_s[chosen] - first_s) / 60,
                search.load[chosen],
                mark.marker,
                ms=7,
                color=mark.color,
                mfc=mark.face,
                label=mark.label,
                zorder=3,
            )
    load.set_ylabel("load,\nprobes")
    cpu.plot(minutes, values["cpu_percent"], color=BLUE, label="machine, % of all its cores")
    cpu.plot(
        minutes,
        values["busiest_thread_percent"],
        color=ORANGE,
        lw=1.0,
        label="busiest thread, % of one core",
    )
    cpu.set_ylabel("CPU, %")
    size = byte_size(values["process_rss_bytes"])
    memory.plot(
        minutes,
        values["process_rss_bytes"] / size.scale,
        color=PURPLE,
        label="media server's memory",
    )
    memory.set_ylabel(f"memory,\n{size.name}")
    rate = bit_rate(values["received_bps"], values["sent_bps"])
    network.plot(minutes, values["received_bps"] / rate.scale, color=GREEN, label="receives")
    network.plot(minutes, values["sent_bps"] / rate.scale, color=ORANGE, ls="--", label="sends")
    network.set_ylabel(f"network,\n{rate.name}")
    descriptors.plot(
        minutes, values["process_descriptors"], color=BLACK, ls=":", label="open descriptors"
    )
    descriptors.set_ylabel("descriptors")
    descriptors.set_xlabel("minutes since the first trial began")
    for axes in panels:
        from_zero(axes)
        if not any(np.isfinite(line.get_ydata()).any() for line in axes.lines):
            axes.annotate("not seen", (0.5, 0.4), xycoords="axes fraction", ha="center")
    figure.align_ylabels(panels)
    legend_below(figure, *panels)
    headline(figure, _title(server))
    return figure


def _title(server: ServerOverSearch) -> str:
    """The load at which the server was busiest, for the title."""
    cpu = server.values["cpu_percent"]
    if not np.isfinite(cpu).any():
        return "The server over the search; its CPU was not seen"
    tops = []
    for load in np.unique(server.load[np.isfinite(server.load)]):
        there = cpu[server.load == load]
        if np.isfinite(there).any():
            tops.append((float(np.nanmean(there)), float(load)))
    mean, load = max(tops)
    failed = [
        each
        for each, outcome in zip(server.search.load, server.search.outcomes, strict=True)
        if outcome is Outcome.FAIL
    ]
    least = ""
    if failed:
        fewest = counted(round(min(failed)), "probe")
        least = f"; the smallest load at which a trial failed is {fewest}"
    busy = f"{percent(mean / 100)} of its CPU from ramp to leave"
    return f"The server was busiest at {counted(round(load), 'probe')}, {busy}{least}"
