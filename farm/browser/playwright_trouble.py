"""Errors of Playwright: put into one line, or ignored after a limited time."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from playwright.async_api import Error as PlaywrightError

CLOSE_WITHIN_S = 5.0


@asynccontextmanager
async def bounded(within_s: float) -> AsyncIterator[None]:
    """Suppress errors of a browser that may be dying; the body ends after `within_s`."""
    with suppress(TimeoutError, PlaywrightError):
        async with asyncio.timeout(within_s):
            yield


def one_line(error: BaseException, mask: Callable[[str], str] = str) -> str:
    """The first line of Playwright's message, without its method; the rest is its call log.

    `mask` replaces secrets in it, before a long one is cut.
    """
    line = mask(str(error).strip().partition("\n")[0])
    return re.sub(r"^[A-Z]\w+\.\w+: ", "", line)[:300] or type(error).__name__
