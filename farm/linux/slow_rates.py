"""Rates between two readings of the counters that are read every few seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from farm.analysis.aggregates import grown
from farm.linux.network import UdpSocket
from farm.linux.proc_rates import minus, positive
from farm.linux.slow_samples import SlowCounters
from farm.model.server_samples import Allowance, ServerSample


def with_slow_rates(
    made: ServerSample, before: SlowCounters | None, after: SlowCounters
) -> ServerSample:
    """The sample with slow counters; rates since `before`, `None` without it."""
    then = before if before and before.pid == after.pid else None
    lasted_s = positive(minus(after.uptime_s, before.uptime_s if before else None))
    sockets, limits, queue = after.sockets, after.limits, after.queue
    past = then.limits if then else None
    return replace(
        made,
        process_virtual_limit_bytes=after.virtual_limit_bytes,
        udp_sockets=None if sockets is None else len(sockets),
        udp_socket_queue_bytes=(
            None
            if sockets is None
            else max((socket.queue_bytes for socket in sockets.values()), default=0)
        ),
        udp_socket_drops_per_s=_per_s(
            _socket_drops(then.sockets if then else None, sockets), lasted_s
        ),
        tcp_listen_drops_per_s=_per_s(
            grown(then.listen_drops if then else None, after.listen_drops), lasted_s
        ),
        sent_limit_bps=queue.limit_bps if queue else None,
        queue_backlog_bytes=queue.backlog_bytes if queue else None,
        queue_drops_per_s=_per_s(
            grown(before.queue.drops if before and before.queue else None, queue.drops)
            if queue
            else None,
            lasted_s,
        ),
        allowances=_allowances(before.allowances if before else None, after.allowances, lasted_s),
        cgroup_cpu_limit_cores=limits.cores if limits else None,
        cgroup_memory_limit_bytes=limits.memory_bytes if limits else None,
        cgroup_memory_used_bytes=limits.memory_used_bytes if limits else None,
        cgroup_memory_limit_hits_per_s=_per_s(
            grown(past.memory_limit_hits if past else None, limits.memory_limit_hits)
            if limits
            else None,
            lasted_s,
        ),
        cgroup_written_limit_bps=limits.written_bps if limits else None,
    )


def _socket_drops(
    before: Mapping[int, UdpSocket] | None, after: Mapping[int, UdpSocket] | None
) -> int | None:
    """Drops on the sockets that are open; one opened in between started at none."""
    if before is None or after is None:
        return None
    return sum(
        max(0, now.drops - (before[inode].drops if inode in before else 0))
        for inode, now in after.items()
    )


def _allowances(
    before: Mapping[str, int] | None, after: Mapping[str, int] | None, lasted_s: float | None
) -> tuple[Allowance, ...] | None:
    if before is None or after is None:
        return None
    return tuple(
        Allowance(name.removesuffix("_allowance_exceeded"), rate)
        for name, now in after.items()
        if (rate := _per_s(grown(before.get(name), now), lasted_s)) is not None
    )


def _per_s(count: int | None, lasted_s: float | None) -> float | None:
    return None if count is None or lasted_s is None else count / lasted_s
