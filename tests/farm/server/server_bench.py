"""A server under test on a fake machine, sampled and reset while a clock plays, for tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace

from farm.model.server_samples import Footprint, Gap, ResetReport, ServerSample
from farm.model.server_settings import ResetSettings, ServerSettings
from farm.server import MeasuredServer
from farm.server.shell import CommandResult
from farm.testing import FakeClock
from tests.fake_machine import BOOTED_S, FakeMachine, FakeMediaServer

SETTINGS = ServerSettings(
    kurento="ws://203.0.113.10:8888/kurento",
    reset=ResetSettings(command="restart the media server", ready_within_s=30.0, retries=2),
)

ANY_SERVER = replace(SETTINGS, kurento=None)
PAGE = "https://203.0.113.10/meet"


async def yes() -> bool:
    return True


@dataclass
class Bench:
    """A server under test on a fake machine, and what it said."""

    clock: FakeClock
    machine: FakeMachine
    server: MeasuredServer

    async def seen(self, seconds: float) -> list[ServerSample | Gap]:
        """What is sampled from now on, while the clock plays."""
        until_s = self.clock.run_s() + seconds
        found: list[ServerSample | Gap] = []

        async def watch() -> None:
            async with aclosing(self.samples()) as samples:
                async for sample in samples:
                    found.append(sample)
                    if self.clock.run_s() >= until_s:
                        return

        await self.clock.play(watch())
        return found

    async def samples(self) -> AsyncIterator[ServerSample | Gap]:
        async for sample in self.server.samples():
            yield sample


async def bench(
    settings: ServerSettings = SETTINGS,
    ready: Callable[[], Awaitable[bool]] = yes,
    machine: FakeMachine | None = None,
    page: str | None = None,
) -> Bench:
    clock = machine.clock if machine else FakeClock()
    machine = machine or FakeMachine(clock)
    server = MeasuredServer(machine, settings, clock, ready, page=page)
    await server.open()
    return Bench(clock, machine, server)


FRESH = Footprint(
    cpu_percent=50.0, process_rss_bytes=26_000 * 1024, process_threads=30, process_descriptors=40
)


async def restarted(at: Bench, like: Footprint | None = FRESH) -> ResetReport:
    """The report of a reset, while the clock plays."""
    reports: list[ResetReport] = []

    async def story() -> None:
        reports.append(await at.server.reset(like))

    await at.clock.play(story())
    return reports[0]


def respawning(machine: FakeMachine, **changes: int) -> Callable[[], CommandResult]:
    """A reset command that starts another process, now."""

    def reset() -> CommandResult:
        pid = (machine.process or FakeMediaServer()).pid + 1
        started = int(100 * (BOOTED_S + machine.clock.run_s())) + 1
        machine.process = FakeMediaServer(pid, started, **changes)
        return CommandResult(0, "", "")

    return reset
