"""An app with pages for every kind of step, and pages that make trouble."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

PAGE = Path(__file__).parents[2] / "data/pages/steps.html"

LOGIN = """<h1>Log in</h1><form><input name=user><input name=password type=password></form>"""
INSIDE = """<button id=only-inside>Here</button><button id=call-now>Call</button>"""
IN_TAB = """<button id=open onclick="window.open('/steps')">Open</button>"""
MOVED = """<script>location.replace("/login")</script>"""


@pytest.fixture
async def steps_app() -> AsyncIterator[str]:
    """The address (with a slash at its end) of an app with pages that make trouble.

    `steps` has something for every step, `login` asks for one, `moved` leads there, `inside` is
    for a frame, `moved-to-tab` opens `steps` in a tab, `secret` wants HTTP authentication,
    `download` is no page, `slow` never answers, `once` the first time alone;
    `endless` waits for `slow` with an image, `unparsed` with a script, `crowded` for several.
    """

    async def steps(_request: web.Request) -> web.FileResponse:
        return web.FileResponse(PAGE)

    def shows(text: str) -> Any:
        async def page(_request: web.Request) -> web.Response:
            return web.Response(text=text, content_type="text/html")

        return page

    async def secret(_request: web.Request) -> web.Response:
        return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="the lab"'})

    async def download(_request: web.Request) -> web.Response:
        headers = {"Content-Disposition": "attachment; filename=app.zip"}
        return web.Response(body=b"zip", headers=headers)

    async def slow(_request: web.Request) -> web.Response:
        await asyncio.Event().wait()
        return web.Response()

    asked: list[str] = []

    async def once(request: web.Request) -> web.Response:
        asked.append(request.path)
        return await slow(request) if len(asked) > 1 else web.Response(text="There")

    app = web.Application()
    for path, handler in (
        ("/steps", steps),
        ("/room/7", steps),
        ("/login", shows(LOGIN)),
        ("/moved", shows(MOVED)),
        ("/moved-to-tab", shows(IN_TAB)),
        ("/inside", shows(INSIDE)),
        ("/secret", secret),
        ("/download", download),
        ("/slow", slow),
        ("/endless", shows("<img src=/slow?key=7><h1>There</h1>")),
        ("/unparsed", shows("<h1>There</h1><script src=/slow></script>")),
        ("/crowded", shows("<img src=/slow?1><img src=/slow/1><img src=/slow/2><img src=/slow/3>")),
        ("/slow/{number}", slow),
        ("/once", once),
    ):
        app.router.add_get(path, handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    yield f"http://{host}:{port}/"
    await runner.cleanup()
