"""A clock that jumps ahead when every task waits: hours of run time pass in a moment."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

READING_S = 1e-6
"""The time that passes with each reading of the clock."""

WALL_S = 1_795_000_000.0
"""The wall clock at run time 0, in seconds since 1970 (UTC)."""

_TURNS = 100
"""Turns of the event loop after which only the passing of time lets anything more happen."""


class FakeClock:
    """Implements `protocols.Clock`. Each reading moves it by `READING_S`: no two are equal.

    `now_s` is the run time; a test may set it. `play` wakes those who sleep: when nothing else can
    happen it moves time on to the next wake-up.
    """

    def __init__(self, run_s: float = 0.0) -> None:
        self.now_s = run_s
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def run_s(self) -> float:
        self.now_s += READING_S
        return self.now_s

    def wall_s(self) -> float:
        return WALL_S + self.run_s()

    async def sleep_until(self, run_s: float) -> None:
        if run_s <= self.now_s:
            await asyncio.sleep(0)
            return
        waking: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (run_s, next(self._order), waking))
        await waking

    async def play(self, story: Coroutine[Any, Any, T]) -> T:
        """Run `story` to its end in as little real time as possible; returns its result."""
        task = asyncio.ensure_future(story)
        while not task.done():
            for _ in range(_TURNS):
                await asyncio.sleep(0)
            if not task.done() and self._sleepers:
                wake_s, _, waking = heapq.heappop(self._sleepers)
                self.now_s = max(self.now_s, wake_s)
                if not waking.done():
                    waking.set_result(None)
        return task.result()
