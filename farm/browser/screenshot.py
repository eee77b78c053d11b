"""A picture of a tab as a person would see it: its media elements are drawn for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Frame, Page

from farm.browser.page_script import HIDE_MEDIA
from farm.browser.playwright_trouble import bounded

PICTURE_WITHIN_S = 10.0
FRAME_WITHIN_S = 2.0

SWITCH_SHEET = """([css, disabled]) => {
    for (const sheet of document.adoptedStyleSheets) {
        if (sheet.cssRules.length === 1 && sheet.cssRules[0].cssText === css) {
            sheet.disabled = disabled;
        }
    }
}"""
"""The sheet by which spare_cpu.js hides media elements, off or on; no policy of a page forbids it,
as it forbids a `<style>` that is put into the page."""


async def take_picture(tab: Page, path: Path) -> bool:
    """To `path` whole, for a report may be drawn meanwhile; False if the tab cannot give one."""
    async with bounded(PICTURE_WITHIN_S), _drawn(tab):
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
