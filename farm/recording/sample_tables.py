"""Samples of pages and machines -> rows of tables, and the columns of these tables.

One table per W3C stats type (`webrtc_stats.STATS_TYPES`), one of the polls themselves, one of host
samples, one of server samples. Columns are only ever added; what an older recording lacks is null.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import polars as pl

from farm.model.host_samples import CpuShare, CpuWait, HostSample
from farm.model.kurento_samples import EndpointStats, KurentoSample
from farm.model.page_samples import ConnectionReport, PageReport
from farm.model.server_samples import Allowance, DiskSample, ServerSample, ThreadSample
from farm.model.webrtc_stats import STATS_TYPES, RtcStats, columns

POLL = "poll"
"""The name of the table of polls, beside those of the W3C types."""

_SCALARS: Mapping[type, pl.DataType] = {
    int: pl.Int64(),
    float: pl.Float64(),
    str: pl.String(),
    bool: pl.Boolean(),
}

_WHEN: Mapping[str, pl.DataType] = {
    "page_time_s": pl.Float64(),
    "host_monotonic_s": pl.Float64(),
    "host_wall_s": pl.Float64(),
}

POLL_SCHEMA: Mapping[str, pl.DataType] = {
    "probe": pl.String(),
    "host": pl.String(),
    **_WHEN,
    "late_s": pl.Float64(),
    "connections": pl.Int64(),
    "states": pl.List(pl.String()),
    "inbound": pl.Int64(),
    "outbound": pl.Int64(),
}

_CPU_WAIT = pl.Struct({"run_s": pl.Float64(), "wait_s": pl.Float64(), "turns": pl.Int64()})

_CPU_USERS = pl.List(
    pl.Struct(
        {
            "user": pl.String(),
            "program": pl.String(),
            "cores": pl.Float64(),
            "low_priority": pl.Boolean(),
        }
    )
)

HOST_SCHEMA: Mapping[str, pl.DataType] = {
    "host": pl.String(),
    "host_monotonic_s": pl.Float64(),
    "cpu_percent": pl.Float64(),
    "steal_percent": pl.Float64(),
    "busiest_thread": pl.String(),
    "busiest_thread_percent": pl.Float64(),
    "memory_available_bytes": pl.Int64(),
    "loop_late_s": pl.Float64(),
    "memory_bytes": pl.Int64(),
    "udp_drops": pl.Int64(),
    "app_late_s": pl.Float64(),
    "cores": pl.Int64(),
    "cpu_wait": _CPU_WAIT,
    "cpu_pressure_percent": pl.Float64(),
    "cpu_users": _CPU_USERS,
    "cpu_limit_cores": pl.Float64(),
    "cpu_throttled_percent": pl.Float64(),
    "media_server_cpu_wait": _CPU_WAIT,
    "media_server_cores": pl.Int64(),
    "media_server_cpu_percent": pl.Float64(),
    "media_server_cpu_users": _CPU_USERS,
}

SERVER_SCHEMA: Mapping[str, pl.DataType] = {
    "received_s": pl.Float64(),
    "uptime_s": pl.Float64(),
    "cpu_percent": pl.Float64(),
    "core_percent": pl.List(pl.Float64()),
    "steal_percent": pl.Float64(),
    "softirq_percent": pl.Float64(),
    "load_1m": pl.Float64(),
    "memory_used_bytes": pl.Int64(),
    "memory_available_bytes": pl.Int64(),
    "process_pid": pl.Int64(),
    "process_cpu_percent": pl.Float64(),
    "process_rss_bytes": pl.Int64(),
    "process_threads": pl.Int64(),
    "process_descriptors": pl.Int64(),
    "received_bps": pl.Float64(),
    "sent_bps": pl.Float64(),
    "received_packets_per_s": pl.Float64(),
    "sent_packets_per_s": pl.Float64(),
    "udp_in_errors_per_s": pl.Float64(),
    "udp_buffer_errors_per_s": pl.Float64(),
    "top_cpu_percent": pl.Float64(),
    "top_process_cpu_percent": pl.Float64(),
    "threads": pl.List(
        pl.Struct({"tid": pl.Int64(), "name": pl.String(), "cpu_percent": pl.Float64()})
    ),
    "asked_s": pl.Float64(),
    "core_softirq_percent": pl.List(pl.Float64()),
    "iowait_percent": pl.Float64(),
    "context_switches_per_s": pl.Float64(),
    "blocked_processes": pl.Int64(),
    "cpu_pressure_percent": pl.Float64(),
    "memory_pressure_percent": pl.Float64(),
    "io_pressure_percent": pl.Float64(),
    "memory_unwritten_bytes": pl.Int64(),
    "oom_kills": pl.Int64(),
    "disks": pl.List(
        pl.Struct(
            {
                "name": pl.String(),
                "read_bps": pl.Float64(),
                "written_bps": pl.Float64(),
                "busy_percent": pl.Float64(),
                "wait_s": pl.Float64(),
            }
        )
    ),
    "process_cores": pl.Int64(),
    "process_virtual_bytes": pl.Int64(),
    "process_virtual_limit_bytes": pl.Int64(),
    "process_major_faults_per_s": pl.Float64(),
    "process_descriptors_limit": pl.Int64(),
    "process_blocked_threads": pl.Int64(),
    "process_context_switches_per_s": pl.Float64(),
    "process_cpu_wait_percent": pl.Float64(),
    "process_read_bps": pl.Float64(),
    "process_written_bps": pl.Float64(),
    "received_errors_per_s": pl.Float64(),
    "received_drops_per_s": pl.Float64(),
    "sent_drops_per_s": pl.Float64(),
    "udp_no_ports_per_s": pl.Float64(),
    "udp_receive_buffer_errors_per_s": pl.Float64(),
    "udp_send_buffer_errors_per_s": pl.Float64(),
    "udp_sockets": pl.Int64(),
    "udp_socket_drops_per_s": pl.Float64(),
    "udp_socket_queue_bytes": pl.Int64(),
    "tcp_retransmits_per_s": pl.Float64(),
    "tcp_listen_drops_per_s": pl.Float64(),
    "sent_limit_bps": pl.Float64(),
    "queue_drops_per_s": pl.Float64(),
    "queue_backlog_bytes": pl.Int64(),
    "allowances": pl.List(pl.Struct({"name": pl.String(), "exceeded_per_s": pl.Float64()})),
    "cgroup_cpu_percent": pl.Float64(),
    "cgroup_cpu_limit_cores": pl.Float64(),
    "cgroup_throttled_percent": pl.Float64(),
    "cgroup_memory_used_bytes": pl.Int64(),
    "cgroup_memory_limit_bytes": pl.Int64(),
    "cgroup_memory_limit_hits_per_s": pl.Float64(),
    "cgroup_written_limit_bps": pl.Float64(),
}

_VALUES: Mapping[str, type[CpuShare | CpuWait | ThreadSample | DiskSample | Allowance]] = {
    "cpu_wait": CpuWait,
    "media_server_cpu_wait": CpuWait,
    "cpu_users": CpuShare,
    "media_server_cpu_users": CpuShare,
    "threads": ThreadSample,
    "disks": DiskSample,
    "allowances": Allowance,
}

_ENDPOINT: Mapping[str, pl.DataType] = {
    "endpoint": pl.String(),
    "direction": pl.String(),
    "kind": pl.String(),
    "packets": pl.Int64(),
    "octets": pl.Int64(),
    "packets_lost": pl.Int64(),
    "nacks": pl.Int64(),
    "plis": pl.Int64(),
    "jitter_s": pl.Float64(),
    "round_trip_time_s": pl.Float64(),
    "remb_bps": pl.Int64(),
}

KURENTO_SCHEMA: Mapping[str, pl.DataType] = {
    "received_s": pl.Float64(),
    "pipelines": pl.Int64(),
    "elements": pl.List(pl.Struct({"type": pl.String(), "count": pl.Int64()})),
    "used_cpu_percent": pl.Float64(),
    "used_memory_bytes": pl.Int64(),
    "endpoints": pl.List(pl.Struct(_ENDPOINT)),
}


def stats_schema(type: str) -> dict[str, pl.DataType]:
    """Columns of a W3C stats type: probe, connection, times, W3C's members, others as JSON."""
    return {
        "probe": pl.String(),
        "host": pl.String(),
        "connection": pl.String(),
        "connection_state": pl.String(),
        **_WHEN,
        **{name: _SCALARS[kind] for name, kind in columns(STATS_TYPES[type]).items()},
        "other": pl.String(),
    }


