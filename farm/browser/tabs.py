"""The tabs of one probe: its own page, and those that pages of it opened (`window.open`)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from itertools import count

from playwright.async_api import Frame, Page

from farm.model.driver import Where


class Tabs:
    """The tabs of a probe, numbered by age from 0, the probe's own; no number is used twice.

    `on_open` is called with each later one, `on_close` with each that is closed.
    """

    def __init__(
        self, own: Page, on_open: Callable[[Page], None], on_close: Callable[[Page], None]
    ) -> None:
        self._numbers: dict[Page, int] = {}
        self._on_open = on_open
        self._on_close = on_close
        self._changed = asyncio.Event()
        self._frames: dict[Frame, int] = {}
        self._frame_numbers = count(1)
        self._watch(own)
        own.context.on("page", self._opened)

    def number(self, page: Page) -> int:
        """The number of a tab; its first message may come before Playwright reports the tab."""
        return self._numbers.setdefault(page, len(self._numbers))

    def place(self, page: Page, frame: Frame) -> tuple[int, int]:
        """The numbers of a tab and of a frame in it; 0 is the tab's own document."""
        if frame.parent_frame is None:
            return self.number(page), 0
        if frame not in self._frames:
            self._frames[frame] = next(self._frame_numbers)
        return self.number(page), self._frames[frame]

    def removed(self, page: Page, frame: Frame) -> tuple[int, int] | None:
        """The place of a frame that was removed, which is forgotten; `None`: it had none."""
        number = self._frames.pop(frame, None)
        return None if number is None else (self.number(page), number)

    @property
    def own(self) -> Page:
        """The tab in which steps act: the oldest open one; the probe's own if all are closed."""
        return next(iter(self._open()), next(iter(self._numbers)))

    async def of(self, where: Where) -> Page:
        """The tab in which a step acts; waits for one that is being opened."""
        return await self.newer_than(None) if where.in_new_tab else self.own

    async def newer_than(self, page: Page | None) -> Page:
        """The newest open tab that is newer than `page` (`None`: the probe's own); waits for it."""
        number = 0 if page is None else self._numbers[page]
        while True:
            self._changed.clear()
            newer = [page for page in self._open() if self._numbers[page] > number]
            if newer:
                return newer[-1]
            await self._changed.wait()

    def of_call(self, in_call: Collection[int]) -> Page:
        """The tab that has the call: the newest open one of those numbers, or else of all."""
        tabs = self._open()
        calling = [page for page in tabs if self._numbers[page] in in_call]
        return (calling or tabs or [self.own])[-1]

    def from_newest(self) -> list[Page]:
        """The open tabs, the newest first."""
        return self._open()[::-1]

    def _open(self) -> list[Page]:
        return [page for page in self._numbers if not page.is_closed()]

    def _opened(self, page: Page) -> None:
        self._watch(page)
        self._on_open(page)
        self._changed.set()

    def _watch(self, page: Page) -> None:
        self.number(page)
        page.on("close", self._on_close)


def frame_name(frame: Frame) -> str:
    """What a frame in a tab is called: its name, else its address; empty: the tab's document.

    Query and fragment are left out: they may be long, or hold what is nobody's business.
    """
    if frame.parent_frame is None:
        return ""
    return frame.name or frame.url.partition("#")[0].partition("?")[0]
