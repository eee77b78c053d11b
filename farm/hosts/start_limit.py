"""Limits how many browsers or pages start at a time. The only importer of asyncio-pool.

A browser or page uses a core for a second while it starts; if all start at once, each takes so long
that timeouts expire. `StartLimit` lets `probes.boots_at_once` of them run and the others wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar, cast

from asyncio_pool import AioPool

T = TypeVar("T")


class StartLimit:
    """At most `at_once` starts run at the same time, in the order of the calls of `run`."""

    def __init__(self, at_once: int) -> None:
        self._pool = AioPool(size=at_once)

    async def run(self, start: Callable[[], Awaitable[T]]) -> T:
        """Return (or raise) the result of `start()`, called once there is a free place.

        Cancelled while it waits, it is never called; cancelled while it runs, it is cancelled and
        has ended when this returns.
        """
        pending = _Start(start)
        # Of the pool's methods only this one is right under cancellation (0.6): `spawn` swallows a
        # cancel that comes while it waits. `wait` and not `await`, as that would cancel the
        # pool's future and leave the coroutine behind it running.
        done: asyncio.Future[T] = self._pool.spawn_n(pending.run())
        done.add_done_callback(_retrieved)
        try:
            await asyncio.wait({done})
        except asyncio.CancelledError:
            pending.give_up()
            if pending.task is not None:
                await asyncio.wait({done})
            raise
        return done.result()


class _Start(Generic[T]):
    """One start, which can be cancelled at any moment, in the pool's queue or running.

    The pool's own `cancel` loses a place when it meets a task before that task's first step.
    """

    def __init__(self, start: Callable[[], Awaitable[T]]) -> None:
        self.task: asyncio.Task[Any] | None = None
        self._start = start
        self._given_up = False

    async def run(self) -> T:
        if self._given_up:
            raise asyncio.CancelledError
        self.task = cast("asyncio.Task[Any]", asyncio.current_task())
        return await self._start()

    def give_up(self) -> None:
        self._given_up = True
        if self.task is not None:
            self.task.cancel()


def _retrieved(done: asyncio.Future[Any]) -> None:
    """Mark the exception as retrieved: a cancelled start may fail silently."""
    if not done.cancelled():
        done.exception()