_MEMBERS: Mapping[type[RtcStats], Callable[[RtcStats], tuple[Any, ...]]] = {
    cls: operator.attrgetter(*columns(cls)) for cls in STATS_TYPES.values()
}


def stats_rows(report: PageReport, host: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """`(type, row)` of every dictionary in a report, rows as `stats_schema(type)` has them."""
    when = (report.page_time_s, report.host_monotonic_s, report.host_wall_s)
    for connection in report.connections:
        whose = (report.probe, host, connection.connection, connection.state, *when)
        for stats in connection.stats:
            # Members beyond W3C's are dropped where the page's report is parsed: `other` is null.
            yield stats.type, (*whose, *_MEMBERS[type(stats)](stats), None)


def poll_row(report: PageReport, host: str) -> tuple[Any, ...]:
    """A row of `POLL_SCHEMA`; `inbound` and `outbound` are how many streams the report has."""
    types = Counter(stats.type for each in report.connections for stats in each.stats)
    return (
        report.probe,
        host,
        report.page_time_s,
        report.host_monotonic_s,
        report.host_wall_s,
        report.late_s,
        len(report.connections),
        _states(report.connections),
        types["inbound-rtp"],
        types["outbound-rtp"],
    )


def host_row(sample: HostSample) -> tuple[Any, ...]:
    """A row of `HOST_SCHEMA`."""
    return tuple(_cell(getattr(sample, name), name) for name in HOST_SCHEMA)


def server_row(sample: ServerSample) -> tuple[Any, ...]:
    """A row of `SERVER_SCHEMA`; the text of `top` is not in it."""
    return tuple(_cell(getattr(sample, name), name) for name in SERVER_SCHEMA)


def _cell(value: Any, name: str) -> Any:
    """The cell of a value: a dataclass becomes a dictionary, a list of them a list of these."""
    if value is None or name not in _VALUES:
        return value
    return [asdict(each) for each in value] if isinstance(value, tuple) else asdict(value)


def kurento_row(sample: KurentoSample) -> tuple[Any, ...]:
    """A row of `KURENTO_SCHEMA`."""
    return (
        sample.received_s,
        sample.pipelines,
        [{"type": type, "count": count} for type, count in sample.elements],
        sample.used_cpu_percent,
        sample.used_memory_bytes,
        [{name: getattr(each, name) for name in _ENDPOINT} for each in sample.endpoints],
    )


def kurento_samples(frame: pl.DataFrame | None) -> tuple[KurentoSample, ...]:
    """The samples in rows of `KURENTO_SCHEMA`."""
    return tuple(
        KurentoSample(
            received_s=row["received_s"],
            pipelines=row["pipelines"],
            elements=tuple((each["type"], each["count"]) for each in row["elements"]),
            used_cpu_percent=row["used_cpu_percent"],
            used_memory_bytes=row["used_memory_bytes"],
            endpoints=tuple(EndpointStats(**each) for each in row["endpoints"]),
        )
        for row in _rows(frame, tuple(KURENTO_SCHEMA))
    )


def host_samples(frame: pl.DataFrame | None) -> tuple[HostSample, ...]:
    """The samples in rows of `HOST_SCHEMA`, with `run_s` if that column is there."""
    return tuple(HostSample(**_with_values(row)) for row in _rows(frame, (*HOST_SCHEMA, "run_s")))


def server_samples(frame: pl.DataFrame | None) -> tuple[ServerSample, ...]:
    """The samples in rows of `SERVER_SCHEMA`, with `run_s` if that column is there."""
    return tuple(
        ServerSample(**_with_values(row)) for row in _rows(frame, (*SERVER_SCHEMA, "run_s"))
    )


def _with_values(row: dict[str, Any]) -> dict[str, Any]:
    """The row with tuples for lists and dataclasses for dictionaries."""
    for name, value in row.items():
        make = _VALUES.get(name)
        if isinstance(value, list):
            row[name] = tuple(make(**each) if make else each for each in value)
        elif isinstance(value, dict) and make is not None:
            row[name] = make(**value)
    return row


def _rows(frame: pl.DataFrame | None, names: Sequence[str]) -> Iterable[dict[str, Any]]:
    if frame is None:
        return ()
    return frame.select([name for name in names if name in frame.columns]).iter_rows(named=True)


def _states(connections: Sequence[ConnectionReport]) -> list[str]:
    return [connection.state for connection in connections]
