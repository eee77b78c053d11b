"""Samples the resources of a machine that runs probes: one HostSample a second."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress

import psutil

from farm.hosts.cores import chosen_cores, core_time, read_core_counters
from farm.hosts.cpu_users import CpuUsers
from farm.hosts.own_group import OwnGroup
from farm.hosts.processes import Root, families, read_processes
from farm.hosts.threads import (
    ThreadTimes,
    busiest_thread,
    cpu_wait,
    read_threads,
    thread_name,
)
from farm.hosts.udp_drops import UdpDrops
from farm.model.host_samples import HostSample


class HostSampler:
    """Samples this machine. `cores` are those the browsers may use; `None`: all.

    `browsers` and `media_server` return pids; they and their descendants are the probes' and, if it
    runs on this machine, the media server's. `app_late_s` asks the demo app, if it runs here, how
    late its loop was since the last question; it may be slow to answer.
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
        self._cores = chosen_cores(cores)
        self._browsers = browsers
        self._media_server = media_server
        self._ask_app = app_late_s
        self._app_late_s: float | None = None
        self._all_cores = read_core_counters()
        self._udp = UdpDrops(lambda: families(browsers()))
        self._threads = self._server_threads = ThreadTimes(time.monotonic(), {})
        self._users = CpuUsers(browsers, media_server)
        self._group = OwnGroup()
        self._sampled_s = time.monotonic()

    async def run(self, sink: Callable[[HostSample], None], every_s: float = 1.0) -> None:
        """One sample every `every_s`, without drift, until cancelled.

        A sample that fails is left out.
        """
        async with asyncio.TaskGroup() as tasks:
            if self._ask_app is not None:
                tasks.create_task(self._poll_app(self._ask_app, every_s))
            due_s = time.monotonic()
            while True:
                due_s += every_s
                await asyncio.sleep(max(0.0, due_s - time.monotonic()))
                late_s = time.monotonic() - due_s
                with suppress(OSError, psutil.Error):
                    sink(await asyncio.to_thread(self.sample, late_s))
                # After a pause of the whole machine, missed samples are not made up for.
                due_s = max(due_s, time.monotonic() - every_s)

    async def _poll_app(self, ask: Callable[[], Awaitable[float | None]], every_s: float) -> None:
        while True:
            late_s = await ask()
            if late_s is not None:
                self._app_late_s = max(late_s, self._app_late_s or 0.0)
            await asyncio.sleep(every_s)

    def sample(self, loop_late_s: float) -> HostSample:
        """A sample of the time since the last one; blocks for some milliseconds."""
        cores_before, self._all_cores = self._all_cores, read_core_counters()
        processes = read_processes()
        threads_before, server_before = self._threads, self._server_threads
        self._threads = read_threads(self._browsers(), processes)
        self._server_threads = read_threads(self._media_server(), processes)
        before_s, self._sampled_s = self._sampled_s, time.monotonic()
        passed_s = self._sampled_s - before_s
        cpu = core_time(cores_before, self._all_cores, self._cores)
        server_cores = _affinity(self._media_server())
        server_cpu = core_time(cores_before, self._all_cores, server_cores)
        self._users.update(processes, passed_s)
        busiest = busiest_thread(threads_before, self._threads)
        waited_us = self._group.pressure_us()
        memory = psutil.virtual_memory()
        app_late_s, self._app_late_s = self._app_late_s, None
        return HostSample(
            host=self._host,
            host_monotonic_s=self._sampled_s,
            cpu_percent=cpu.busy_percent,
            steal_percent=cpu.stolen_percent,
            busiest_thread=None if busiest is None else thread_name(busiest[0]),
            busiest_thread_percent=None if busiest is None else busiest[1],
            memory_available_bytes=memory.available,
            loop_late_s=loop_late_s,
            memory_bytes=memory.total,
            udp_drops=self._udp.since_last(),
            app_late_s=app_late_s,
            cores=cpu.cores,
            cpu_wait=cpu_wait(threads_before, self._threads),
            cpu_pressure_percent=waited_us and min(100.0, waited_us / 1e4 / passed_s),
            cpu_users=self._users.on(self._cores, cpu.by_programs),
            cpu_limit_cores=self._group.limit_cores,
            cpu_throttled_percent=self._group.throttled_percent(),
            media_server_cpu_wait=cpu_wait(server_before, self._server_threads),
            media_server_cores=server_cpu.cores or None,
            media_server_cpu_percent=server_cpu.busy_percent,
            media_server_cpu_users=self._users.on(server_cores, server_cpu.by_programs)
            if server_cores
            else None,
        )


def _affinity(pids: Iterable[int]) -> tuple[int, ...]:
    """The cores on which these processes may run; empty without processes."""
    cores: set[int] = set()
    for pid in pids:
        with suppress(OSError):
            cores |= os.sched_getaffinity(pid)
    return tuple(sorted(cores))


def usable_cores(cores: Sequence[int] | None) -> int:
    """Number of cores that browsers may use here."""
    return len(chosen_cores(cores))
