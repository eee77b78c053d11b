"""A driver's step, executed in a tab or in a frame of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Frame, FrameLocator, Page

from farm.browser.tabs import Tabs
from farm.model.driver import Click, Evaluate, Fill, Goto, Select, Step, WaitFor

POLLING_MS = 100

FALSE_WHILE_UNDEFINED = """() => {
    try {
        const value = (%s);
        return typeof value === "function" ? value() : value;
    } catch {
        return false;
    }
}"""
"""A condition that is false while it names what the page's scripts have not defined yet."""


async def tab_of(step: Step, tabs: Tabs) -> Page:
    """The tab in which the step acts; waits for one that is being opened."""
    return await tabs.newer_than(None) if step.where.in_new_tab else tabs.own


async def frame_of(step: Step, page: Page, within_ms: float) -> Page | Frame:
    """The document in which the step acts; waits `within_ms` for each frame that it names."""
    document: Page | Frame = page
    for selector in step.where.frames:
        element = await document.locator(selector).first.element_handle(timeout=within_ms)
        inner = await element.content_frame()
        if inner is None:
            raise PlaywrightError(f"frame: {selector} is no frame")
        document = inner
    return document


async def execute(step: Step, tabs: Tabs, within_s: float, variables: Mapping[str, str]) -> None:
    """Execute the step. Raises Playwright's errors, or TimeoutError after `within_s`."""
    ends_s = asyncio.get_running_loop().time() + within_s
    async with asyncio.timeout_at(ends_s):
        page = await tab_of(step, tabs)
    while True:
        acting = asyncio.create_task(_act(step, page, ends_s, variables))
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


async def _act(step: Step, page: Page, ends_s: float, variables: Mapping[str, str]) -> None:
    loop = asyncio.get_running_loop()

    def left_ms() -> float:
        return max(1.0, (ends_s - loop.time()) * 1000)

    scope: Page | FrameLocator = page
    for selector in step.where.frames:
        scope = scope.frame_locator(selector).first
    match step:
        case Goto(url):
            response = await page.goto(url, timeout=left_ms())
            if response is not None and not response.ok:
                raise PlaywrightError(f"{url} answered {response.status}")
        case Fill(selector, text):
            await scope.locator(selector).first.fill(text, timeout=left_ms())
        case Select(selector, option):
            await scope.locator(selector).first.select_option(option, timeout=left_ms())
        case Click(selector):
            await scope.locator(selector).first.click(timeout=left_ms())
        case WaitFor(selector=str(selector)):
            await scope.locator(selector).first.wait_for(state="visible", timeout=left_ms())
        case WaitFor(function=str(function)):
            async with asyncio.timeout_at(ends_s):
                document = await frame_of(step, page, left_ms())
            await document.wait_for_function(
                FALSE_WHILE_UNDEFINED % function, timeout=left_ms(), polling=POLLING_MS
            )
        case Evaluate(script):
            async with asyncio.timeout_at(ends_s):
                document = await frame_of(step, page, left_ms())
                await document.evaluate(script, dict(variables))
