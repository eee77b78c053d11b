"""A driver's step, executed in a tab or in a frame of it."""

from __future__ import annotations

import asyncio
import mimetypes
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import FilePayload, FrameLocator, Locator, Page

from farm.browser.conditions import wait_for
from farm.browser.documents import elements, frame_of, scope_of
from farm.browser.goto_page import go_to
from farm.browser.sent_tracks import enable_tracks
from farm.browser.tabs import Tabs
from farm.model.driver import (
    Check,
    ChosenFile,
    Click,
    DoubleClick,
    Evaluate,
    Fill,
    GoBack,
    Goto,
    Hover,
    Mute,
    Pause,
    Press,
    Reload,
    Select,
    SetFiles,
    Step,
    Uncheck,
    Unmute,
    WaitFor,
)


async def execute(step: Step, tabs: Tabs, variables: Mapping[str, str]) -> None:
    """Execute the step. Raises Playwright's errors, or TimeoutError after its `within_s`."""
    ends_s = asyncio.get_running_loop().time() + step.within_s
    async with asyncio.timeout_at(ends_s):
        page = await tabs.of(step.where)
    while True:
        acting = asyncio.create_task(_act(_Place(page, tabs, ends_s, variables), step))
        # Playwright reports a tab that a click opened a little later, maybe during this step.
        newer = asyncio.create_task(tabs.newer_than(page))
        awaited = {acting, newer} if step.where.in_new_tab else {acting}
        try:
            await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
            if acting.done():
                return await acting
            page = newer.result()
        finally:
            acting.cancel()
            newer.cancel()


@dataclass(frozen=True, slots=True)
class _Place:
    """Where and until when a step acts."""

    page: Page
    tabs: Tabs
    ends_s: float
    variables: Mapping[str, str]

    @property
    def left_ms(self) -> float:
        return max(1.0, (self.ends_s - asyncio.get_running_loop().time()) * 1000)


async def _act(place: _Place, step: Step) -> None:
    page, left_ms = place.page, place.left_ms
    match step:
        case Goto(url, wait_until):
            await go_to(page, url, left_ms, wait_until)
        case Reload(wait_until):
            await page.reload(timeout=left_ms, wait_until=wait_until)
        case GoBack():
            before = page.url
            # A page that is kept as it was (back/forward cache) does not load again.
            await page.go_back(timeout=left_ms, wait_until="commit")
            if page.url in (before, "about:blank"):
                raise PlaywrightError("there is no page before this one")
        case WaitFor():
            await wait_for(step, page, place.ends_s)
        case Pause(for_s):
            await asyncio.sleep(for_s)
        case Evaluate(script, turn=turn):
            async with asyncio.timeout_at(place.ends_s):
                document = await frame_of(step.where, page, left_ms)
                await document.evaluate(script, {**place.variables, **turn})
        case Mute(source) | Unmute(source):
            async with asyncio.timeout_at(place.ends_s):
                await enable_tracks(place.tabs, source, enabled=isinstance(step, Unmute))
        case Press(keys, None) if not step.where.frames:
            async with asyncio.timeout_at(place.ends_s):
                await page.keyboard.press(keys)
        case _:
            await _act_on_element(step, scope_of(step.where, page), left_ms)


async def _act_on_element(step: Step, scope: Page | FrameLocator, left_ms: float) -> None:
    if isinstance(step, SetFiles):  # an input that pages like to hide
        files = [_payload(file) for file in step.files]
        await scope.locator(step.selector).first.set_input_files(files, timeout=left_ms)
        return
    selector = getattr(step, "selector", None) or "body"
    await _ON_ELEMENT[type(step)](elements(scope, selector).first, step, left_ms)


_ON_ELEMENT: Mapping[type[Step], Callable[[Locator, Any, float], Awaitable[object]]] = {
    Fill: lambda element, step, ms: element.fill(step.text, timeout=ms),
    Press: lambda element, step, ms: element.press(step.keys, timeout=ms),
    Select: lambda element, step, ms: element.select_option(step.option, timeout=ms),
    Check: lambda element, _step, ms: element.check(timeout=ms),
    Uncheck: lambda element, _step, ms: element.uncheck(timeout=ms),
    Click: lambda element, _step, ms: element.click(timeout=ms),
    DoubleClick: lambda element, _step, ms: element.dblclick(timeout=ms),
    Hover: lambda element, _step, ms: element.hover(timeout=ms),
}
"""What each step does with the first visible element of its selector."""


def _payload(file: ChosenFile) -> FilePayload:
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return {"name": file.name, "mimeType": kind, "buffer": file.content}
