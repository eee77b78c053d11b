"""The charts of the machines of a trial: the server's, the generator's. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from farm.attribution import CrossCorrelation
from farm.model.criteria import HOST_BUSY, InvalidLimits
from farm.model.durations import format_duration
from farm.model.experiment import Experiment
from farm.model.webrtc_stats import MediaKind
from farm.model.wording import percent
from reports.exports.row_commands import Traced
from reports.figures.chart import Chart, Column
from reports.figures.cpu_and_quality import quality_against_cpu
from reports.figures.hosts import host_use, waited_most
from reports.figures.machines import cpu_and_quality, generator_and_server, server_resources
from reports.figures.server_threads import server_threads
from reports.series.grid import Array, Grid, samples_on_grid
from reports.series.trial import ServerSeries, TrialSeries


def machine_charts(
    series: TrialSeries, settings: Experiment, cpu: CrossCorrelation | None
) -> Sequence[Chart | str]:
    """The charts of server and generator; a sentence for each that has no data.

    `cpu` is the correlation of the server's CPU with quality, None where it is not known.
    """
    charts: list[Chart | str] = []
    server, phases = series.server, series.phases
    if server is None:
        charts.append("No server figures: the server's machine was not sampled.")
    else:
        charts += [*_cpu_and_quality(series, server, cpu), *_server(series, server)]
    if any(_any(host.cpu_percent) for host in series.hosts):
        charts += _host_use(series, settings)
        charts.append(
            Chart(
                "generator",
                "Generator CPU beside the server's",
                "The generator is the machines that run probes; the busiest has the thicker line.",
                lambda: generator_and_server(
                    server, series.hosts, phases, settings.invalid.host_cpu
                ),
                {
                    "host": [host.host for host in series.hosts for _ in host.time_s],
                    "run_time_s": np.concatenate([host.time_s for host in series.hosts]),
                    "cpu_percent": np.concatenate([host.cpu_percent for host in series.hosts]),
                    "busiest_thread_percent": np.concatenate(
                        [host.busiest_thread_percent for host in series.hosts]
                    ),
                },
                Traced(("hosts", "server")),
            )
        )
    else:
        charts.append("No generator CPU: the machines that ran probes were not sampled.")
    return charts


def _host_use(series: TrialSeries, settings: Experiment) -> Sequence[Chart]:
    """The chart of the host that waited most; none for a recording without CPU by program."""
    hosts = tuple(host for host in series.hosts if host.used)
    if not hosts:
        return []
    host, limit_s = waited_most(hosts, series.phases), settings.invalid.waited_for_cpu_s
    waits_known = bool(np.isfinite(host.wait_each_s).any())
    more = ", of the hosts the one whose probes waited longest" if len(series.hosts) > 1 else ""
    return [
        Chart(
            "host",
            "Who used the generator's cores",
            f"Of {host.host}{more}. {_when_invalid(settings.invalid, waits_known=waits_known)}",
            lambda: host_use(host, limit_s, series.phases),
            {
                "run_time_s": host.time_s,
                **{f"{user} (cores)": values for user, values in host.used.items()},
                "wait_each_s": host.wait_each_s,
            },
            Traced(("hosts",)),
        )
    ]


def _when_invalid(invalid: InvalidLimits, *, waits_known: bool) -> str:
    """The rules by which the use of its cores makes a trial invalid."""
    limit = invalid.host_cpu
    if limit is None and not waits_known:
        limit = HOST_BUSY
    rules = []
    if waits_known:
        each = format_duration(invalid.waited_for_cpu_s)
        rules.append(f"its probes waited longer than {each} each time for a core")
        if invalid.other_programs < 1:
            rules.append(
                f"however short they waited, its cores were {percent(HOST_BUSY)} busy for 5 s and "
                f"other programs used more than {percent(invalid.other_programs)} of them"
            )
    if limit is not None:
        rules.append(f"its cores were more than {percent(limit)} busy for 5 s")
    innocent = "" if limit is not None else "Probes that keep a machine busy are no fault. "
    return f"{innocent}A trial is invalid where {'; or where '.join(rules)}."


def _cpu_and_quality(
    series: TrialSeries, server: ServerSeries, told: CrossCorrelation | None
) -> Sequence[Chart]:
    """The charts of CPU and quality: on one time axis, and one against the other."""
    kind: MediaKind = "video" if _seen(series.received_bps["video"]) else "audio"
    received, phases = series.received_bps[kind], series.phases
    if not (_seen(received) and _any(server.cpu_percent)):
        return []
    relation = "The server's CPU and what probes received" if told is None else _upper(told.said)
    finding = "no correlation is known" if told is None else told.said
    frames = series.frame_rate if kind == "video" and _seen(series.frame_rate) else None
    over_time = Chart(
        "cpu-and-quality",
        "Server CPU and quality",
        f"On one time axis. In the hold {finding}.",
        lambda: cpu_and_quality(server, received, frames, series.loss, phases, relation=relation),
        {
            **_server_columns(server),
            "received_mean_bps": _mean_at(received, server.time_s),
            **({} if frames is None else {"frame_rate_mean": _mean_at(frames, server.time_s)}),
            "lost_mean_ratio": _mean_at(series.loss, server.time_s),
        },
        Traced(("server", "inbound-rtp")),
    )
    in_hold = received.between(phases.hold_s, phases.leave_s)
    if phases.hold_s is None or not in_hold.time_s.size:
        return [over_time]
    cpu = samples_on_grid(server.time_s, server.cpu_percent, in_hold.time_s)
    rate, lost = in_hold.band().mean, _mean_at(series.loss, in_hold.time_s)
    decoded = None if frames is None else _mean_at(frames, in_hold.time_s)
    against = Chart(
        "quality-against-cpu",
        "Quality against the server's CPU",
        "Each mark is a second of the hold, a mean over all probes. Where quality falls as CPU "
        "rises, the marks fall to the right.",
        lambda: quality_against_cpu(kind, cpu, rate, decoded, lost, relation=relation),
        {
            "run_time_s": in_hold.time_s,
            "server_cpu_percent": cpu,
            "received_mean_bps": rate,
            **({} if decoded is None else {"frame_rate_mean": decoded}),
            "lost_mean_ratio": lost,
        },
        Traced(("server", "inbound-rtp")),
    )
    return [over_time, against]


def _server(series: TrialSeries, server: ServerSeries) -> Sequence[Chart]:
    charts = []
    threads, phases = series.threads, series.phases
    if threads is not None:
        charts.append(
            Chart(
                "server-threads",
                "CPU of the server, thread by thread",
                "Rows are the busiest threads. One dark row while the machine has room means that "
                "more cores will not help.",
                lambda: server_threads(server, threads, phases),
                {
                    "run_time_s": threads.time_s,
                    **{
                        f"{name}_percent": values
                        for name, values in zip(threads.names, threads.cpu_percent, strict=True)
                    },
                },
                Traced(("server",)),
            )
        )
    return [
        *charts,
        Chart(
            "server",
            "Memory, threads, descriptors and network of the server",
            "A line that rises through the hold shows a leak, or a load that never settled.",
            lambda: server_resources(server, phases),
            _server_columns(server),
            Traced(("server",)),
        ),
    ]


def _upper(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}"


def _server_columns(server: ServerSeries) -> Mapping[str, Column]:
    return {
        "run_time_s": server.time_s,
        "cpu_percent": server.cpu_percent,
        "process_cpu_percent": server.process_cpu_percent,
        "busiest_thread_percent": server.busiest_thread_percent,
        "steal_percent": server.steal_percent,
        "process_rss_bytes": server.process_rss_bytes,
        "process_threads": server.process_threads,
        "process_descriptors": server.process_descriptors,
        "received_bps": server.received_bps,
        "sent_bps": server.sent_bps,
    }


def _mean_at(grid: Grid, time_s: Array) -> Array:
    return samples_on_grid(grid.time_s, grid.band().mean, time_s)


def _seen(grid: Grid) -> bool:
    return _any(grid.values)


def _any(values: Array) -> bool:
    return bool(np.isfinite(values).any())
