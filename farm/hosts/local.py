"""This machine as a host: opens browsers as needed, places probes in them, merges evidence."""

from __future__ import annotations

import asyncio
import platform
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol, TypeVar

import psutil

from farm.errors import BrowserError
from farm.hosts.probe import OpenPage, ProbeLife, ProbeTab, Seen
from farm.hosts.processes import Root
from farm.hosts.sampler import HostSampler, usable_cores
from farm.model.clock_reading import ClockReading
from farm.model.host_samples import HostFacts
from farm.model.page_address import app_address
from farm.model.page_samples import Joined
from farm.model.trial_plan import ProbePlan
from farm.protocols import Evidence, HostKit, Probe

T = TypeVar("T")


class SharedBrowser(Protocol):
    """One browser that several probes share (`farm.browser.Browser`)."""

    @property
    def pid(self) -> int: ...

    @property
    def alive(self) -> bool: ...

    async def page(self, plan: ProbePlan, sink: Callable[[Seen], None]) -> ProbeTab: ...


class Browsers(Protocol):
    """Opens browsers (`farm.browser.chromiums.Chromiums`)."""

    async def open(self, kit: HostKit) -> str:
        """Everything that browsers of this kit need; returns Chromium's version."""

    async def browser(self) -> SharedBrowser: ...

    async def close(self) -> None: ...


class Starts(Protocol):
    """Bounds what starts at the same time (`farm.hosts.start_limit.StartLimit`)."""

    async def run(self, start: Callable[[], Awaitable[T]]) -> T: ...


@dataclass(slots=True)
class _Seat:
    """A browser, starting or running, and the number of probes placed in it."""

    browser: asyncio.Task[SharedBrowser]
    taken: int = 0

    def has_room(self, per_browser: int) -> bool:
        if self.taken >= per_browser or self.browser.cancelled():
            return False
        if not self.browser.done():
            return True
        return self.browser.exception() is None and self.browser.result().alive


@dataclass(slots=True)
class _Opened:
    """The state of a host between `open` and `close`."""

    kit: HostKit
    start_limit: Starts
    sampling: asyncio.Task[None]
    seats: list[_Seat] = field(default_factory=list)
    probes: dict[str, Probe] = field(default_factory=dict)
    pumps: list[asyncio.Task[None]] = field(default_factory=list)


