"""Serves the page and its settings; a token is among them, so their folder cannot be guessed."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from importlib import resources
from typing import Any

from aiohttp import web

from infra.demo_app.loop_lag import LoopLag

TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}

OF_THE_DEMO_APP = ("app.css", "camera.js", "icon.svg", "page.js")


def make_app(settings: Mapping[str, Any], folder: str | None = None) -> tuple[web.Application, str]:
    """The application, and the path of its page; `settings` are those that main.js reads."""
    path = f"/{folder or secrets.token_urlsafe(16)}/"
    lag = LoopLag()
    app = web.Application()
    app.cleanup_ctx.append(lag.running)

    async def give_settings(_: web.Request) -> web.Response:
        return web.json_response(settings, headers={"Cache-Control": "no-store"})

    app.router.add_get(f"{path}settings.json", give_settings)
    app.router.add_get(f"{path}health", lag.answer)
    own = resources.files("infra.whip_page") / "pages"
    demo = resources.files("infra.demo_app") / "pages"
    app.router.add_get(path, _serving((own / "index.html").read_bytes(), TYPES["html"]))
    files = [file for file in own.iterdir() if file.name.endswith((".js", ".css"))]
    for file in (*files, *(demo / name for name in OF_THE_DEMO_APP)):
        type = TYPES[file.name.rpartition(".")[2]]
        app.router.add_get(f"/static/{file.name}", _serving(file.read_bytes(), type))
    return app, path


def _serving(body: bytes, type: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def serve(_: web.Request) -> web.Response:
        headers = {"Cache-Control": "no-cache"}
        return web.Response(body=body, content_type=type, charset="utf-8", headers=headers)

    return serve
