"""Rates between two readings of `/proc`.

Counters that ran backwards (another boot, another process) give `None`, never 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Protocol, TypeVar

from farm.analysis.aggregates import grown
from farm.linux.control_groups import throttled_percent
from farm.linux.disks import Disk
from farm.linux.proc import CpuTicks, ProcCounters, RunningProcess, Thread
from farm.model.server_samples import DiskSample, ServerSample, ThreadSample

T = TypeVar("T")
N = TypeVar("N", int, float)


def sample(
    before: ProcCounters,
    after: ProcCounters,
    received_s: float,
    ticks_per_s: int,
    cores: tuple[int, ...] | None = None,
) -> ServerSample:
    """A sample from two readings; rates are over the server's own clock.

    CPU figures are those of `cores` if given, else of all. Counters that are read less often are
    not in it (see `thread_rates`, `farm.linux.slow_rates`).
    """
    lasted_s = positive(minus(after.uptime_s, before.uptime_s))
    busy = _shares(before.cores, after.cores, cores)
    process = _same_process(before.process, after.process)
    now = after.process
    of_process = rates(process, now, lasted_s)
    of_machine = rates(before.activity, after.activity, lasted_s)
    pressure = rates(before.pressure, after.pressure, lasted_s)
    io = rates(before.process_io if process else None, after.process_io, lasted_s)
    traffic = rates(before.traffic, after.traffic, lasted_s)
    udp = rates(_same_path(before.udp, after.udp), after.udp, lasted_s)
    tcp = rates(_same_path(before.tcp, after.tcp), after.tcp, lasted_s)
    return ServerSample(
        received_s=received_s,
        uptime_s=after.uptime_s,
        cpu_percent=busy.cpu if busy else None,
        core_percent=busy.each if busy else None,
        steal_percent=busy.steal if busy else None,
        softirq_percent=busy.softirq if busy else None,
        core_softirq_percent=busy.softirq_each if busy else None,
        iowait_percent=busy.waiting if busy else None,
        load_1m=after.load_1m,
        context_switches_per_s=of_machine.get("context_switches"),
        blocked_processes=after.activity.blocked if after.activity else None,
        cpu_pressure_percent=_microseconds_percent(pressure.get("cpu")),
        memory_pressure_percent=_microseconds_percent(pressure.get("memory")),
        io_pressure_percent=_microseconds_percent(pressure.get("io")),
        memory_used_bytes=minus(after.memory_total_bytes, after.memory_available_bytes),
        memory_available_bytes=after.memory_available_bytes,
        memory_unwritten_bytes=after.memory_unwritten_bytes,
        oom_kills=grown(before.oom_kills, after.oom_kills),
        disks=_disk_samples(before.disks, after.disks, lasted_s),
        process_pid=now.pid if now else None,
        process_cpu_percent=times(of_process.get("ticks"), 100 / ticks_per_s),
        process_cores=now.cores if now else None,
        process_rss_bytes=now.rss_bytes if now else None,
        process_virtual_bytes=now.virtual_bytes if now else None,
        process_major_faults_per_s=of_process.get("major_faults"),
        process_threads=now.threads if now else None,
        process_read_bps=times(io.get("read_bytes"), 8),
        process_written_bps=times(io.get("written_bytes"), 8),
        received_bps=times(traffic.get("received_bytes"), 8),
        sent_bps=times(traffic.get("sent_bytes"), 8),
        received_packets_per_s=traffic.get("received_packets"),
        sent_packets_per_s=traffic.get("sent_packets"),
        received_errors_per_s=traffic.get("received_errors"),
        received_drops_per_s=traffic.get("received_drops"),
        sent_drops_per_s=traffic.get("sent_drops"),
        udp_in_errors_per_s=udp.get("in_errors"),
        udp_buffer_errors_per_s=plus(
            udp.get("receive_buffer_errors"), udp.get("send_buffer_errors")
        ),
        udp_receive_buffer_errors_per_s=udp.get("receive_buffer_errors"),
        udp_send_buffer_errors_per_s=udp.get("send_buffer_errors"),
        udp_no_ports_per_s=udp.get("no_ports"),
        tcp_retransmits_per_s=tcp.get("retransmits"),
        cgroup_cpu_percent=_microseconds_percent(
            rates(before.group, after.group, lasted_s).get("usage_us")
        ),
        cgroup_throttled_percent=throttled_percent(before.group, after.group),
    )


@dataclass(frozen=True, slots=True)
class ThreadRates:
    """Rates of the threads, the busiest first; `None` for what the kernel does not count.

    `cpu_wait_percent` is of one core.
    """

    threads: tuple[ThreadSample, ...]
    blocked: int
    switches_per_s: float | None
    cpu_wait_percent: float | None


def thread_rates(before: ProcCounters, after: ProcCounters, ticks_per_s: int) -> ThreadRates | None:
    """Rates of the threads between two readings that both have them.

    A thread that started in between is counted from its start. `None` when the process is another.
    """
    lasted_s = positive(minus(after.uptime_s, before.uptime_s))
    same = _same_process(before.process, after.process)
    if before.threads is None or after.threads is None or lasted_s is None or same is None:
        return None
    seen = []
    slices: list[int] = []
    waited_ns: list[int] = []
    for tid, now in after.threads.items():
        then = before.threads.get(tid)
        if then is None or then.started != now.started:
            then = _NEWBORN
        if now.ticks >= then.ticks:
            percent = 100.0 * (now.ticks - then.ticks) / ticks_per_s / lasted_s
            seen.append(ThreadSample(tid, now.name, percent))
        if now.slices is not None and now.waited_ns is not None:
            slices.append(now.slices - (then.slices or 0))
            waited_ns.append(now.waited_ns - (then.waited_ns or 0))
    return ThreadRates(
        tuple(sorted(seen, key=lambda thread: -thread.cpu_percent)),
        sum(thread.blocked for thread in after.threads.values()),
        sum(slices) / lasted_s if slices else None,
        sum(waited_ns) / 1e7 / lasted_s if waited_ns else None,
    )


_NEWBORN = Thread("", started=0, ticks=0, blocked=False, waited_ns=0, slices=0)


@dataclass(frozen=True, slots=True)
class _Shares:
    cpu: float
    steal: float
    softirq: float
    waiting: float
    each: tuple[float, ...]
    softirq_each: tuple[float, ...]


def _shares(
    before: Mapping[int, CpuTicks] | None,
    after: Mapping[int, CpuTicks] | None,
    only: tuple[int, ...] | None,
) -> _Shares | None:
    """Percent of time that these cores were busy; `each` is in their order."""
    if before is None or after is None:
        return None
    chosen = [core for core in sorted(after) if core in before and (only is None or core in only)]
    total = sum(after[core].total - before[core].total for core in chosen)
    if total <= 0:
        return None

    def percent(name: str, cores: list[int], of: int) -> float:
        ran: int = sum(getattr(after[core], name) - getattr(before[core], name) for core in cores)
        return min(100.0, max(0.0, 100.0 * ran / of))

    def each(name: str) -> tuple[float, ...]:
        return tuple(
            percent(name, [core], max(1, after[core].total - before[core].total)) for core in chosen
        )

    return _Shares(
        cpu=percent("busy", chosen, total),
        steal=percent("steal", chosen, total),
        softirq=percent("softirq", chosen, total),
        waiting=percent("waiting", chosen, total),
        each=each("busy"),
        softirq_each=each("softirq"),
    )


def _same_process(
    before: RunningProcess | None, after: RunningProcess | None
) -> RunningProcess | None:
    same = before and after and (before.pid, before.started) == (after.pid, after.started)
    return before if same else None


class _OfPath(Protocol):
    @property
    def path(self) -> str: ...


P = TypeVar("P", bound=_OfPath)


def _same_path(before: P | None, after: P | None) -> P | None:
    """`before`, if both are counters of one network namespace."""
    return before if before and after and before.path == after.path else None


def _disk_samples(
    before: Mapping[str, Disk] | None, after: Mapping[str, Disk] | None, lasted_s: float | None
) -> tuple[DiskSample, ...] | None:
    """Disks that are in both readings, by name."""
    if before is None or after is None or lasted_s is None:
        return None
    samples = []
    for name, now in sorted(after.items()):
        ran = rates(before.get(name), now, lasted_s)
        if len(ran) == len(fields(Disk)):
            operations, waited_s = ran["operations"], ran["waited_ms"] / 1000
            samples.append(
                DiskSample(
                    name,
                    read_bps=8 * ran["read_bytes"],
                    written_bps=8 * ran["written_bytes"],
                    busy_percent=min(100.0, ran["busy_ms"] / 10),
                    wait_s=waited_s / operations if operations else None,
                )
            )
    return tuple(samples)


def rates(before: T | None, after: T | None, lasted_s: float | None) -> dict[str, float]:
    """The rate of each counter; a field that is unknown or ran backwards has none."""
    if before is None or after is None or lasted_s is None:
        return {}
    by_field = {}
    for field in fields(after):  # type: ignore[arg-type]
        now, then = getattr(after, field.name), getattr(before, field.name)
        if isinstance(now, int) and isinstance(then, int) and now >= then:
            by_field[field.name] = (now - then) / lasted_s
    return by_field


def _microseconds_percent(us_per_s: float | None) -> float | None:
    return times(us_per_s, 1e-4)


def minus(left: N | None, right: N | None) -> N | None:
    return None if left is None or right is None else left - right


def plus(left: N | None, right: N | None) -> N | None:
    return None if left is None or right is None else left + right


def times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def positive(value: float | None) -> float | None:
    return value if value is not None and value > 0 else None
