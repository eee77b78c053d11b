"""The browsers of one host: Chromium processes with their profiles, started and ended."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from farm.browser.automation import Automation
from farm.browser.browser import BOOT_SETTING, BOOT_WITHIN_S, Browser
from farm.browser.chromium_program import (
    chromium_command,
    chromium_version,
    find_chromium,
    sandbox_works,
)
from farm.errors import BrowserError, ProcessError
from farm.model.experiment import MediaSettings
from farm.model.mask import Mask
from farm.processes import Child, Processes, matches
from farm.protocols import HostKit

DEVTOOLS = r"DevTools listening on (ws://\S+)"


class PlayedFiles(Protocol):
    """Files that cameras and microphones play (`farm.media.Clip`)."""

    @property
    def video(self) -> Path | None: ...

    @property
    def audio(self) -> Path | None: ...

    @property
    def light_banks(self) -> Mapping[str, Path]:
        """Prepared frames for light probes by codec; without any they are full."""


@dataclass(frozen=True, slots=True)
class _Source:
    """The program, files and settings with which a host's browsers are started."""

    kit: HostKit
    chromium: Path
    clip: PlayedFiles
    automation: Automation
    mask: Mask


class Chromiums:
    """Implements `hosts.local.Browsers` with real ones.

    `prepare` makes the clip of `media:`, and may block. `cores` are the only ones the browsers may
    run on; `None`: all. `headed` ones have windows.
    """

    def __init__(
        self,
        processes: Processes,
        prepare: Callable[[MediaSettings], PlayedFiles],
        cores: Sequence[int] | None = None,
        *,
        headed: bool = False,
    ) -> None:
        self._processes = processes
        self._prepare = prepare
        self._cores = cores
        self._headed = headed
        self._source: _Source | None = None
        self._browsers: list[Browser] = []
        self._profiles: list[Path] = []
        self._count = 0

    async def open(self, kit: HostKit) -> str:
        """Find Chromium, make the clip, start Playwright; returns Chromium's version.

        Raises MissingTool, BadInput, BrowserError.
        """
        chromium = find_chromium(kit.probes.chromium)
        version = await asyncio.to_thread(chromium_version, chromium)
        clip = await asyncio.to_thread(self._prepare, kit.media)
        files = self._processes.temporary_directory("playwright-")
        mask = await asyncio.to_thread(Mask, kit.opening.secrets())
        self._source = _Source(kit, chromium, clip, await Automation.start(files), mask)
        return version

    async def browser(self) -> Browser:
        """Start one more browser and connect to it. Raises BrowserError."""
        source = self._source
        if source is None:
            raise BrowserError("no browser can be started: this host is not open")
        child, devtools_url = await self._start(source)
        try:
            browser = await source.automation.connect(
                child, devtools_url, source.kit, source.clip.light_banks, source.mask
            )
        except BaseException:
            await child.stop()
            raise
        self._browsers.append(browser)
        return browser

    async def close(self) -> None:
        """End all browsers, remove their profiles, end Playwright. Idempotent.

        Raises ProcessError, after all else is done, if a browser cannot be killed.
        """
        browsers, self._browsers = self._browsers, []
        ends = await asyncio.gather(
            *(browser.close() for browser in browsers), return_exceptions=True
        )
        while self._profiles:
            await self._processes.remove_directory(self._profiles.pop())
        source, self._source = self._source, None
        if source is not None:
            await source.automation.stop()
        for survivor in ends:
            if survivor is not None:
                raise survivor

    async def _start(self, source: _Source) -> tuple[Child[Any], str]:
        """Start the process; returns it, and the address on which its DevTools listen."""
        name = f"chromium-{self._count}"
        self._count += 1
        profile = self._processes.temporary_directory("probe-farm-profile-")
        self._profiles.append(profile)
        command = chromium_command(
            source.chromium,
            profile,
            app_url=source.kit.app_url,
            led_to=source.kit.led_to,
            video=source.clip.video,
            audio=source.clip.audio,
            more=source.kit.probes.flags,
            sandbox=sandbox_works(source.chromium, as_root=os.geteuid() == 0),
            headed=self._headed,
        )
        try:
            child = await self._processes.start(
                name,
                command,
                ready=matches(DEVTOOLS),
                ready_within_s=BOOT_WITHIN_S,
                setting=BOOT_SETTING,
                cores=self._cores,
                # Chromium leaves sockets and crash files there when it is killed.
                env={"TMPDIR": str(profile)},
            )
        except ProcessError as error:
            raise BrowserError(str(error)) from error
        return child, child.ready[1]
