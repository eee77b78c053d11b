"""The charts of a search. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from farm.model.experiment import Experiment
from reports.exports.row_commands import OF_TRIALS, Traced
from reports.figures.chart import Chart, Charts, Column
from reports.figures.search import (
    capacity_by_load,
    cpu_by_load,
    quality_by_cpu,
    quality_by_load,
    search_timeline,
)
from reports.figures.server_over_search import ServerOverSearch, server_over_search_figure
from reports.series.search import CapacityCurve, SearchSeries, Threshold


def search_charts(
    search: SearchSeries,
    curve: CapacityCurve,
    settings: Experiment,
    threshold: Threshold | None,
    server: ServerOverSearch | None,
) -> Charts:
    """The charts of a search; none before its first trial was judged.

    `threshold` is the CPU at which to start another server.
    """
    if not search.index:
        return Charts((), ("No figure of the search: no trial was judged.",))
    columns: Mapping[str, Column] = {
        "trial": search.index,
        "verdict": [outcome.value for outcome in search.outcomes],
        "load_probes": search.load,
        "start_s": search.start_s,
        "end_s": search.end_s,
        "server_cpu_percent": search.server_cpu_percent,
        "server_process_cpu_percent": search.server_process_cpu_percent,
        "generator_cpu_percent": search.host_cpu_percent,
        "video_bitrate_bps": search.video_bitrate_bps,
        "residual_loss_ratio": search.residual_loss_ratio,
        "frame_rate": search.frame_rate,
    }
    charts = [
        Chart(
            "search-capacity",
            "Capacity",
            "The estimated probability that a trial passes at each load, between the smallest and "
            "the largest load that was judged; each mark is a trial. The capacity is where the "
            "curve crosses the dotted line, the shaded band its interval.",
            lambda: capacity_by_load(search, curve),
            {"load_probes": curve.loads, "pass_chance": curve.chance},
            OF_TRIALS,
        ),
        Chart(
            "search-quality-by-load",
            "Quality by load",
            "What probes received, averages of the hold. Quality begins to fall at the knee, where "
            "there is one.",
            lambda: quality_by_load(search, settings.criteria.residual_loss),
            columns,
            OF_TRIALS,
        ),
        Chart(
            "search-cpu-by-load",
            "Server and generator CPU by load",
            "Each mark is a trial. A trial whose probes waited for a core is invalid, not failed.",
            lambda: cpu_by_load(search, settings.invalid.host_cpu),
            columns,
            OF_TRIALS,
        ),
    ]
    if np.isfinite(search.server_cpu_percent).any():
        by_cpu = Chart(
            "search-quality-by-cpu",
            "Quality by the server's CPU",
            "What probes received, averages of the hold, and the CPU at which to start another "
            "server; the shaded band is the range of its minute means.",
            lambda: quality_by_cpu(search, settings.criteria.residual_loss, threshold),
            columns,
            OF_TRIALS,
        )
        charts.insert(2, by_cpu)
    if np.isfinite(search.start_s).any():
        timeline = Chart(
            "search-timeline",
            "The search, trial by trial",
            "Each bar is a trial, its mark the verdict; the lines are the bounds as they converge.",
            lambda: search_timeline(search),
            columns,
            OF_TRIALS,
        )
        charts.insert(1, timeline)
    if server is not None:
        over_search = Chart(
            "search-server",
            "The server over the search",
            "Every second of every trial, the load on top. A value that does not return to its "
            "level between trials shows a leak.",
            lambda: server_over_search_figure(server),
            server.columns(),
            Traced(("server",)),
        )
        charts.append(over_search)
    return Charts(tuple(charts))
