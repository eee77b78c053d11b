"""How late the application's event loop runs; every page's signalling waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from aiohttp import web

EVERY_S = 0.1


class LoopLag:
    """Measures while the application runs; `/health` answers `{"loop_late_s": WORST}`."""

    def __init__(self) -> None:
        self._worst_s = 0.0
        self._due_s = 0.0

    async def running(self, _: web.Application) -> AsyncIterator[None]:
        """Measures until the application ends; for `Application.cleanup_ctx`."""
        task = asyncio.create_task(self._measure())
        yield
        task.cancel()
        await asyncio.wait([task])

    async def answer(self, _: web.Request) -> web.Response:
        """The worst lateness since the previous request, up to now."""
        now_s = asyncio.get_running_loop().time()
        worst_s = max(self._worst_s, now_s - self._due_s)
        self._worst_s = 0.0
        return web.json_response({"loop_late_s": worst_s})

    async def _measure(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._due_s = loop.time() + EVERY_S
            await asyncio.sleep(EVERY_S)
            self._worst_s = max(self._worst_s, loop.time() - self._due_s)
