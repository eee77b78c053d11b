"""Playwright, started once a host: it connects to the browsers that the farm starts.

The farm starts Chromium itself (farm.browser.chromiums), so that it knows its pid, gives it cores
and ends it whatever happens.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
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
        manager = async_playwright()
        with _temporary_files_in(directory):
            starting = asyncio.ensure_future(manager.start())
            try:
                async with asyncio.timeout(BOOT_WITHIN_S):
                    playwright = await asyncio.shield(starting)
            except BaseException as error:
                await _stop_started(starting)
                if not isinstance(error, Exception):
                    raise
                raise BrowserError(
                    f"Playwright does not start: {one_line(error)} (farm doctor says what is"
                    " missing)"
                ) from error
        _retrieve_end(manager)
        return cls(playwright)

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


async def _stop_started(starting: asyncio.Future[Playwright]) -> None:
    """Stop a Playwright that nobody waits for any more: cancelled, it would leave its driver."""
    with suppress(Exception):  # a driver that cannot run at all ends in a bare one
        async with asyncio.timeout(CLOSE_WITHIN_S):
            playwright = await starting
            await playwright.stop()


def _retrieve_end(manager: object) -> None:
    """Retrieve the error of a driver that ends by itself, as by a signal to all of a group.

    Playwright does not, so that asyncio prints it; those who use the browsers are told anyway.
    """
    transport = getattr(getattr(manager, "_client", None), "_transport", None)
    ended = getattr(transport, "on_error_future", None)
    if isinstance(ended, asyncio.Future):
        ended.add_done_callback(lambda each: each.cancelled() or each.exception())


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
