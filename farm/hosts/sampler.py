"""What a machine that runs probes has left: one HostSample a second, from its own counters."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import psutil

from farm.hosts.cpu_users import CpuUsers, Root
from farm.hosts.own_group import OwnGroup
from farm.hosts.threads import (
    ThreadTimes,
    busiest_thread,
    cpu_wait,
    families,
    read_threads,
    thread_name,
)
from farm.hosts.udp_drops import UdpDrops
from farm.observations import HostSample


@dataclass(frozen=True, slots=True)
class CpuTimes:
    """Seconds since boot that a set of cores spent, summed."""

    total_s: float
    idle_s: float
    steal_s: float


class HostSampler:
    """Samples this machine. `cores` are those the browsers may use; `None`: all.

    `browsers` and `media_server` tell processes whose families are the probes' and, where it runs
    on this machine, the media server's. `app_late_s` asks the demo app, where it runs
    here, how late its loop was since it was asked last; it may take its time.
    """

    def __init__(
        self,
        host: str,
        cores: Sequence[int] | None,
        browsers: Root,
        app_late_s: Callable[[], Awaitable[float | None]] | None = None,
        media_server: Root = tuple,
    ) -> None:
        self._host = host
        self._cores = cores
        self._browsers = browsers
        self._ask_app = app_late_s
        self._app_late_s: float | None = None
        self._cpu = read_cpu(cores)
        self._udp = UdpDrops(lambda: [process.pid for process in families(browsers())])
        self._media_server = media_server
        self._threads = self._server_threads = ThreadTimes(time.monotonic(), {})
        self._users = CpuUsers(browsers, media_server, cores)
        self._group = OwnGroup()
        self._looked_s = time.monotonic()

    async def run(self, tell: Callable[[HostSample], None], every_s: float = 1.0) -> None:
        """One sample every `every_s`, without drift, until cancelled.

        One that fails is missed; who reads the samples sees that.
        """
        async with asyncio.TaskGroup() as tasks:
            if self._ask_app is not None:
                tasks.create_task(self._hear_app(self._ask_app, every_s))
            due_s = time.monotonic()
            while True:
                due_s += every_s
                await asyncio.sleep(max(0.0, due_s - time.monotonic()))
                late_s = time.monotonic() - due_s
                with suppress(OSError, psutil.Error):
                    tell(await asyncio.to_thread(self.sample, late_s))
                # After a pause of the whole machine the samples that were missed stay missed.
                due_s = max(due_s, time.monotonic() - every_s)

    async def _hear_app(self, ask: Callable[[], Awaitable[float | None]], every_s: float) -> None:
        while True:
            late_s = await ask()
            if late_s is not None:
                self._app_late_s = max(late_s, self._app_late_s or 0.0)
            await asyncio.sleep(every_s)

    def sample(self, loop_late_s: float) -> HostSample:
        """The time since the last sample; blocks for some milliseconds."""
        cpu_before, self._cpu = self._cpu, read_cpu(self._cores)
        threads_before, self._threads = self._threads, read_threads(self._browsers())
        server_before, self._server_threads = (
            self._server_threads,
            read_threads(self._media_server()),
        )
        before_s, self._looked_s = self._looked_s, time.monotonic()
        passed_s, cpu_s = self._looked_s - before_s, self._cpu.total_s - cpu_before.total_s
        cores, busy = usable_cores(self._cores), busy_share(cpu_before, self._cpu)
        busiest = busiest_thread(threads_before, self._threads)
        wait = cpu_wait(threads_before, self._threads)
        server_wait = cpu_wait(server_before, self._server_threads)
        waited_us = self._group.pressure_us()
        memory = psutil.virtual_memory()
        app_late_s, self._app_late_s = self._app_late_s, None
        return HostSample(
            host=self._host,
            host_monotonic_s=self._looked_s,
            cpu_percent=None if busy is None else 100 * busy,
            steal_percent=_percent(self._cpu.steal_s - cpu_before.steal_s, cpu_s),
            busiest_thread=None if busiest is None else thread_name(busiest[0]),
            busiest_thread_percent=None if busiest is None else busiest[1],
            memory_available_bytes=memory.available,
            loop_late_s=loop_late_s,
            memory_bytes=memory.total,
            udp_drops=self._udp.look(),
            app_late_s=app_late_s,
            cores=cores,
            cpu_wait=wait,
            media_server_cpu_wait=server_wait,
            cpu_pressure_percent=None if waited_us is None else _percent(waited_us / 1e6, passed_s),
            cpu_users=self._users.look(passed_s, None if busy is None else cores * busy),
            cpu_limit_cores=self._group.limit_cores,
            cpu_throttled_percent=self._group.throttled_percent(),
        )


def read_cpu(cores: Sequence[int] | None) -> CpuTimes:
    """The counters of these cores (`None`: all), from /proc/stat.

    A guest's time is part of user time there and is not added again; waiting for a disk is idle.
    """
    per_core = psutil.cpu_times(percpu=True)
    chosen = per_core if cores is None else [per_core[core] for core in cores]
    return CpuTimes(
        total_s=sum(
            core.user + core.nice + core.system + core.idle
            + core.iowait + core.irq + core.softirq + core.steal
            for core in chosen
        ),
        idle_s=sum(core.idle + core.iowait for core in chosen),
        steal_s=sum(core.steal for core in chosen),
    )  # fmt: skip


def busy_share(before: CpuTimes, after: CpuTimes) -> float | None:
    """How much of its time a set of cores was busy between two looks, 0 to 1."""
    total_s = after.total_s - before.total_s
    percent = _percent(total_s - (after.idle_s - before.idle_s), total_s)
    return None if percent is None else percent / 100


def _percent(part_s: float, whole_s: float) -> float | None:
    """Counters of a core may go back by a tick: never below 0 or above 100."""
    return min(100.0, max(0.0, 100 * part_s / whole_s)) if whole_s > 0 else None


def usable_cores(cores: Sequence[int] | None) -> int:
    """How many cores browsers may use here."""
    return len(os.sched_getaffinity(0)) if cores is None else len(cores)
