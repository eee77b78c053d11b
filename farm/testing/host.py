"""A fake host: a machine that runs probes, without a browser."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from farm.errors import GeneratorError, HostLost, JoinError
from farm.model.clock_reading import ClockReading
from farm.model.host_samples import HostFacts
from farm.model.page_samples import Joined
from farm.model.trial_plan import ProbePlan
from farm.protocols import Clock, Evidence, HostKit


@dataclass
class FakeHost:
    """Implements `protocols.Host`; `did` has each call and its probe, in order, `kit` what it was
    opened with, `screenshots` the names of the screenshots taken, `acted` the probe, number and
    run time of each `after_join`.

    `refuse` maps probes that cannot join to the message. Those in `wait_in_vain` never get in, for
    the reason `in_vain`; the others are in after `join_s` of run time. `cannot_act` maps probes
    whose `after_join` steps fail, after `steps_take_s`, to the message. `breaks` maps a method to
    the error that it raises. Evidence is what a test hands to `emit`; `lose` makes it a lost host.
    """

    run_clock: Clock
    refuse: Mapping[str, str] = field(default_factory=dict)
    name: str = "here"
    place: str = "here"
    did: list[tuple[str, str]] = field(default_factory=list)
    closed: bool = False
    wait_in_vain: set[str] = field(default_factory=set)
    in_vain: str = "timeout"
    join_s: float = 0.5
    screenshots_take_s: float = 0.0
    steps_take_s: float = 0.0
    cannot_act: Mapping[str, str] = field(default_factory=dict)
    breaks: Mapping[str, Exception] = field(default_factory=dict)
    kit: HostKit | None = None
    screenshots: list[str] = field(default_factory=list)
    acted: list[tuple[str, int, float]] = field(default_factory=list)
    _evidence: asyncio.Queue[Evidence | Exception | None] = field(default_factory=asyncio.Queue)

    async def open(self, kit: HostKit) -> HostFacts:
        self._breaks("open")
        self.kit = kit
        return HostFacts(
            host=self.name,
            place=self.place,
            hostname=self.name,
            cores=2,
            memory_bytes=4 * 2**30,
            kernel="6.8.0",
            chromium="none",
        )

    async def start(self, plan: ProbePlan) -> None:
        self._do("start", plan.probe)

    async def join(self, probe: str) -> None:
        self._do("join", probe)
        if probe in self.refuse:
            raise JoinError("signalling", self.refuse[probe])

    async def joined(self, probe: str) -> Joined:
        self._do("joined", probe)
        if probe in self.wait_in_vain:
            raise JoinError(self.in_vain, "not within 30 s")
        await self.run_clock.sleep_until(self.run_clock.run_s() + self.join_s)
        return Joined(probe, self.join_s)

    async def after_join(self, probe: str, number: int) -> None:
        self._do("after_join", probe)
        self.acted.append((probe, number, self.run_clock.run_s()))
        await self.run_clock.sleep_until(self.run_clock.run_s() + self.steps_take_s)
        if probe in self.cannot_act:
            raise JoinError("timeout", self.cannot_act[probe])

    async def leave(self, probe: str) -> None:
        self._do("leave", probe)

    async def screenshot(self, probe: str, name: str) -> Path | None:
        self._do("screenshot", probe)
        self.screenshots.append(name)
        await self.run_clock.sleep_until(self.run_clock.run_s() + self.screenshots_take_s)
        return None

    async def evidence(self) -> AsyncIterator[Evidence]:
        while (seen := await self._evidence.get()) is not None:
            if isinstance(seen, Exception):
                raise seen
            yield seen

    def emit(self, seen: Evidence) -> None:
        """Give a page's report, an event or a sample to those who read `evidence`."""
        self._evidence.put_nowait(seen)

    def lose(self, error: GeneratorError | None = None) -> None:
        """From now on `evidence` raises `error`, by default a HostLost."""
        self._evidence.put_nowait(error or HostLost(f"{self.name} does not answer"))

    async def clock(self) -> ClockReading:
        self._breaks("clock")
        return ClockReading(f"host:{self.name}", 0.0, 0.0, self.run_clock.run_s())

    async def close(self) -> None:
        self._breaks("close")
        self.closed = True
        self._evidence.put_nowait(None)

    def _do(self, method: str, probe: str) -> None:
        self._breaks(method)
        self.did.append((method, probe))

    def _breaks(self, method: str) -> None:
        if method in self.breaks:
            raise self.breaks[method]
