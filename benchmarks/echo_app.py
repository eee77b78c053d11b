"""The app of the echo trials: it serves a page and passes its offer to an echo server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from benchmarks.echo_servers import EchoServer
from farm.model.driver import Driver, Goto, RoleSteps, WaitFor

PAGE = Path(__file__).with_name("echo_page.html")
IN_CALL = WaitFor(function="document.body.dataset.state === 'in call'", within_s=30.0)


def echo_driver(layers: int) -> Driver:
    """The driver of the page: both roles of a "call" call the server, with `layers` of video."""
    address = "{app_url}?width={width}&height={height}&frame_rate={frame_rate}"
    address += f"&layers={layers}"
    steps = RoleSteps(join=(Goto(address),), joined=(IN_CALL,))
    return Driver("echo", {"callee": steps, "caller": steps})


@dataclass(slots=True)
class EchoApp:
    """The state of the app: `url` ends with a slash, `joined` counts pages that play video."""

    url: str = ""
    joined: int = 0
    failed: list[str] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def notify(self) -> None:
        self._news.set()

    async def until_joined(self, count: int, within_s: float) -> None:
        """Wait until `count` pages have joined. Raises RuntimeError, TimeoutError."""
        async with asyncio.timeout(within_s):
            while self.joined < count:
                if self.failed:
                    raise RuntimeError(f"a page could not join: {self.failed[0]}")
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def echo_app(server: EchoServer) -> AsyncIterator[EchoApp]:
    state = EchoApp()

    async def page(_request: web.Request) -> web.FileResponse:
        return web.FileResponse(PAGE)

    async def offer(request: web.Request) -> web.Response:
        return web.Response(text=await server.answer(await request.text()))

    async def joined(_request: web.Request) -> web.Response:
        state.joined += 1
        state.notify()
        return web.Response()

    async def failed(request: web.Request) -> web.Response:
        state.failed.append(await request.text())
        state.notify()
        return web.Response()

    app = web.Application()
    app.router.add_get("/", page)
    app.router.add_post("/offer", offer)
    app.router.add_post("/joined", joined)
    app.router.add_post("/failed", failed)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    state.url = f"http://{host}:{port}/"
    try:
        yield state
    finally:
        await runner.cleanup()
