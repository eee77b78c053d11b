"""Explains why a step failed, by its tab and by what went wrong in the page before."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeoutError

from farm.browser.documents import frame_of
from farm.browser.element_trouble import element_trouble
from farm.browser.join_trouble import JoinTrouble, PageState
from farm.browser.media_trouble import MediaTrouble
from farm.browser.page_loads import PageLoads
from farm.browser.playwright_trouble import bounded, one_line
from farm.browser.shown_message import asks_login, insecure_origins, shown_message
from farm.browser.tabs import Tabs
from farm.errors import JoinError
from farm.model.driver import Goto, Reload, Step, WaitFor
from farm.model.mask import Mask
from farm.model.wording import within_limit

ANSWER_WITHIN_S = 5.0


@dataclass(frozen=True, slots=True)
class StepFailures:
    """Makes the error of a step that failed in one of these tabs; `mask` replaces secrets in it."""

    tabs: Tabs
    trouble: JoinTrouble
    media: MediaTrouble
    loads: PageLoads
    mask: Mask

    async def of_error(self, step: Step, error: PlaywrightError | TimeoutError) -> JoinError:
        """The error for one of Playwright's, or for a step whose time is over."""
        if isinstance(error, PlaywrightTimeoutError | TimeoutError):
            late = f"not {within_limit(step.within_s)}"
            if isinstance(step, Goto | Reload):
                return await self.late(step, f"{late}{self._loading(step)}")
            element = await element_trouble(step, self.tabs, self.mask(str(error)))
            what = f"{late}{await self._thrown_by(step)}"
            if element is None:
                return await self.late(step, what)
            what = f"{what}: {element.description}"
            return await self.late(step, what, is_mistyped=element.is_mistyped)
        reason = "navigation" if isinstance(step, Goto) else "page_error"
        state = await self._state(step)
        described = self.trouble.describe(one_line(error, self.mask), state)
        return JoinError(reason, self.mask(described))

    async def late(self, step: Step, what: str, *, is_mistyped: bool = False) -> JoinError:
        """The error for a step that took too long; `what` says so.

        `is_mistyped`: it would have found its element by another letter, so that a login that the
        page shows, too, is not why.
        """
        state = await self._state(step)
        if is_mistyped:
            state = replace(state, asks_login=False)
        reason, message = self.trouble.explain(what, state)
        return JoinError(reason, self.mask(message))

    def _loading(self, step: Goto | Reload) -> str:
        """How far a page came that was not loaded in time, what it waits for, and the way out."""
        at, pending = self.tabs.own.url, self.loads.pending
        if not pending.answered:
            return f": {step.url if isinstance(step, Goto) else at} did not answer"
        is_parsed = step.wait_until == "load" and self.loads.loads > 0
        way_out = "domcontentloaded" if is_parsed else "commit"
        awaited = pending.describe(self.mask)
        return (
            f": {at} answered, but did not finish loading: it waits for {awaited}; "
            f"{step.key} goes on without that by wait_until: {way_out} beside it"
        )

    async def _state(self, step: Step) -> PageState:
        tabs = self.tabs.from_newest()
        if not step.where.in_new_tab:
            tabs = [self.tabs.own, *(tab for tab in tabs if tab is not self.tabs.own)]
        shown, login = None, False
        insecure: tuple[str, ...] = ()
        async with bounded(ANSWER_WITHIN_S):
            shown, login = await shown_message(tabs), await asks_login(tabs)
            insecure = await insecure_origins(tabs) if self.trouble.lacks_camera else ()
        if shown is not None:
            shown = shown[0], self.mask(shown[1])  # before a long one is cut
        at = None if isinstance(step, Goto) else self.loads.describe(self.tabs.own)
        return PageState(shown, self.media.describe(), at, asks_login=login, insecure=insecure)

    async def _thrown_by(self, step: Step) -> str:
        """The error that a condition which never came true throws, if any: often a typo."""
        if not isinstance(step, WaitFor) or step.function is None:
            return ""
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                tab = await self.tabs.of(step.where)
                document = await frame_of(step.where, tab, ANSWER_WITHIN_S * 1000)
                await document.evaluate(step.function)
        except (PlaywrightTimeoutError, TimeoutError):
            return ""
        except PlaywrightError as error:
            return f", it throws {one_line(error, self.mask)}"
        return ""
