"""A real SFU: the VideoRoom of Janus, and a page whose members publish and subscribe to all others.

    with video_room(folder) as sfu:
        switched(sfu.app_url, legacy=1)     # an `app.url` for VIDEO_ROOM_DRIVER
        sfu.pid                             # for `server: {local: true, process: {pid: ...}}`

The switches are listed in video_room/switches.js.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from tests.pages.serving import add_page, serving
from tests.sfu.own_janus import own_janus

VIDEO_ROOM_DRIVER = Path(__file__).parent / "video_room/video_room.yaml"


@dataclass(frozen=True, slots=True)
class Sfu:
    """A page's address, and the process and TCP port of its Janus."""

    app_url: str
    pid: int
    port: int


@contextmanager
def video_room(folder: Path) -> Iterator[Sfu]:
    """A Janus with its configuration and log in `folder`, and the page in front of it."""
    plugins = {"videoroom": "string_ids = true"}
    with own_janus(folder, plugins) as (pid, port), serving(lambda: _app(port)) as url:
        yield Sfu(url, pid, port)


def _app(janus_port: int) -> web.Application:
    async def address(_request: web.Request) -> web.Response:
        return web.Response(text=f"ws://127.0.0.1:{janus_port}/")

    app = web.Application()
    add_page(app, VIDEO_ROOM_DRIVER.parent, "video_room.html")
    app.router.add_get("/janus", address)
    return app
