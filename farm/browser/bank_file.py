"""The file of prepared frames that a page of a light probe asks for, put into its file input."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from playwright.async_api import Frame

from farm.errors import BrowserError

TAKE_INPUT = "(name) => { const input = window[name]; delete window[name]; return input; }"


async def give_bank(banks: Mapping[str, Path], frame: Frame, name: str, codec: str) -> None:
    """Put the file of `codec` into the file input that the frame's global `name` holds.

    Where that fails the page's promise is rejected.
    """
    found = await frame.evaluate_handle(TAKE_INPUT, name)
    given = found.as_element()
    if given is None:
        raise BrowserError("the page asked for prepared frames, but does not wait for them")
    if codec not in banks:
        raise BrowserError(f"there are no prepared frames of {codec}")
    await given.set_input_files(banks[codec])
    await found.dispose()
