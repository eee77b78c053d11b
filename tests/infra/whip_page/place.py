"""The page and an end point, served side by side, and a browser in front of both."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Browser, Page, async_playwright

from farm.browser.chromium_program import find_chromium
from infra.whip_page.server import make_app
from tests.fake_camera_flags import ALLOWED, FLAGS
from tests.infra.whip_page.awkward import Awkward
from tests.pages.serving import serving

KEEP = """
    window.connections = [];
    const Native = RTCPeerConnection;
    window.RTCPeerConnection = class extends Native {
        constructor(...settings) {
            super(...settings);
            window.connections.push(this);
        }
    };
"""
"""Keeps the connections of a page, for tests to look at."""


@dataclass
class Place:
    """A browser, an end point and its address, and the address of the page."""

    browser: Browser
    end_point: Awkward
    url: str
    page_url: str

    async def page(self, query: str) -> Page:
        """Open the page in a context of its own."""
        page = await (await self.browser.new_context()).new_page()
        await page.add_init_script(KEEP)
        await page.goto(f"{self.page_url}?{query}&width=320&height=240&fps=10")
        return page

    async def publisher(self, name: str = "p000") -> Page:
        return await self.page(f"publish=1&session=s000&probe={name}")

    async def player(self, *names: str) -> Page:
        return await self.page(f"play={','.join(names or ('p000',))}&session=s000&probe=p009")


@asynccontextmanager
async def place(end_point: Awkward, *flags: str, **settings: Any) -> AsyncIterator[Place]:
    """The place of an end point; `settings` override those of the page."""
    with serving(end_point.app) as url:
        given = {
            "publish": f"{url}live/{{session}}-{{probe}}/whip",
            "play": f"{url}live/{{session}}-{{probe}}/whep",
            "token": None,
            "trickle": True,
        }
        with serving(lambda: make_app(given | settings, "page")[0]) as page_server:
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(
                    executable_path=str(find_chromium(None)), args=[*FLAGS, ALLOWED, *flags]
                )
                try:
                    yield Place(browser, end_point, url, f"{page_server}page/")
                finally:
                    await browser.close()


async def state(page: Page, wanted: str) -> None:
    """Wait for a state of the page; what it shows instead is in the error."""
    try:
        await page.wait_for_function(f"document.body.dataset.state === '{wanted}'", timeout=60_000)
    except Exception as error:
        raise AssertionError(await page.locator("main").inner_text()) from error


async def moves(page: Page, video: str = "from-p000") -> None:
    """Wait until a video has played for a moment."""
    await page.wait_for_function(
        f"document.getElementById('{video}').currentTime > 0.3", timeout=60_000
    )


async def error(page: Page) -> str:
    await state(page, "error")
    return await page.locator("#error").inner_text()


async def value(page: Page, script: str) -> Any:
    return json.loads(await page.evaluate(f"async () => JSON.stringify({script})"))
