"""Decides whether the media server's process has ended, from searches for it. No I/O."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from farm.server.process import MediaServerProcess

SEARCHES_MISSED = 2
"""Searches without a result before the process counts as ended: one may have failed itself."""


@dataclass(slots=True)
class ProcessLife:
    """Whether a process that is sampled once a second is alive.

    `alive_ticks` is when it was seen last (ticks after boot). A matching process that started after
    that replaced it; one that started before is another worker of the same server, which goes on.
    """

    alive_ticks: float = 0.0
    _missed: MediaServerProcess | None = None
    _searches: int = 0
    _death: asyncio.Future[str] | None = None

    async def died(self) -> str:
        """Wait until the process has ended; return why."""
        self._death = asyncio.get_running_loop().create_future()
        return await self._death

    def missed(self, process: MediaServerProcess) -> None:
        """The process is gone; `update` is called next with the process that matches now."""
        self._missed, self._searches = process, 0

    def update(self, process: MediaServerProcess | None) -> None:
        """Take the result of a search; ignored while no process is missed."""
        missed = self._missed
        if missed is None:
            return
        if process is None:
            self._searches += 1
            if self._searches >= SEARCHES_MISSED:
                self._dead(f"its process, {missed}, has ended")
            return
        self._missed = None
        if process != missed and process.started > self.alive_ticks:
            self._dead(f"its process, {missed}, has ended; {process} took its place")

    def _dead(self, why: str) -> None:
        if self._death is not None and not self._death.done():
            self._death.set_result(f"the media server is gone: {why}")
