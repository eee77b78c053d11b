"""So many starts at a time: the farm's use of asyncio-pool.

A browser or page that starts takes a core for a second; when all start at once each takes so long
that timeouts fall due. `StartLimit` lets `probes.boots_at_once` of them run and the others wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar, cast

from asyncio_pool import AioPool

T = TypeVar("T")


class StartLimit:
    """At most `at_once` starts run at the same time, in the order in which they were asked for."""

    def __init__(self, at_once: int) -> None:
        self._pool = AioPool(size=at_once)

    async def run(self, start: Callable[[], Awaitable[T]]) -> T:
        """What `start()` returns or raises, once there was a place for it.

        Cancelled while it waits, it is never called; cancelled while it runs, it is cancelled and
        has ended when this returns.
        """
        boot = _Boot(start)
        # Of the pool's ways only this one is right under cancellation (0.6): `spawn` swallows a
        # cancel that comes while it waits. `wait` and not `await`, as that would cancel the
        # pool's future and leave the coroutine behind it running.
        done: asyncio.Future[T] = self._pool.spawn_n(boot.run())
        done.add_done_callback(_retrieved)
        try:
            await asyncio.wait({done})
        except asyncio.CancelledError:
            boot.give_up()
            if boot.task is not None:
                await asyncio.wait({done})
            raise
        return done.result()


class _Boot(Generic[T]):
    """One start, which can be given up at any moment of its way through the pool.

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
    """A start that nobody waits for any more may fail in silence."""
    if not done.cancelled():
        done.exception()
