"""A page in which a person acts while it is recorded."""

from __future__ import annotations

from collections.abc import Callable

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Frame

from farm.browser.probe_page import BrowserPage
from farm.browser.recorded_action import ReceivedVideo, RecordedAction
from farm.browser.recorder import Recorder
from farm.model.driver import AcceptDialog, Goto, Step

RECEIVED_VIDEOS = """() => [...document.querySelectorAll('video')].filter((video) =>
    video.srcObject?.getVideoTracks().some((track) => track.label === 'remote video')).length"""

FRAME_SELECTOR = """(element) => {
    if (element.id) return '#' + CSS.escape(element.id);
    if (element.name) return `iframe[name=${JSON.stringify(element.name)}]`;
    const all = [...element.getRootNode().querySelectorAll('iframe')];
    return `iframe >> nth=${all.indexOf(element)}`;
}"""


class RecordedPage:
    """One probe's page, with all its tabs. Dialogs are answered with OK."""

    def __init__(
        self, page: BrowserPage, on_action: Callable[[RecordedAction, bool], None]
    ) -> None:
        self._page = page
        tabs = page.tabs
        self._recorder = Recorder(tabs.own.context, tabs.number, on_action)

    async def open(self, address: str) -> None:
        """Load the page; what a person does there is told from now on.

        Raises JoinError if it cannot be loaded, BrowserError.
        """
        await self._page.run(AcceptDialog())
        await self._page.run(Goto(address))
        await self._recorder.start()

    async def run(self, step: Step) -> None:
        """Execute a step, as a person would do it. Raises JoinError, BrowserError."""
        await self._page.run(step)

    async def stop(self) -> None:
        """Tell what is still held back, then nothing more. Raises BrowserError."""
        await self._recorder.stop()

    async def received_video(self) -> ReceivedVideo | None:
        """Where received videos are shown: the document that has most of them."""
        found: list[ReceivedVideo] = []
        for tab in self._page.tabs.from_newest():
            for frame in tab.frames:
                try:
                    count = int(await frame.evaluate(RECEIVED_VIDEOS))
                    if count:
                        number = self._page.tabs.number(tab)
                        found.append(ReceivedVideo(await _frames(frame), number, count))
                except PlaywrightError:
                    continue  # a document that is being replaced
        return max(found, key=lambda each: each.elements, default=None)


async def _frames(frame: Frame) -> tuple[str, ...]:
    """Selectors of the frames around a document, the outermost first."""
    selectors: list[str] = []
    while frame.parent_frame is not None:
        element = await frame.frame_element()
        selectors.insert(0, str(await element.evaluate(FRAME_SELECTOR)))
        frame = frame.parent_frame
    return tuple(selectors)
