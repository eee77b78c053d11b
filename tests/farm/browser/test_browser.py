"""Browsers that crash, are killed or do not start; nothing is left of any."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from farm.browser.automation import Automation
from farm.browser.chromiums import Chromiums
from farm.errors import BrowserError
from farm.model.driver import Fill, Goto, WaitFor
from farm.model.experiment import ProbeSettings
from farm.processes import Processes
from farm.protocols import HostKit

pytestmark = pytest.mark.live

NewPage = Callable[..., Awaitable[Any]]


async def test_a_crashed_renderer_is_reported_and_its_neighbour_lives_on(
    new_page: NewPage, call_app: str, tmp_path: Path
) -> None:
    probe, neighbour = await new_page(), await new_page(probe="p001")
    await neighbour.goto(f"{call_app}call")
    await probe.goto(f"{call_app}call")
    with pytest.raises(BrowserError, match="p000: the page's renderer crashed"):
        await probe.goto("chrome://crash")
    (crashed,) = probe.witness.events("crashed")
    assert crashed.probe == "p000"
    assert not await probe.page.screenshot(tmp_path / "none.png")
    await probe.page.close()
    await neighbour.page.run(Fill("#name", "still here"))


async def test_a_killed_browser_crashes_all_its_pages_at_once(
    new_page: NewPage, call_app: str
) -> None:
    probes = [await new_page(probe=name) for name in ("p000", "p001")]
    await probes[0].goto(f"{call_app}call")
    os.kill(probes[0].browser.pid, signal.SIGKILL)
    for probe in probes:
        (crashed,) = await probe.witness.until(lambda probe=probe: probe.witness.events("crashed"))
        assert "chromium-0 ended with status -9" in crashed.message
    with pytest.raises(BrowserError, match="ended with status -9"):
        await probes[1].page.run(Goto(f"{call_app}call"))
    await probes[0].page.close()


async def test_a_browser_killed_in_the_midst_of_a_step_is_not_the_apps_fault(
    new_page: NewPage, call_app: str
) -> None:
    probe = await new_page()
    await probe.goto(f"{call_app}call")
    step = asyncio.create_task(probe.page.run(WaitFor(selector="#nothing")))
    await probe.witness.report()
    os.kill(probe.browser.pid, signal.SIGKILL)
    with pytest.raises(BrowserError, match="p000: "):
        await step


async def test_a_chromium_that_does_not_start_is_reported_with_its_output(
    kit: HostKit, tmp_path: Path
) -> None:
    broken = tmp_path / "chromium"
    broken.write_text(
        "#!/bin/sh\n"
        "[ $1 = --version ] && exec echo Chromium 1\n"
        "echo cannot open libnss3.so; exit 127\n"
    )
    broken.chmod(0o755)
    async with Processes(tmp_path / "logs") as processes:
        source = Chromiums(processes, lambda _media: NoClip())
        broken_kit = replace(kit, probes=ProbeSettings(chromium=broken))
        assert await source.open(broken_kit) == "Chromium 1"
        with pytest.raises(BrowserError, match=r"status 127 .*cannot open libnss3\.so"):
            await source.browser()
        await source.close()
        with pytest.raises(BrowserError, match="not open"):
            await source.browser()


@dataclass
class NoClip:
    video: Path | None = None
    audio: Path | None = None


async def test_nothing_is_left_after_close(
    chromiums: Chromiums, new_page: NewPage, call_app: str
) -> None:
    before = set(psutil.Process().children(recursive=True))
    probe = await new_page()
    await probe.goto(f"{call_app}call?calls=1")
    of_ours = set(psutil.Process().children(recursive=True)) - before
    assert len(of_ours) > 3
    command = psutil.Process(probe.browser.pid).cmdline()
    (profile,) = (word for word in command if word.startswith("--user-data-dir="))
    await chromiums.close()
    await chromiums.close()
    assert not Path(profile.partition("=")[2]).exists()
    assert [process for process in of_ours if alive(process)] == []


CONTROLLER = """
import asyncio, sys
from pathlib import Path
from types import SimpleNamespace
from farm.browser.chromiums import Chromiums
from farm.model.driver import Driver, Goto
from farm.model.experiment import MediaSettings, ProbeSettings
from farm.processes import Processes
from farm.protocols import HostKit
from farm.model.trial_plan import ProbePlan

async def main(app_url, folder):
    kit = HostKit(app_url, False, Driver("test", {}), MediaSettings(), ProbeSettings(), 1.0, folder)
    async with Processes(folder) as processes:
        clip = SimpleNamespace(video=None, audio=None, light_banks={})
        source = Chromiums(processes, lambda _media: clip)
        await source.open(kit)
        browser = await source.browser()
        plan = ProbePlan("p000", "s000", "caller", "here", 0.0, {}, (), ())
        page = await browser.page(plan, lambda _seen: None)
        await page.run(Goto(f"{app_url}call?calls=1"))
        print(browser.pid, flush=True)
        await asyncio.sleep(60)

asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
"""


async def test_nothing_is_left_when_the_controller_is_killed(call_app: str, tmp_path: Path) -> None:
    controller = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", CONTROLLER, call_app, str(tmp_path)),
        stdout=asyncio.subprocess.PIPE,
    )
    assert controller.stdout is not None
    browser = psutil.Process(int(await controller.stdout.readline()))
    (profile,) = (word for word in browser.cmdline() if word.startswith("--user-data-dir="))
    family = psutil.Process(controller.pid).children(recursive=True)
    assert len(family) > 4  # guardian, Playwright's node, Chromium and its own
    controller.kill()
    await controller.wait()
    async with asyncio.timeout(60):
        while any(alive(process) for process in family):
            await asyncio.sleep(0.05)
        while Path(profile.partition("=")[2]).exists():
            await asyncio.sleep(0.05)


def alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("after_s", [0.1, 0.3, 0.6])
async def test_a_start_of_playwright_that_is_cut_short_leaves_no_driver(
    tmp_path: Path, unheard: list[dict[str, Any]], after_s: float
) -> None:
    before = set(psutil.Process().children())
    starting = asyncio.create_task(Automation.start(tmp_path))
    await asyncio.sleep(after_s)
    starting.cancel()
    with suppress(asyncio.CancelledError):
        await (await starting).stop()  # it was started already
    assert set(psutil.Process().children()) <= before
    gc.collect()
    assert unheard == []


async def test_the_end_of_playwrights_driver_by_a_signal_is_not_printed(
    tmp_path: Path, unheard: list[dict[str, Any]]
) -> None:
    before = set(psutil.Process().children())
    automation = await Automation.start(tmp_path)
    drivers = set(psutil.Process().children()) - before
    for driver in drivers:
        driver.terminate()
    await asyncio.to_thread(psutil.wait_procs, drivers, 5)
    await asyncio.sleep(0.1)  # until the end of its output has been read
    await automation.stop()
    del automation
    gc.collect()
    assert unheard == []


@pytest.fixture
async def unheard() -> list[dict[str, Any]]:
    """What asyncio would print of errors that nobody retrieves."""
    contexts: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _loop, context: contexts.append(context)
    )
    return contexts
