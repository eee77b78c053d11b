"""What a page that a step loads still waits for: its requests that delay the end of its load."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from playwright.async_api import Frame, Page, Request

DELAY_LOAD = frozenset({"document", "stylesheet", "image", "media", "font", "script"})
"""Types of requests that delay a document's `load` event, by Playwright's names."""

MOST_NAMED = 2
LONGEST_ADDRESS = 200


@dataclass
class PendingRequests:
    """The requests of a page in the order in which it made them, while it is watched.

    `answered` says whether it got a document meanwhile.
    """

    answered: bool = False
    _pending: dict[Request, None] = field(default_factory=dict)
    _page: Page | None = None

    def watch(self, page: Page) -> None:
        """Begin anew. Only what a step loads is watched: each request is a message to the farm."""
        self.unwatch()
        self._page, self.answered = page, False
        self._pending.clear()
        page.on("request", self._began)
        page.on("requestfinished", self._ended)
        page.on("requestfailed", self._ended)
        page.on("framenavigated", self._navigated)

    def unwatch(self) -> None:
        """Watch no more. Idempotent."""
        page, self._page = self._page, None
        if page is None:
            return
        page.remove_listener("request", self._began)
        page.remove_listener("requestfinished", self._ended)
        page.remove_listener("requestfailed", self._ended)
        page.remove_listener("framenavigated", self._navigated)

    def describe(self, mask: Callable[[str], str] = str) -> str:
        """`http://host/a.png, http://host/b.js and 3 more`, without queries; else `something`."""
        # An image may be wanted twice, with another query each time.
        names = list(dict.fromkeys(_address(each.url, mask) for each in self._pending))
        more = len(names) - MOST_NAMED
        listed = ", ".join(names[:MOST_NAMED]) or "something"
        return f"{listed} and {more} more" if more > 0 else listed

    def _began(self, request: Request) -> None:
        if request.resource_type in DELAY_LOAD:
            self._pending[request] = None

    def _ended(self, request: Request) -> None:
        self._pending.pop(request, None)

    def _navigated(self, frame: Frame) -> None:
        self.answered = self.answered or frame.parent_frame is None


def _address(url: str, mask: Callable[[str], str]) -> str:
    """An address without query and fragment, nor what `mask` replaces before a long one is cut."""
    plain = mask(url.partition("#")[0].partition("?")[0])
    return plain if len(plain) <= LONGEST_ADDRESS else f"{plain[:LONGEST_ADDRESS]}..."
