"""CPU time of whole process trees: browsers, server, and all else that this process started."""

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
class CpuLook:
    """Seconds of CPU since they began; `controller` is this process and Playwright's driver."""

    at_s: float
    browsers_s: float
    controller_s: float
    server_s: float


def look(server: int | None, now_s: float, looking_s: float = 0.0) -> CpuLook:
    """Of the children of this process, those called like Chromium are browsers.

    `looking_s` is what all looks before took of this process' time, which is not the controller's.
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
    spent_s = _spent_s(controller) - looking_s
    return CpuLook(now_s, _spent_s(browsers), spent_s, _spent_s(of_server))


def _spent_s(processes: Iterable[psutil.Process]) -> float:
    spent = 0.0
    for process in processes:
        with suppress(psutil.Error):
            times = process.cpu_times()
            spent += times.user + times.system
    return spent


@asynccontextmanager
async def looking(
    server: int | None, now_s: Callable[[], float], also: Callable[[], Awaitable[None]]
) -> AsyncIterator[list[CpuLook]]:
    """A list that grows every two seconds while the body runs; `also` is awaited each time."""
    looks: list[CpuLook] = []
    looking_s = 0.0

    def timed() -> float:
        begun_s = time.thread_time()
        looks.append(look(server, now_s(), looking_s))
        return time.thread_time() - begun_s

    async def go_on() -> None:
        nonlocal looking_s
        while True:
            looking_s += await asyncio.to_thread(timed)
            await also()
            await asyncio.sleep(EVERY_S)

    task = asyncio.create_task(go_on())
    try:
        yield looks
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@dataclass(frozen=True, slots=True)
class Cores:
    """CPU seconds a second."""

    browsers: float
    controller: float
    server: float


def cores_between(looks: Iterable[CpuLook], start_s: float, end_s: float) -> Cores:
    """Between the first look and the last in this time. Raises ValueError without two."""
    inside = [each for each in looks if start_s <= each.at_s <= end_s]
    if len(inside) < 2:
        raise ValueError(f"no two looks between {start_s:.1f} and {end_s:.1f} s")
    first, last = inside[0], inside[-1]
    passed_s = last.at_s - first.at_s
    return Cores(
        (last.browsers_s - first.browsers_s) / passed_s,
        (last.controller_s - first.controller_s) / passed_s,
        (last.server_s - first.server_s) / passed_s,
    )
