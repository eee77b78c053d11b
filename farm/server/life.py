"""Has the media server's process ended, or does one that was there beside it go on? No I/O."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from farm.server.process import Found

LOOKS = 2
"""A look that finds nothing may have failed itself."""


@dataclass(slots=True)
class ProcessLife:
    """What is known of a process that is looked at once a second.

    `alive_ticks` is when it was seen last (ticks after boot). What fits after that and began later
    took its place; what began before is another worker of the same server, which goes on.
    """

    alive_ticks: float = 0.0
    _missed: Found | None = None
    _looks: int = 0
    _death: asyncio.Future[str] | None = None

    async def died(self) -> str:
        """Wait until it is dead; why."""
        self._death = asyncio.get_running_loop().create_future()
        return await self._death

    def missed(self, process: Found) -> None:
        """It is not there any more: `look` says next who fits now."""
        self._missed, self._looks = process, 0

    def look(self, found: Found | None) -> None:
        """The process that fits now; means nothing while none is missed."""
        missed = self._missed
        if missed is None:
            return
        if found is None:
            self._looks += 1
            if self._looks >= LOOKS:
                self._dead(f"its process, {missed}, has ended")
            return
        self._missed = None
        if found != missed and found.started > self.alive_ticks:
            self._dead(f"its process, {missed}, has ended; {found} took its place")

    def _dead(self, why: str) -> None:
        if self._death is not None and not self._death.done():
            self._death.set_result(f"the media server is gone: {why}")
