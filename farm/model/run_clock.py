"""The controller's clock: run time, from the monotonic clock of this machine."""

from __future__ import annotations

import asyncio
import time

from farm.model.clock_reading import ClockReading


class RunClock:
    """Implements `protocols.Clock`; run time starts at 0 when it is made."""

    def __init__(self) -> None:
        self._start_s = time.monotonic()

    def run_s(self) -> float:
        return time.monotonic() - self._start_s

    def wall_s(self) -> float:
        return time.time()

    async def sleep_until(self, run_s: float) -> None:
        await asyncio.sleep(max(0.0, run_s - self.run_s()))

    def reading(self, source: str) -> ClockReading:
        """How a monotonic clock of this very machine becomes run time: exactly."""
        return ClockReading(source, offset_s=-self._start_s, error_s=0.0, at_s=self.run_s())
