"""A page of a browser, for scripts that are tried by themselves."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, async_playwright

from farm.browser.chromium_program import find_chromium


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find_chromium(None), args=["--no-sandbox"]
        )
        yield await browser.new_page()
        await browser.close()
