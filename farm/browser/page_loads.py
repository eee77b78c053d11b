"""The documents that a probe's tabs load: where a page is, and whether it loaded by itself."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Protocol

from playwright.async_api import Download, Page

from farm.browser.join_trouble import JoinTrouble
from farm.browser.pending_requests import PendingRequests
from farm.model.driver import GoBack, Goto, Reload, Step
from farm.model.mask import Mask
from farm.model.page_samples import EventKind

LONGEST_ADDRESS = 300


class Report(Protocol):
    """Reports an event of the probe."""

    def __call__(self, kind: EventKind, message: str, **data: Any) -> None: ...


@dataclass
class PageLoads:
    """What was loaded since the last step that opens a page, and what that still waits for.

    Each document is reported as an event `loaded`, with the seconds since the last step ended (0
    while one is executed): what comes long after any step the page did by itself. `mask` replaces
    secrets in addresses.
    """

    trouble: JoinTrouble
    report: Report
    mask: Mask
    opened: str | None = None
    loads: int = 0
    pending: PendingRequests = field(default_factory=PendingRequests)
    _is_acting: bool = field(default=False, init=False)
    _acted_s: float = field(default_factory=time.monotonic, init=False)

    def begin(self, step: Step, page: Page) -> None:
        """A step begins, in the probe's page."""
        self._is_acting = True
        if isinstance(step, Goto | Reload | GoBack):
            self.opened = step.url if isinstance(step, Goto) else None
            self.loads = 0
            self.pending.watch(page)

    def end(self) -> None:
        """A step has ended."""
        self._is_acting = False
        self.pending.unwatch()
        self._acted_s = time.monotonic()

    def after_step_s(self) -> float:
        """Seconds since the last step ended, 0 while one is executed."""
        return 0.0 if self._is_acting else round(time.monotonic() - self._acted_s, 3)

    def watch(self, tab: Page, number: int) -> None:
        """Watch a tab from now on."""
        tab.on("domcontentloaded", lambda page: self._loaded(page, number))
        tab.on("download", self._downloaded)

    def describe(self, page: Page) -> str | None:
        """Where the page is, if that is not where the driver's last step opened it."""
        at = self._shown(page.url)
        times = f", it was loaded {self.loads} times" if self.loads > 1 else ""
        if self.opened is not None and _plain(self.opened) != _plain(page.url):
            return f"the page is now at {at}, goto opened {self._shown(self.opened)}{times}"
        return f"the page is at {at}{times}" if times else None

    def _loaded(self, page: Page, number: int) -> None:
        if page.url == "about:blank":
            return
        if number == 0:
            self.loads += 1
        data = {
            "url": self._shown(page.url),
            "tab": number,
            "after_step_s": self.after_step_s(),
        }
        self.report("loaded", f"loaded {data['url']}", **data)

    def _downloaded(self, download: Download) -> None:
        name = self.mask(download.suggested_filename)
        self.trouble.download = f"{name} from {self._shown(download.url)}"

    def _shown(self, url: str) -> str:
        """An address without secrets, and not longer than a message may be."""
        shown = self.mask(url)
        return shown if len(shown) <= LONGEST_ADDRESS else f"{shown[:LONGEST_ADDRESS]}..."


def _plain(url: str) -> str:
    """An address without its fragment and a slash at its end."""
    return url.partition("#")[0].rstrip("/")
