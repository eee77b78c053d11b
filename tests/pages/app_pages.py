"""Copies of pages: those of LiveKit, mediasoup, Jitsi, OpenVidu, Ant Media and Galene.

    with app_page("jitsi_meet") as page:
        page.url, page.rooms

They have what a driver sees: the ids, classes and globals of the pages, and when these appear.
Their media are a connection of each page with itself: they show how a driver joins and leaves, and
nothing of the servers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from tests.pages.serving import serving

FOLDER = Path(__file__).parent / "apps"
PAGES: Mapping[str, Mapping[str, str]] = {
    "livekit_demo": {"/": "livekit_demo"},
    "mediasoup_demo": {"/": "mediasoup_demo"},
    "jitsi_meet": {"/{room}": "jitsi_meet"},
    "openvidu_js": {"/": "openvidu_js"},
    "galene": {"/group/load/{room}/": "galene"},
    "ant_media": {
        "/LiveApp/samples/publish_webrtc.html": "ant_media_publish",
        "/LiveApp/play.html": "ant_media_play",
    },
}
"""By app the paths of its pages, and the files that answer there."""

BELOW = {"ant_media": "LiveApp/", "galene": "group/load/"}
"""By app where below the server's address it begins, if not there."""


@dataclass
class AppPage:
    """A served app: its address, who is in which room now, and who was at any time."""

    url: str = ""
    rooms: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    visited: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


@contextmanager
def app_page(name: str) -> Iterator[AppPage]:
    """The pages of an app on loopback."""
    page = AppPage()
    with serving(lambda: _app(name, page)) as url:
        page.url = url + BELOW.get(name, "")
        yield page


def _app(name: str, page: AppPage) -> web.Application:
    async def enter(request: web.Request) -> web.Response:
        room, who = request.match_info["room"], request.match_info["name"]
        page.rooms[room].add(who)
        page.visited[room].add(who)
        return web.Response()

    async def look(request: web.Request) -> web.Response:
        return web.json_response(sorted(page.rooms[request.match_info["room"]]))

    async def leave(request: web.Request) -> web.Response:
        page.rooms[request.match_info["room"]].discard(request.match_info["name"])
        return web.Response()

    async def shared(_request: web.Request) -> web.FileResponse:
        return web.FileResponse(FOLDER / "shared.js")

    app = web.Application()
    app.router.add_get("/shared.js", shared)
    app.router.add_put("/rooms/{room}/{name}", enter)
    app.router.add_get("/rooms/{room}/{name}", look)
    app.router.add_delete("/rooms/{room}/{name}", leave)
    for path, file in PAGES[name].items():
        app.router.add_get(path, _file(FOLDER / f"{file}.html"))
    return app


def _file(path: Path) -> Callable[[web.Request], Awaitable[web.FileResponse]]:
    async def answer(_request: web.Request) -> web.FileResponse:
        return web.FileResponse(path)

    return answer
