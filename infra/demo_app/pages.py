"""The files that browsers load: pages under their names, scripts and styles under `/static/`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib import resources

from aiohttp import web

_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


def add_routes(app: web.Application) -> None:
    """Serve `pages/NAME.html` as `/NAME` (`index.html` as `/`) and the rest as `/static/FILE`."""
    for file in (resources.files("infra.demo_app") / "pages").iterdir():
        stem, _, suffix = file.name.rpartition(".")
        if suffix == "html":
            path = "/" if stem == "index" else f"/{stem}"
        else:
            path = f"/static/{file.name}"
        if suffix in _TYPES:
            app.router.add_get(path, _serving(file.read_bytes(), _TYPES[suffix]))


def _serving(body: bytes, type: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def serve(_: web.Request) -> web.Response:
        response = web.Response(body=body, content_type=type, charset="utf-8")
        response.headers["Cache-Control"] = "no-cache"
        return response

    return serve
