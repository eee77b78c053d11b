"""Waits in a page until the condition of a driver's `wait_for` is true."""

from __future__ import annotations

import asyncio
import re

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Frame, FrameLocator, Locator, Page

from farm.browser.documents import frame_of, scope_of
from farm.model.driver import WaitFor

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


async def wait_for(step: WaitFor, page: Page, ends_s: float) -> None:
    """Wait until `ends_s`, a time of the event loop. Raises Playwright's errors, TimeoutError."""
    left_ms = max(1.0, (ends_s - asyncio.get_running_loop().time()) * 1000)
    if step.selector is not None or step.text is not None:
        await _for_element(step, scope_of(step.where, page), ends_s, left_ms)
        return
    async with asyncio.timeout_at(ends_s):
        document = await frame_of(step.where, page, left_ms)
    if step.url is not None:
        await document.wait_for_url(_address(step.url), timeout=left_ms)
    elif step.function is not None:
        await document.wait_for_function(
            FALSE_WHILE_UNDEFINED % step.function, timeout=left_ms, polling=POLLING_MS
        )
    else:
        await document.wait_for_load_state("networkidle", timeout=left_ms)


async def _for_element(
    step: WaitFor, scope: Page | FrameLocator, ends_s: float, left_ms: float
) -> None:
    matching = matches(step, scope)
    visible = matching.filter(visible=True)
    if step.count is not None:
        if not step.count.isdecimal():
            raise PlaywrightError(f"count: {step.count!r} is no whole number")
        counted = visible if step.state == "visible" else matching
        async with asyncio.timeout_at(ends_s):
            while await counted.count() != int(step.count):
                await asyncio.sleep(POLLING_MS / 1000)
    elif step.state == "visible":
        await visible.first.wait_for(state="visible", timeout=left_ms)
    elif step.state == "hidden":
        await visible.first.wait_for(state="detached", timeout=left_ms)
    else:
        await matching.first.wait_for(state=step.state, timeout=left_ms)


def matches(step: WaitFor, scope: Page | Frame | FrameLocator) -> Locator:
    """The elements that are waited for, whatever their state."""
    if step.selector is None:
        return scope.get_by_text(step.text or "")
    found = scope.locator(step.selector)
    return found if step.text is None else found.filter(has_text=step.text)


def _address(url: str) -> str | re.Pattern[str]:
    is_pattern = len(url) > 1 and url.startswith("/") and url.endswith("/")
    return re.compile(url[1:-1]) if is_pattern else url
