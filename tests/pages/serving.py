"""Test pages on loopback, served by a thread of their own: a test may be plain or asynchronous."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from aiohttp import web

SHARED = Path(__file__).parent / "shared"


@contextmanager
def serving(
    make: Callable[[], web.Application], tls: ssl.SSLContext | None = None
) -> Iterator[str]:
    """The address, with a slash at its end, of the application that `make` returns."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="test pages")
    thread.start()
    try:
        runner = asyncio.run_coroutine_threadsafe(_started(make, tls), loop).result()
        try:
            host, port = runner.addresses[0][:2]
            yield f"{'https' if tls else 'http'}://{host}:{port}/"
        finally:
            asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _started(
    make: Callable[[], web.Application], tls: ssl.SSLContext | None
) -> web.AppRunner:
    runner = web.AppRunner(make(), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    return runner


def switched(url: str, **switches: object) -> str:
    """The address with these switches as its folder."""
    return f"{url}{urlencode(switches, safe='@:,*')}/" if switches else url


def add_page(app: web.Application, folder: Path, page: str) -> None:
    """Serve the page with and without switches, and the scripts of `folder` and of all pages."""

    async def answer(_request: web.Request) -> web.FileResponse:
        return web.FileResponse(folder / page)

    app.router.add_get("/", answer)
    app.router.add_get("/{switches}/", answer)
    app.router.add_static("/scripts/", folder)
    app.router.add_static("/shared/", SHARED)
