"""Screenshots of a tab as a person would see it: media elements are drawn meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Frame, Page

from farm.browser.page_script import HIDE_MEDIA
from farm.browser.playwright_trouble import bounded

SCREENSHOT_WITHIN_S = 10.0
FRAME_WITHIN_S = 2.0

SWITCH_SHEET = """([css, disabled]) => {
    for (const sheet of document.adoptedStyleSheets) {
        if (sheet.cssRules.length === 1 && sheet.cssRules[0].cssText === css) {
            sheet.disabled = disabled;
        }
    }
}"""
"""Switches the style sheet by which spare_cpu.js hides media elements. No content security policy
forbids an adopted sheet, as it may forbid a `<style>` element."""


async def take_screenshot(tab: Page, path: Path) -> bool:
    """Write a screenshot to `path` in one step, since a report may read it; False if it fails."""
    async with bounded(SCREENSHOT_WITHIN_S), _drawn(tab):
        part = path.with_suffix(".part")
        await tab.screenshot(path=part, type="png")
        part.replace(path)
        return True
    return False


@asynccontextmanager
async def _drawn(tab: Page) -> AsyncIterator[None]:
    frames = tab.frames
    await _switch(frames, disabled=True)
    try:
        yield
    finally:
        await _switch(frames, disabled=False)


async def _switch(frames: list[Frame], *, disabled: bool) -> None:
    async def switch(frame: Frame) -> None:
        async with bounded(FRAME_WITHIN_S):
            await frame.evaluate(SWITCH_SHEET, [HIDE_MEDIA, disabled])

    await asyncio.gather(*(switch(frame) for frame in frames))
