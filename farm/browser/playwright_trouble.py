"""Errors of Playwright: in one line, and outlived within a time."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from playwright.async_api import Error as PlaywrightError

CLOSE_WITHIN_S = 5.0


@asynccontextmanager
async def bounded(within_s: float) -> AsyncIterator[None]:
    """For what may fail in a browser that is dying: no error, and an end after `within_s`."""
    with suppress(TimeoutError, PlaywrightError):
        async with asyncio.timeout(within_s):
            yield


def one_line(error: BaseException) -> str:
    """The first line of Playwright's message, without its method; the rest is its call log."""
    line = str(error).strip().partition("\n")[0]
    return re.sub(r"^[A-Z]\w+\.\w+: ", "", line)[:300] or type(error).__name__
