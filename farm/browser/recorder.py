"""Playwright's own recorder: what a person does in the pages of a context, action by action.

Playwright offers it to its tools alone (`codegen`), so the two calls below are to members that its
Python package does not document. `tests/farm/browser/test_recorder.py` pins what it tells.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import BrowserContext, Page
from playwright.async_api import Error as PlaywrightError

from farm.browser.playwright_trouble import one_line
from farm.browser.recorded_action import RecordedAction, recorded_action
from farm.errors import BrowserError

LANGUAGE = "jsonl"

ANOTHER = "the recorder of this Playwright is not the one that this farm knows (it knows 1.65's)"


@dataclass(slots=True)
class Recorder:
    """Records the actions in one context; `tab_number` is the number of a page there.

    An action is handed to `on_action` when it is known, and once more when it is added to (a text
    grows letter by letter): `is_update`, it then takes the place of the last one.
    """

    context: BrowserContext
    tab_number: Callable[[Page], int]
    on_action: Callable[[RecordedAction, bool], None]
    _trouble: list[str] = field(default_factory=list)

    async def start(self) -> None:
        """From now on actions are told. Raises BrowserError for a Playwright without it."""
        start = getattr(_own(self.context), "_start_recording", None)
        if start is None:
            raise BrowserError(ANOTHER)
        try:
            await start({"language": LANGUAGE}, self)
        except PlaywrightError as error:
            raise BrowserError(f"the recorder does not start: {one_line(error)}") from error

    async def stop(self) -> None:
        """Tell what is still held back, then nothing more. Raises BrowserError."""
        try:
            await _own(self.context)._stop_recording()
        except PlaywrightError as error:
            raise BrowserError(f"a window was closed too early: {one_line(error)}") from error
        if self._trouble:
            raise BrowserError(f"{ANOTHER}: {self._trouble[0]}")

    # ------------------------------------------------------------ called by Playwright

    def action_added(self, page: Any, _data: Any, code: str) -> None:
        self._told(page, code, is_update=False)

    def action_updated(self, page: Any, _data: Any, code: str) -> None:
        self._told(page, code, is_update=True)

    def signal_added(self, page: Any, _data: Any, code: str) -> None:
        if code:  # the last action, with what it led to
            self._told(page, code, is_update=True)

    def _told(self, page: Any, code: str, *, is_update: bool) -> None:
        tab = next((tab for tab in self.context.pages if _own(tab) is page), None)
        try:
            action = recorded_action(code, 0 if tab is None else self.tab_number(tab))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self._trouble.append(str(error))
            return
        if action is not None:
            self.on_action(action, is_update)


def _own(of: Any) -> Any:
    """Playwright's own object behind one of its documented ones."""
    return of._impl_obj
