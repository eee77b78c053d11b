"""Playwright, started once a host: it connects to the browsers that the farm starts.

The farm starts Chromium itself (farm.browser.chromiums), so that it knows its pid, gives it cores
and ends it whatever happens.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Playwright, async_playwright

from farm.browser.browser import BOOT_WITHIN_S, Browser
from farm.browser.playwright_trouble import CLOSE_WITHIN_S, bounded, one_line
from farm.errors import BrowserError
from farm.model.mask import Mask
from farm.processes import Child
from farm.protocols import HostKit


class Automation:
    """Playwright, through which all browsers of a host are controlled. It outlives a Ctrl-C."""

    def __init__(self, playwright: Playwright) -> None:
        self._playwright = playwright

    @classmethod
    async def start(cls, directory: Path) -> Automation:
        """Its driver keeps its files in `directory`. Raises BrowserError."""
        try:
            async with asyncio.timeout(BOOT_WITHIN_S):
                with _temporary_files_in(directory):
                    return cls(await async_playwright().start())
        except Exception as error:  # a driver that cannot run at all ends in a bare Exception
            raise BrowserError(
                f"Playwright does not start: {one_line(error)} (farm doctor says what is missing)"
            ) from error

    async def connect(
        self,
        child: Child[Any],
        devtools_url: str,
        kit: HostKit,
        banks: Mapping[str, Path],
        mask: Mask,
    ) -> Browser:
        """The browser that runs as `child`, which stays the caller's. Raises BrowserError.

        Without any of the `banks` of prepared frames (by codec) all its probes are full ones.
        `mask` replaces secrets in what is said of its pages.
        """
        try:
            async with asyncio.timeout(BOOT_WITHIN_S):
                connection = await self._playwright.chromium.connect_over_cdp(
                    devtools_url,
                    is_local=True,  # it may read our files itself
                )
        except (TimeoutError, PlaywrightError) as error:
            raise BrowserError(f"{child.name} does not answer: {one_line(error)}") from error
        devices = self._playwright.devices
        return Browser(child, connection, kit, banks, devices=devices, mask=mask)

    async def stop(self) -> None:
        async with bounded(CLOSE_WITHIN_S):
            await self._playwright.stop()


@contextmanager
def _temporary_files_in(directory: Path) -> Iterator[None]:
    """Playwright's driver takes its temporary directory from our environment and nowhere else."""
    before = os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = str(directory)
    try:
        yield
    finally:
        if before is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before
