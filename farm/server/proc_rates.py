"""What happened between two looks at `/proc`.

Counters that ran backwards (another boot, another process) give `None`, never 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TypeVar

from farm.observations import ServerSample, ThreadSample
from farm.server.proc import CpuTicks, Look, RunningProcess

T = TypeVar("T")
N = TypeVar("N", int, float)


def sample(
    before: Look,
    after: Look,
    received_s: float,
    ticks_per_s: int,
    cores: tuple[int, ...] | None = None,
) -> ServerSample:
    """What happened between two looks; rates are over the server's own clock.

    CPU figures are those of `cores` where given, else of all. Threads and descriptors are not in
    it: they are looked at less often (see `thread_samples`).
    """
    lasted_s = _positive(_minus(after.uptime_s, before.uptime_s))
    busy = _shares(before.cores, after.cores, cores)
    process = _same_process(before.process, after.process)
    now = after.process
    traffic = _rates(before.traffic, after.traffic, lasted_s)
    udp = before.udp if after.udp and before.udp and before.udp.path == after.udp.path else None
    return ServerSample(
        received_s=received_s,
        uptime_s=after.uptime_s,
        cpu_percent=busy.cpu if busy else None,
        core_percent=busy.each if busy else None,
        steal_percent=busy.steal if busy else None,
        softirq_percent=busy.softirq if busy else None,
        load_1m=after.load_1m,
        memory_used_bytes=_minus(after.memory_total_bytes, after.memory_available_bytes),
        memory_available_bytes=after.memory_available_bytes,
        process_pid=now.pid if now else None,
        process_cpu_percent=(
            _percent(now.ticks - process.ticks, lasted_s, ticks_per_s) if now and process else None
        ),
        process_rss_bytes=now.rss_bytes if now else None,
        process_threads=now.threads if now else None,
        received_bps=_times(traffic.get("received_bytes"), 8),
        sent_bps=_times(traffic.get("sent_bytes"), 8),
        received_packets_per_s=traffic.get("received_packets"),
        sent_packets_per_s=traffic.get("sent_packets"),
        udp_in_errors_per_s=_rates(udp, after.udp, lasted_s).get("in_errors"),
        udp_buffer_errors_per_s=_rates(udp, after.udp, lasted_s).get("buffer_errors"),
    )


def thread_samples(before: Look, after: Look, ticks_per_s: int) -> tuple[ThreadSample, ...] | None:
    """CPU of each thread between two looks that both saw them, the busiest first.

    A thread that came in between is counted from its birth. `None` when the process is another.
    """
    lasted_s = _positive(_minus(after.uptime_s, before.uptime_s))
    same = _same_process(before.process, after.process)
    if before.threads is None or after.threads is None or lasted_s is None or same is None:
        return None
    seen = []
    for tid, now in after.threads.items():
        then = before.threads.get(tid)
        earlier = then.ticks if then and then.started == now.started else 0
        percent = _percent(now.ticks - earlier, lasted_s, ticks_per_s)
        if percent is not None:
            seen.append(ThreadSample(tid, now.name, percent))
    return tuple(sorted(seen, key=lambda thread: -thread.cpu_percent))


@dataclass(frozen=True, slots=True)
class _Shares:
    cpu: float
    steal: float
    softirq: float
    each: tuple[float, ...]


def _shares(
    before: Mapping[int, CpuTicks] | None,
    after: Mapping[int, CpuTicks] | None,
    only: tuple[int, ...] | None,
) -> _Shares | None:
    """Percentages of the time that passed on the cores in question; `each` is in their order."""
    if before is None or after is None:
        return None
    chosen = [core for core in sorted(after) if core in before and (only is None or core in only)]
    total = sum(after[core].total - before[core].total for core in chosen)
    if total <= 0:
        return None

    def percent(name: str, cores: list[int], of: int) -> float:
        ran: int = sum(getattr(after[core], name) - getattr(before[core], name) for core in cores)
        return min(100.0, max(0.0, 100.0 * ran / of))

    return _Shares(
        cpu=percent("busy", chosen, total),
        steal=percent("steal", chosen, total),
        softirq=percent("softirq", chosen, total),
        each=tuple(
            percent("busy", [core], max(1, after[core].total - before[core].total))
            for core in chosen
        ),
    )


def _same_process(
    before: RunningProcess | None, after: RunningProcess | None
) -> RunningProcess | None:
    same = before and after and (before.pid, before.started) == (after.pid, after.started)
    return before if same else None


def _rates(before: T | None, after: T | None, lasted_s: float | None) -> dict[str, float]:
    """Every counter's rate; empty where there is none."""
    if before is None or after is None or lasted_s is None:
        return {}
    rates = {}
    for field in fields(after):  # type: ignore[arg-type]
        now, then = getattr(after, field.name), getattr(before, field.name)
        if isinstance(now, int) and now >= then:
            rates[field.name] = (now - then) / lasted_s
    return rates


def _percent(ticks: int, lasted_s: float | None, ticks_per_s: int) -> float | None:
    return None if lasted_s is None or ticks < 0 else 100.0 * ticks / ticks_per_s / lasted_s


def _minus(left: N | None, right: N | None) -> N | None:
    return None if left is None or right is None else left - right


def _times(value: N | None, factor: int) -> N | None:
    return None if value is None else value * factor


def _positive(value: float | None) -> float | None:
    return value if value is not None and value > 0 else None
