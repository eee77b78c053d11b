"""One Chromium process, controlled by Playwright: it opens pages; when it ends, they crash."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from playwright.async_api import Browser as Connection
from playwright.async_api import BrowserContext
from playwright.async_api import Error as PlaywrightError

from farm.browser.context_options import context_options
from farm.browser.forced_capture import forced_capture
from farm.browser.playwright_trouble import CLOSE_WITHIN_S, bounded, one_line
from farm.browser.probe_page import BrowserPage, Sink
from farm.errors import BrowserError
from farm.model.mask import Mask
from farm.model.trial_plan import ProbePlan
from farm.processes import Child
from farm.protocols import HostKit

BOOT_WITHIN_S = 30.0
BOOT_SETTING = "BOOT_WITHIN_S of farm/browser/browser.py"


class Browser:
    """One Chromium process with up to `probes.per_browser` pages, a context each."""

    def __init__(
        self,
        child: Child[Any],
        connection: Connection,
        kit: HostKit,
        banks: Mapping[str, Path],
        *,
        devices: Mapping[str, Mapping[str, Any]],
        mask: Mask,
    ) -> None:
        self._child = child
        self._connection = connection
        self._kit = kit
        self._banks = banks
        self._devices = devices
        self._mask = mask
        self._pages: set[BrowserPage] = set()
        self._watch = asyncio.create_task(self._crash_pages_at_end())

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def alive(self) -> bool:
        return self._child.alive

    async def page(self, plan: ProbePlan, sink: Sink, *, drawn: bool = False) -> BrowserPage:
        """Open an empty page with our hooks in it. Raises BrowserError.

        `drawn`: videos are shown, for a person.
        """
        context: BrowserContext | None = None
        opening, mask = self._kit.opening, self._mask
        try:
            async with asyncio.timeout(BOOT_WITHIN_S):
                banks = self._banks if plan.fidelity == "light" else {}
                context = await self._connection.new_context(
                    **context_options(plan, opening, self._kit.app_url, self._devices),
                    ignore_https_errors=self._kit.accept_self_signed,
                    # A light probe needs a worker of ours, and a page's policy may forbid any: no
                    # address, frame or world of scripts is exempt from it. Full probes, which light
                    # ones are compared with, run under the same rules.
                    bypass_csp=True,
                )
                first = await context.new_page()
                page = BrowserPage(
                    plan,
                    sink,
                    first,
                    self._kit.poll_s,
                    self._pages.discard,
                    mask=mask,
                    label_key=opening.label_key,
                )
                role = self._kit.driver.roles.get(plan.role)
                forced = forced_capture(self._kit.media, plan)
                await page.prepare(banks, forced, role.answers if role else (), drawn=drawn)
        except BaseException as error:
            if context is not None:
                async with bounded(CLOSE_WITHIN_S):
                    await context.close()
            if isinstance(error, TimeoutError | PlaywrightError):
                late = f"no page within {BOOT_WITHIN_S:g} s ({BOOT_SETTING})"
                why = late if isinstance(error, TimeoutError) else one_line(error, mask)
                raise BrowserError(f"{plan.probe}: {self._child.name}: {why}") from error
            raise
        self._pages.add(page)
        return page

    async def close(self) -> None:
        """End it and all its pages. Idempotent. Raises ProcessError if it cannot be killed."""
        self._watch.cancel()
        async with bounded(CLOSE_WITHIN_S):
            await self._connection.close()
        await self._child.stop()

    async def _crash_pages_at_end(self) -> None:
        status = await self._child.died()
        for page in tuple(self._pages):
            page.crash(f"{self._child.name} ended with status {status}")
