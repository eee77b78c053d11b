"""A browser with the demo app's pages in it, whatever media server is behind them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from playwright.async_api import Browser, Page, async_playwright

from farm.browser.chromium_program import find_chromium
from tests.fake_camera_flags import ALLOWED, FLAGS


class AppServers(Protocol):
    """A media server with the demo app in front of it."""

    @property
    def app_url(self) -> str: ...


S = TypeVar("S", bound=AppServers)


@dataclass
class Place(Generic[S]):
    """Both servers and a browser."""

    browser: Browser
    servers: S

    async def page(self, path: str) -> Page:
        context = await self.browser.new_context(viewport={"width": 390, "height": 844})
        page = await context.new_page()
        await page.goto(self.servers.app_url + path)
        return page


@asynccontextmanager
async def place_with(
    running: AbstractAsyncContextManager[S], *, camera: bool = True
) -> AsyncIterator[Place[S]]:
    """The servers that `running` starts, and a browser, with a fake camera that is allowed."""
    flags = [*FLAGS, ALLOWED] if camera else [*FLAGS]
    async with running as servers, async_playwright() as playwright:
        chromium = str(find_chromium(None))
        browser = await playwright.chromium.launch(executable_path=chromium, args=flags)
        try:
            yield Place(browser, servers)
        finally:
            await browser.close()


async def state(page: Page, wanted: str) -> None:
    await page.wait_for_function(f"document.body.dataset.state === '{wanted}'", timeout=60_000)


async def shown(page: Page, place: str) -> str:
    return await page.locator(place).inner_text()


async def moves(page: Page, video: str = "remote", width: int = 640, height: int = 480) -> None:
    """Wait until frames of that size have been shown for a while."""
    await page.wait_for_function(
        f"(v => v.videoWidth === {width} && v.videoHeight === {height} && v.currentTime > 0.5)"
        f"(document.getElementById('{video}'))",
        timeout=60_000,
    )