class LocalHost:
    """Implements `protocols.Host` for the machine on which it is made.

    `start_limit` makes the limit for a number of starts at a time, `clock` reads this machine's
    monotonic clock as run time. `cores` are the only ones the browsers may use; `None`: all.
    `app_late_s` and `media_server` are for `HostSampler`, if the demo app or the media server runs
    here.
    """

    def __init__(
        self,
        name: str,
        *,
        place: str,
        cores: Sequence[int] | None,
        browsers: Browsers,
        start_limit: Callable[[int], Starts],
        clock: Callable[[str], ClockReading],
        app_late_s: Callable[[], Awaitable[float | None]] | None = None,
        media_server: Root = tuple,
    ) -> None:
        self._name = name
        self._place = place
        self._cores = cores
        self._browsers = browsers
        self._make_start_limit = start_limit
        self._clock = clock
        self._app_late_s = app_late_s
        self._media_server = media_server
        self._opened: _Opened | None = None
        self._seen: asyncio.Queue[Evidence | None] = asyncio.Queue()
        self._closed = False

    @property
    def name(self) -> str:
        return self._name

    async def open(self, kit: HostKit) -> HostFacts:
        """Clip, Chromium and driver ready; samples flow. Raises MissingTool, BrowserError."""
        chromium = await self._browsers.open(kit)
        sampler = HostSampler(
            self._name, self._cores, self._browser_pids, self._app_late_s, self._media_server
        )
        sampling = asyncio.create_task(sampler.run(self._seen.put_nowait))
        self._opened = _Opened(kit, self._make_start_limit(kit.probes.boots_at_once), sampling)
        return HostFacts(
            host=self._name,
            place=self._place,
            hostname=socket.gethostname(),
            cores=usable_cores(self._cores),
            memory_bytes=psutil.virtual_memory().total,
            kernel=platform.release(),
            chromium=chromium,
        )

    async def start(self, plan: ProbePlan) -> None:
        """Start the probe's page, in a browser with room or a new one. Raises BrowserError."""
        opened = self._open_one()
        roles = opened.kit.driver.roles
        if plan.role not in roles:
            raise BrowserError(
                f"{plan.probe}: driver {opened.kit.driver.name} has no role {plan.role}"
                f" (it has {', '.join(roles)})"
            )
        kit = opened.kit
        plan = replace(plan, variables={**plan.variables, "app_url": app_address(kit.app_url)})
        seat = self._seat(opened)
        seat.taken += 1
        kit = opened.kit
        probe = ProbeLife(
            roles[plan.role],
            _page_of(seat),
            kit.screenshots,
            secrets=kit.opening.variables(plan.probe),
            steps_watched=kit.steps_watched,
        )
        opened.probes[plan.probe] = probe
        opened.pumps.append(asyncio.create_task(self._pump(probe)))
        try:
            await opened.start_limit.run(lambda: probe.open(plan))
        except BaseException:
            await probe.close()
            raise

    async def join(self, probe: str) -> None:
        """The role's `join` steps. Raises JoinError, BrowserError."""
        await self._probe(probe).join()

    async def joined(self, probe: str) -> Joined:
        """Wait until the probe is in. Raises JoinError, BrowserError."""
        return await self._probe(probe).joined()

    async def after_join(self, probe: str, number: int) -> None:
        """The role's `after_join` steps of that number. Raises JoinError, BrowserError."""
        await self._probe(probe).after_join(number)

    async def leave(self, probe: str) -> None:
        """The role's `leave` steps, then the page is closed. Never raises for a dead page."""
        await self._probe(probe).leave()

    async def screenshot(self, probe: str, name: str) -> Path | None:
        return await self._probe(probe).screenshot(name)

    async def evidence(self) -> AsyncIterator[Evidence]:
        """Samples, reports and events as they come; ends at `close`. For one reader."""
        while (seen := await self._seen.get()) is not None:
            yield seen

    async def clock(self) -> ClockReading:
        return self._clock(self._name)

    async def close(self) -> None:
        """Idempotent; nothing of ours runs afterwards."""
        if self._closed:
            return
        self._closed = True
        try:
            if self._opened is not None:
                await self._end(self._opened)
        finally:
            self._seen.put_nowait(None)
            await self._browsers.close()

    async def _end(self, opened: _Opened) -> None:
        ending = {opened.sampling, *(seat.browser for seat in opened.seats)}
        for task in ending:
            task.cancel()
        try:
            await asyncio.wait(ending)
            # Ending the browsers ends all pages at once, sooner than closing them one by one.
            await self._browsers.close()
        finally:  # also of a browser that cannot be ended
            await asyncio.gather(*(probe.close() for probe in opened.probes.values()))
            if opened.pumps:
                await asyncio.wait(opened.pumps)

    async def _pump(self, probe: Probe) -> None:
        async for seen in probe.evidence():
            self._seen.put_nowait(seen)

    def _seat(self, opened: _Opened) -> _Seat:
        """The first browser with room, else a new one; it starts while its probes wait for it."""
        for seat in opened.seats:
            if seat.has_room(opened.kit.probes.per_browser):
                return seat
        seat = _Seat(asyncio.create_task(self._browsers.browser()))
        opened.seats.append(seat)
        return seat

    def _browser_pids(self) -> list[int]:
        if self._opened is None:
            return []
        browsers = [seat.browser for seat in self._opened.seats]
        return [
            browser.result().pid
            for browser in browsers
            if browser.done() and not browser.cancelled() and browser.exception() is None
        ]

    def _open_one(self) -> _Opened:
        if self._opened is None or self._closed:
            raise BrowserError(f"host {self._name} is not open")
        return self._opened

    def _probe(self, name: str) -> Probe:
        probe = self._open_one().probes.get(name)
        if probe is None:
            raise BrowserError(f"host {self._name} has no probe {name}")
        return probe


def _page_of(seat: _Seat) -> OpenPage:
    """Opens pages in the seat's browser, once that is there."""

    async def open_page(plan: ProbePlan, sink: Callable[[Seen], None]) -> ProbeTab:
        # Not awaited itself: a probe that is given up must not take its neighbours' browser along.
        await asyncio.wait({seat.browser})
        if seat.browser.cancelled():
            raise BrowserError(f"{plan.probe}: the host closes")
        return await seat.browser.result().page(plan, sink)

    return open_page
