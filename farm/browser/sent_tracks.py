"""Mutes what a probe's pages send, as a page's own button does: `MediaStreamTrack.enabled`."""

from __future__ import annotations

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Frame

from farm.browser.page_script import ENABLE_EVENT
from farm.browser.playwright_trouble import bounded
from farm.browser.tabs import Tabs
from farm.model.driver import Source

FRAME_WITHIN_S = 2.0

ENABLE = """([name, source, enabled]) => {
    const detail = { source, enabled, tracks: 0 };
    window.dispatchEvent(new CustomEvent(name, { detail }));
    return detail.tracks;
}"""


async def enable_tracks(tabs: Tabs, source: Source, *, enabled: bool) -> None:
    """Enable or disable all tracks of a source that connections of these tabs send.

    Raises PlaywrightError where no track of it is sent.
    """
    frames = [frame for tab in tabs.from_newest() for frame in tab.frames]
    if not any([await _in_frame(frame, source, enabled) for frame in frames]):
        raise PlaywrightError(f"no connection of the page sends a {source}")


async def _in_frame(frame: Frame, source: Source, enabled: bool) -> bool:
    async with bounded(FRAME_WITHIN_S):
        return bool(await frame.evaluate(ENABLE, [ENABLE_EVENT, source, enabled]))
    return False
