"""What a machine that runs probes has left: one HostSample a second, from its own counters."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from farm.hosts.udp_drops import UdpDrops
from farm.observations import HostSample

THREADS_EVERY = 2
"""Samples from one look at all of Chromium's threads to the next: 400 threads take some 10 ms."""


@dataclass(frozen=True, slots=True)
class CpuTimes:
    """Seconds since boot that a set of cores spent, summed."""

    total_s: float
    idle_s: float
    steal_s: float


@dataclass(frozen=True, slots=True)
class ThreadTimes:
    """CPU seconds of each thread of some processes, by (pid, thread id)."""

    at_s: float
    cpu_s: Mapping[tuple[int, int], float]


class HostSampler:
    """Samples this machine. `cores` are those the browsers may use; `None`: all.

    `app_late_s` asks the demo app, where it runs here, how late its loop was since it was asked
    last; it may take its time.
    """

    def __init__(
        self,
        host: str,
        cores: Sequence[int] | None,
        browsers: Callable[[], Iterable[int]],
        app_late_s: Callable[[], Awaitable[float | None]] | None = None,
    ) -> None:
        self._host = host
        self._cores = cores
        self._browsers = browsers
        self._ask_app = app_late_s
        self._app_late_s: float | None = None
        self._cpu = read_cpu(cores)
        self._udp = UdpDrops(lambda: [process.pid for process in families(browsers())])
        self._threads: ThreadTimes | None = None
        self._busiest: tuple[str, float] | None = None
        self._count = 0

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
        before, self._cpu = self._cpu, read_cpu(self._cores)
        passed_s = self._cpu.total_s - before.total_s
        if self._count % THREADS_EVERY == 0:
            self._look_at_threads()
        self._count += 1
        name, percent = self._busiest or (None, None)
        memory = psutil.virtual_memory()
        app_late_s, self._app_late_s = self._app_late_s, None
        return HostSample(
            host=self._host,
            host_monotonic_s=time.monotonic(),
            cpu_percent=_percent(passed_s - (self._cpu.idle_s - before.idle_s), passed_s),
            steal_percent=_percent(self._cpu.steal_s - before.steal_s, passed_s),
            busiest_thread=name,
            busiest_thread_percent=percent,
            memory_available_bytes=memory.available,
            loop_late_s=loop_late_s,
            memory_bytes=memory.total,
            udp_drops=self._udp.look(),
            app_late_s=app_late_s,
        )

    def _look_at_threads(self) -> None:
        before, self._threads = self._threads, read_threads(self._browsers())
        found = busiest_thread(before, self._threads) if before is not None else None
        self._busiest = None
        if found is not None:
            (pid, tid), percent = found
            self._busiest = (_thread_name(pid, tid), percent)


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


def read_threads(roots: Iterable[int]) -> ThreadTimes:
    """Every thread of these processes and of their descendants, as far as they still live."""
    cpu_s: dict[tuple[int, int], float] = {}
    for process in families(roots):
        with suppress(psutil.Error):
            for thread in process.threads():
                cpu_s[process.pid, thread.id] = thread.user_time + thread.system_time
    return ThreadTimes(time.monotonic(), cpu_s)


def families(roots: Iterable[int]) -> Iterator[psutil.Process]:
    """These processes and their descendants, as far as they still live."""
    for root in roots:
        with suppress(psutil.Error):
            top = psutil.Process(root)
            yield from (top, *top.children(recursive=True))


def busiest_thread(before: ThreadTimes, after: ThreadTimes) -> tuple[tuple[int, int], float] | None:
    """The thread that took most of a core between two looks, and how many percent of it."""
    passed_s = after.at_s - before.at_s
    spent = {
        thread: cpu_s - before.cpu_s[thread]
        for thread, cpu_s in after.cpu_s.items()
        if thread in before.cpu_s
    }
    if not spent or passed_s <= 0:
        return None
    thread = max(spent, key=lambda each: spent[each])
    return thread, 100 * spent[thread] / passed_s


def _percent(part_s: float, whole_s: float) -> float | None:
    """Counters of a core may go back by a tick: never below 0 or above 100."""
    return min(100.0, max(0.0, 100 * part_s / whole_s)) if whole_s > 0 else None


def _thread_name(pid: int, tid: int) -> str:
    """`CrRendererMain (1234)`: the thread's name and its process."""
    try:
        name = Path(f"/proc/{pid}/task/{tid}/comm").read_text().strip()
    except OSError:
        name = f"thread {tid}"
    return f"{name} ({pid})"


def usable_cores(cores: Sequence[int] | None) -> int:
    """How many cores browsers may use here."""
    return len(os.sched_getaffinity(0)) if cores is None else len(cores)
