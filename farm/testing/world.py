"""A fake world, without browsers or servers, in which a trial or a search can run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from farm.errors import BrowserError
from farm.execution.collector import closed_afterwards
from farm.execution.world import World
from farm.model.driver import Driver, RoleSteps
from farm.model.trial_evidence import Fault, FaultKind
from farm.model.trial_plan import TrialPlan
from farm.testing.clock import FakeClock
from farm.testing.host import FakeHost
from farm.testing.observer import FakeObserver
from farm.testing.recorder import FakeRecorder
from farm.testing.server import FakeServer
from farm.testing.view import FakeView

DRIVER = Driver("fake", {"callee": RoleSteps(()), "caller": RoleSteps((), after="callee")})


class FakeWorld:
    """What `world()` gives is made of the fakes that are its attributes; all share its `clock`.

    It has one host, `here`, and calls between two. Each part may be configured, or replaced, before
    `play`:

        world = FakeWorld(refuse={"p000": "user busy"})
        await world.clock.play(run_trial(plan, world.world(), settings, world.recorder))
        assert world.recorder.joins["p000"].message == "user busy"
    """

    def __init__(self, *, refuse: Mapping[str, str] | None = None) -> None:
        self.clock = FakeClock()
        self.observer = FakeObserver()
        self.server = FakeServer(self.clock)
        self.host = FakeHost(self.clock, refuse or {})
        self.recorder = FakeRecorder()
        self.view = FakeView(self.clock)
        self.driver = DRIVER
        self.cannot_open: str | None = None
        """The error for which no host can be opened."""
        self.plans: list[TrialPlan] = []
        """Of the trials for which hosts were asked for."""
        self._faults: list[Fault] = []

    def break_at(self, at_s: float, what: FaultKind, message: str) -> None:
        """Let something that the farm watches (the media server, the demo app) die at that time."""
        self._faults.append(Fault(what, at_s, message))

    def world(self) -> World:
        return World(
            self.clock,
            self.observer,
            self.server,
            self.driver,
            self._open_hosts,
            self._watch,
            self.view,
        )

    @asynccontextmanager
    async def _open_hosts(self, plan: TrialPlan) -> AsyncIterator[Mapping[str, FakeHost]]:
        self.plans.append(plan)
        if self.cannot_open is not None:
            raise BrowserError(self.cannot_open)
        async with closed_afterwards([self.host]):
            yield {self.host.name: self.host}

    @asynccontextmanager
    async def _watch(self) -> AsyncIterator[asyncio.Future[Fault]]:
        first: asyncio.Future[Fault] = asyncio.get_running_loop().create_future()

        async def strike(fault: Fault) -> None:
            await self.clock.sleep_until(fault.at_s)
            if not first.done():
                first.set_result(fault)

        strikes = [asyncio.create_task(strike(fault)) for fault in self._faults]
        try:
            yield first
        finally:
            for task in strikes:
                task.cancel()
