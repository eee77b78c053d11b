"""A fake of a media server's machine that is sampled and reset."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field

from farm.errors import ServerLost
from farm.model.server_samples import Footprint, Gap, ResetReport, ServerFacts, ServerSample
from farm.protocols import Clock
from farm.testing.recordings import FakeRecordings

FACTS = ServerFacts(
    hostname="media",
    kernel="6.8.0",
    cores=2,
    cpu_model="fake",
    memory_bytes=4 * 2**30,
    process="media-server",
    pid=4321,
    interface="eth0",
    reached="media.example",
)
BOOTED_S = 5000.0
"""The uptime of the machine, in seconds, when the run began."""

OnReset = Callable[[int, Footprint | None], ResetReport]
"""The outcome of the reset of that number (the first is 1), which is verified against `like`. May
raise."""


def clean_reset(_number: int, like: Footprint | None) -> ResetReport:
    """A reset that is done at once and leaves the server as it was at first."""
    return ResetReport(done=True, attempts=1, footprint=like)


@dataclass
class FakeServer:
    """Implements `protocols.Server`; each answer takes `answer_s` of run time.

    Its machine is at `cpu_percent` all along. After `sampled_for_s` of run time it cannot be
    reached any more. `on_reset` gives the outcome of each reset, `breaks` maps a method to the
    error that it raises. `recordings` is `None` where the farm has no access to the machine.
    """

    run_clock: Clock
    sampled_for_s: float = float("inf")
    recordings: FakeRecordings | None = field(default_factory=FakeRecordings)
    on_reset: OnReset = clean_reset
    breaks: Mapping[str, Exception] = field(default_factory=dict)
    cpu_percent: float = 12.5
    answer_s: float = 0.05
    resets: int = 0
    reset_like: list[Footprint | None] = field(default_factory=list)
    closed: bool = False

    @property
    def pid(self) -> int | None:
        return FACTS.pid

    async def open(self) -> ServerFacts:
        await self._answer("open")
        return FACTS

    async def reset(self, like: Footprint | None) -> ResetReport:
        await self._answer("reset")
        self.resets += 1
        self.reset_like.append(like)
        return self.on_reset(self.resets, like)

    async def died(self) -> str:
        """Never returns: `FakeWorld.break_at` lets a server die."""
        await asyncio.Event().wait()
        return ""

    async def footprint(self) -> Footprint:
        await self._answer("footprint")
        return Footprint(1.0, 30_000_000, 20, 40)

    async def samples(self) -> AsyncGenerator[ServerSample | Gap]:
        """One a second, each here `answer_s` after it was asked for."""
        while True:
            await self.run_clock.sleep_until(self.run_clock.run_s() + 1)
            asked_s = self.run_clock.run_s()
            if asked_s > self.sampled_for_s:
                raise ServerLost("sshd is gone")
            await self._answer("samples")
            yield ServerSample(
                received_s=self.run_clock.run_s(),
                cpu_percent=self.cpu_percent,
                asked_s=asked_s,
                uptime_s=BOOTED_S + asked_s + self.answer_s / 2,
            )

    async def close(self) -> None:
        self.closed = True

    async def _answer(self, method: str) -> None:
        await self.run_clock.sleep_until(self.run_clock.run_s() + self.answer_s)
        if method in self.breaks:
            raise self.breaks[method]
