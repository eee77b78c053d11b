"""CPU time of process trees: of browsers, of the server, and of this process and all others."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import psutil

EVERY_S = 2.0


@dataclass(frozen=True, slots=True)
class CpuSample:
    """CPU seconds until `at_s`; `controller_s` is of this process and Playwright's driver."""

    at_s: float
    browsers_s: float
    controller_s: float
    server_s: float


def cpu_sample(server: int | None, now_s: float, sampling_s: float = 0.0) -> CpuSample:
    """Sample the CPU time now; children of this process named like Chromium are browsers.

    `sampling_s` is the CPU time of all samples so far, which is not counted as the controller's.
    """
    own = psutil.Process(os.getpid())
    browsers, controller, of_server = [], [own], []
    for child in own.children():
        with suppress(psutil.Error):
            family = [child, *child.children(recursive=True)]
            if any(each.pid == server for each in family):
                of_server += family
            elif "chrom" in child.name():
                browsers += family
            else:
                controller += family
    spent_s = _spent_s(controller) - sampling_s
    return CpuSample(now_s, _spent_s(browsers), spent_s, _spent_s(of_server))


def _spent_s(processes: Iterable[psutil.Process]) -> float:
    spent = 0.0
    for process in processes:
        with suppress(psutil.Error):
            times = process.cpu_times()
            spent += times.user + times.system
    return spent


@asynccontextmanager
async def cpu_sampling(
    server: int | None, now_s: Callable[[], float], also: Callable[[], Awaitable[None]]
) -> AsyncIterator[list[CpuSample]]:
    """A list that grows every two seconds while the body runs; `also` is awaited each time."""
    samples: list[CpuSample] = []
    sampling_s = 0.0

    def timed() -> float:
        begun_s = time.thread_time()
        samples.append(cpu_sample(server, now_s(), sampling_s))
        return time.thread_time() - begun_s

    async def go_on() -> None:
        nonlocal sampling_s
        while True:
            sampling_s += await asyncio.to_thread(timed)
            await also()
            await asyncio.sleep(EVERY_S)

    task = asyncio.create_task(go_on())
    try:
        yield samples
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@dataclass(frozen=True, slots=True)
class Cores:
    """The cores that each part used (CPU seconds a second)."""

    browsers: float
    controller: float
    server: float


def cores_between(samples: Iterable[CpuSample], start_s: float, end_s: float) -> Cores:
    """The cores used between the first sample and the last in this time.

    Raises ValueError without two.
    """
    inside = [each for each in samples if start_s <= each.at_s <= end_s]
    if len(inside) < 2:
        raise ValueError(f"no two samples between {start_s:.1f} and {end_s:.1f} s")
    first, last = inside[0], inside[-1]
    passed_s = last.at_s - first.at_s
    return Cores(
        (last.browsers_s - first.browsers_s) / passed_s,
        (last.controller_s - first.controller_s) / passed_s,
        (last.server_s - first.server_s) / passed_s,
    )
