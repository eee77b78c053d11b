"""This machine as a host: with browsers that are fakes, then with real ones."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from farm.browser.chromiums import Chromiums
from farm.errors import BrowserError, JoinError, ProcessError
from farm.hosts import LocalHost, SharedBrowser
from farm.hosts.probe import Seen
from farm.hosts.start_limit import StartLimit
from farm.model.driver import Click, Driver, Goto, RoleSteps, Step, WaitFor
from farm.model.experiment import MediaSettings, ProbeSettings
from farm.model.host_samples import HostSample
from farm.model.page_samples import PageReport, ProbeEvent
from farm.model.run_clock import RunClock
from farm.model.trial_plan import ProbePlan
from farm.processes import Processes
from farm.protocols import Evidence, HostKit

DRIVER = Driver(
    "test",
    {
        "caller": RoleSteps(
            join=(Goto("{app_url}call?calls=1"),),
            joined=(WaitFor(function="document.body.dataset.state === 'in call'"),),
            leave=(Click("#register"),),
        ),
        "loser": RoleSteps(
            join=(Goto("{app_url}call"), WaitFor(selector="#nothing", within_s=0.5)),
        ),
    },
)


def kit_for(app_url: str, screenshots: Path, **probes: int) -> HostKit:
    return HostKit(
        app_url, False, DRIVER, MediaSettings(), ProbeSettings(**probes), 1.0, screenshots
    )


def plan(name: str, role: str = "caller") -> ProbePlan:
    variables = {"probe": name, "session": "s000"}
    return ProbePlan(name, "s000", role, "here", 0.0, variables, ("video",), ("video",))


# ---------------------------------------------------------------- fakes


class FakePage:
    def begins(self, step: str) -> None: ...

    async def run(self, step: Step) -> None: ...

    async def holds(self, condition: WaitFor) -> bool:
        return True

    async def late(self, step: Step, what: str) -> JoinError:
        return JoinError("timeout", what)

    async def screenshot(self, path: Path) -> bool:
        return False

    async def close(self) -> None: ...


@dataclass
class FakeBrowser:
    pid: int
    alive: bool = True
    pages: list[str] = field(default_factory=list)

    async def page(self, plan: ProbePlan, sink: Callable[[Seen], None]) -> FakePage:
        self.pages.append(plan.probe)
        return FakePage()


@dataclass
class FakeBrowsers:
    """Boot when `go` is set; the first `broken` of them do not. `survives` is why they do not end.

    `asked` is set when the first one is asked for.
    """

    broken: int = 0
    browsers: list[FakeBrowser] = field(default_factory=list)
    go: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    closed: bool = False
    survives: ProcessError | None = None

    async def open(self, kit: HostKit) -> str:
        return "Chromium 1"

    async def browser(self) -> SharedBrowser:
        self.asked.set()
        await self.go.wait()
        if self.broken > 0:
            self.broken -= 1
            raise BrowserError("no browser today")
        self.browsers.append(FakeBrowser(pid=2**22 + len(self.browsers)))
        return self.browsers[-1]

    async def close(self) -> None:
        if self.survives is not None:
            raise self.survives
        self.closed = True


def host_with(browsers: FakeBrowsers | Chromiums) -> LocalHost:
    clock = RunClock()
    return LocalHost(
        "here",
        place="office",
        cores=None,
        browsers=browsers,
        start_limit=StartLimit,
        clock=clock.reading,
    )


async def test_probes_fill_one_browser_after_the_other(tmp_path: Path) -> None:
    browsers = FakeBrowsers()
    host = host_with(browsers)
    facts = await host.open(kit_for("http://app/", tmp_path, per_browser=2))
    assert (facts.place, facts.chromium) == ("office", "Chromium 1")
    starts = [asyncio.create_task(host.start(plan(f"p{number}"))) for number in range(5)]
    await asyncio.sleep(0)
    browsers.go.set()
    await asyncio.gather(*starts)
    assert [browser.pages for browser in browsers.browsers] == [["p0", "p1"], ["p2", "p3"], ["p4"]]
    await host.close()
    assert browsers.closed


async def test_a_dead_or_failed_browser_gets_no_more_probes(tmp_path: Path) -> None:
    browsers = FakeBrowsers(broken=1)
    browsers.go.set()
    host = host_with(browsers)
    await host.open(kit_for("http://app/", tmp_path))
    with pytest.raises(BrowserError, match="no browser today"):
        await host.start(plan("p0"))
    await host.start(plan("p1"))
    browsers.browsers[0].alive = False
    await host.start(plan("p2"))
    assert [browser.pages for browser in browsers.browsers] == [["p1"], ["p2"]]
    await host.close()


async def test_closed_while_browsers_boot_it_ends_at_once(tmp_path: Path) -> None:
    browsers = FakeBrowsers()
    host = host_with(browsers)
    await host.open(kit_for("http://app/", tmp_path))
    start = asyncio.create_task(host.start(plan("p0")))
    await browsers.asked.wait()
    await host.close()
    await host.close()
    with pytest.raises(BrowserError, match="p0: the host closes"):
        await start
    assert [seen async for seen in host.evidence()] == []
    with pytest.raises(BrowserError, match="here is not open"):
        await host.start(plan("p1"))


async def test_a_start_that_is_given_up_leaves_the_browser_to_its_neighbour(
    tmp_path: Path,
) -> None:
    browsers = FakeBrowsers()
    host = host_with(browsers)
    await host.open(kit_for("http://app/", tmp_path))
    given_up = asyncio.create_task(host.start(plan("p0")))
    neighbour = asyncio.create_task(host.start(plan("p1")))
    await browsers.asked.wait()
    given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up
    browsers.go.set()
    await neighbour
    assert browsers.browsers[0].pages == ["p1"]
    await host.close()


async def test_what_it_does_not_know_it_names(tmp_path: Path) -> None:
    host = host_with(FakeBrowsers())
    await host.open(kit_for("http://app/", tmp_path))
    with pytest.raises(BrowserError, match=r"driver test has no role viewer \(it has caller,"):
        await host.start(plan("p0", role="viewer"))
    with pytest.raises(BrowserError, match="host here has no probe p7"):
        await host.join("p7")
    assert (await host.clock()).source == "here"
    await host.close()


async def test_a_browser_that_cannot_be_ended_leaves_no_probe_open(tmp_path: Path) -> None:
    browsers = FakeBrowsers()
    browsers.go.set()
    host = host_with(browsers)
    await host.open(kit_for("http://app/", tmp_path))
    others = asyncio.all_tasks()
    await host.start(plan("p0"))
    await host.start(plan("p1"))
    browsers.survives = ProcessError("chromium-0 (pid 7) survived SIGKILL")
    with pytest.raises(ProcessError, match="survived SIGKILL"):
        await host.close()
    kinds = [seen.kind async for seen in host.evidence() if isinstance(seen, ProbeEvent)]
    assert kinds == ["opened", "opened"]
    assert {task for task in asyncio.all_tasks() - others if not task.done()} == set()


# ---------------------------------------------------------------- real browsers


class Reader:
    """Reads a host's evidence to its end, and lets a test wait for some of it."""

    def __init__(self, host: LocalHost) -> None:
        self.seen: list[Evidence] = []
        self._more = asyncio.Event()
        self.task = asyncio.create_task(self._read(host))

    async def _read(self, host: LocalHost) -> None:
        async for seen in host.evidence():
            self.seen.append(seen)
            self._more.set()

    def kinds(self, probe: str) -> list[str]:
        events = (seen for seen in self.seen if isinstance(seen, ProbeEvent))
        return [event.kind for event in events if event.probe == probe]

    async def until(self, right: Callable[[Evidence], bool]) -> None:
        async with asyncio.timeout(60):
            while not any(right(seen) for seen in self.seen):
                self._more.clear()
                await self._more.wait()


