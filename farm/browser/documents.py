"""The document in which a step acts, and the elements of it that a person could use."""

from __future__ import annotations

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Frame, FrameLocator, Locator, Page

from farm.model.driver import Where


def scope_of(where: Where, page: Page) -> Page | FrameLocator:
    """The page or frame as something that finds elements; a frame may come later."""
    scope: Page | FrameLocator = page
    for selector in where.frames:
        scope = scope.frame_locator(selector).first
    return scope


async def frame_of(where: Where, page: Page, within_ms: float) -> Page | Frame:
    """The page or frame as a document; waits `within_ms` for each frame that is named."""
    document: Page | Frame = page
    for selector in where.frames:
        element = await document.locator(selector).first.element_handle(timeout=within_ms)
        inner = await element.content_frame()
        if inner is None:
            raise PlaywrightError(f"frame: {selector} is no frame")
        document = inner
    return document


def elements(scope: Page | FrameLocator, selector: str) -> Locator:
    """The visible elements of a selector: pages have hidden copies of buttons for small screens."""
    return scope.locator(selector).filter(visible=True)
