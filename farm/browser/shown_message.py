"""What a page shows to a person: an error message or status, or a field for a password."""

from __future__ import annotations

from collections.abc import Iterable

from playwright.async_api import Frame, Page

from farm.browser.join_trouble import MESSAGE_PLACES, NEED_NOT_BE_ERRORS
from farm.browser.playwright_trouble import bounded
from farm.model.page_address import origin_of

FRAME_WITHIN_S = 2.0

SHOWN = """(places) => {
    for (const place of places) {
        for (const element of document.querySelectorAll(place)) {
            const text = element.innerText.trim();
            if (text && element.checkVisibility()) return [place, text];
        }
    }
    return null;
}"""
"""The first visible message of a document in one of `places`."""


ASKS_LOGIN = """() => {
    const changed = (field) => field.localName === "input" && field.type !== "hidden"
        && (field.value !== field.defaultValue || field.checked !== field.defaultChecked);
    const left_out = (field) => !field.value && [...field.form?.elements ?? []].some(changed);
    return [...document.querySelectorAll("input[type=password]")].some(
        (field) => field.checkVisibility({ visibilityProperty: true }) && !left_out(field));
}"""
"""Whether a document shows a field for a password; not one that was left empty in a form of which
other fields are filled in: who does that knows that form, and needs no password."""


async def shown_message(tabs: Iterable[Page]) -> tuple[str, str] | None:
    """The selector and text of the first message in these tabs and their frames.

    An error message comes before a dialog box or a status, wherever it is.
    """
    other = None
    for frame in (frame for tab in tabs for frame in tab.frames):
        shown = await _shown_in(frame)
        if shown is not None and shown[0] not in NEED_NOT_BE_ERRORS:
            return shown
        other = other or shown
    return other


async def _shown_in(frame: Frame) -> tuple[str, str] | None:
    async with bounded(FRAME_WITHIN_S):
        shown = await frame.evaluate(SHOWN, list(MESSAGE_PLACES))
        return (str(shown[0]), str(shown[1])) if shown else None
    return None


async def insecure_origins(tabs: Iterable[Page]) -> tuple[str, ...]:
    """The origins of these tabs and their frames that have no camera: not secure contexts (W3C)."""
    origins = {}
    for frame in (frame for tab in tabs for frame in tab.frames):
        async with bounded(FRAME_WITHIN_S):
            if frame.url.startswith("http:") and not await frame.evaluate("isSecureContext"):
                origins[origin_of(frame.url)] = True
    return tuple(origins)


async def asks_login(tabs: Iterable[Page]) -> bool:
    """Whether one of these tabs, or a frame of it, shows a login that the driver does not use."""
    for frame in (frame for tab in tabs for frame in tab.frames):
        async with bounded(FRAME_WITHIN_S):
            if await frame.evaluate(ASKS_LOGIN):
                return True
    return False