@pytest.mark.live
async def test_two_probes_live_and_one_cannot_join(call_app: str, tmp_path: Path) -> None:
    async with Processes(tmp_path / "logs") as processes:
        host = host_with(Chromiums(processes, lambda _media: GreenPicture()))
        await host.open(kit_for(call_app, tmp_path / "screenshots"))
        reader = Reader(host)
        await asyncio.gather(*(host.start(plan(name)) for name in ("p0", "p1")))
        await asyncio.gather(host.join("p0"), host.join("p1"))
        joined = await host.joined("p0")
        assert joined.probe == "p0"
        assert joined.join_s > 0
        await host.joined("p1")

        await host.start(plan("p2", role="loser"))
        with pytest.raises(JoinError, match=r"join step 2, wait_for #nothing: not within 0\.5 s"):
            await host.join("p2")
        assert (tmp_path / "screenshots/p2-timeout.png").exists()

        await reader.until(lambda seen: isinstance(seen, HostSample))
        await reader.until(
            lambda seen: (
                isinstance(seen, PageReport)
                and seen.probe == "p1"
                and any(len(each.first_media) == 2 for each in seen.connections)
            )
        )
        picture = await host.screenshot("p0", "mid-call-caller")
        assert picture == tmp_path / "screenshots/mid-call-caller.png"
        await host.leave("p0")
        await host.close()
        await reader.task
        assert reader.kinds("p0")[:2] == ["opened", "joining"]
        assert reader.kinds("p0")[-2:] == ["screenshot", "left"]
        assert reader.kinds("p0").count("setup") == 2
        assert "failed" in reader.kinds("p2")
        assert psutil.Process().children(recursive=True) != []  # the guardian, till the end
    assert list((tmp_path / "logs").glob("chromium-0.log"))


@pytest.mark.live
async def test_a_killed_browser_is_told_for_each_of_its_probes(
    call_app: str, tmp_path: Path
) -> None:
    async with Processes(tmp_path / "logs") as processes:
        core = min(os.sched_getaffinity(0))
        host = host_with(Chromiums(processes, lambda _media: GreenPicture(), (core,)))
        await host.open(kit_for(call_app, tmp_path / "screenshots"))
        reader = Reader(host)
        for name in ("p0", "p1"):
            await host.start(plan(name))
            await host.join(name)
        browser = next(
            process
            for process in psutil.Process().children(recursive=True)
            if "--headless=new" in command(process) and "--type=" not in str(command(process))
        )
        for process in (browser, *browser.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):  # some are short
                assert process.cpu_affinity() == [core]
        os.kill(browser.pid, signal.SIGKILL)
        for name in ("p0", "p1"):
            await reader.until(
                lambda seen, name=name: (
                    isinstance(seen, ProbeEvent) and (seen.probe, seen.kind) == (name, "crashed")
                )
            )
            with pytest.raises(BrowserError, match="ended with status -9"):
                await host.joined(name)
            await host.leave(name)
        await host.close()
        await reader.task


def command(process: psutil.Process) -> list[str]:
    """Empty for a process that has ended meanwhile."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@dataclass
class GreenPicture:
    video: Path | None = None
    audio: Path | None = None
    light_banks: Mapping[str, Path] = field(default_factory=dict)
