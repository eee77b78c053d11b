"""Rooms whose members are connected to each other directly, and what may be unusual about them.

    with room_pages() as url:
        switched(url, withhold="p001>p000:video", fps=15)   # an `app.url` for ROOM_DRIVER

Each page has one RTCPeerConnection for each partner: a member of a room of three sends two videos
and is owed two, as where a server forwards. The switches are listed in room/switches.js.

What a member sends (`sends=audio,screen`), and what it takes of whom (`takes=host:audio,video;
guest:audio`, all of everybody by default), is in the query of its page, so that the pages are also
those of broadcasts and of sessions of other roles.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.pages.serving import add_page, serving

ROOM_DRIVER = Path(__file__).parent / "room/room.yaml"
BROADCAST_DRIVER = ROOM_DRIVER.with_name("broadcast.yaml")
PANEL_DRIVER = ROOM_DRIVER.with_name("panel.yaml")


@contextmanager
def room_pages() -> Iterator[str]:
    """The address of the pages, with a slash at its end."""
    with serving(_room_app) as url:
        yield url


def _room_app() -> web.Application:
    app = web.Application()
    add_page(app, ROOM_DRIVER.parent, "room.html")
    app.router.add_get("/ws", _Rooms().serve)
    return app


class _Rooms:
    """Tells members who is there, and comes and goes, and hands on what they send each other."""

    def __init__(self) -> None:
        self._rooms: dict[str, dict[str, web.WebSocketResponse]] = {}
        self._about: dict[str, dict[str, dict[str, str]]] = {}

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        name, room = request.query["name"], request.query["room"]
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        members, about = self._rooms.setdefault(room, {}), self._about.setdefault(room, {})
        mine = {key: request.query.get(key, "") for key in ("name", "role", "sends", "takes")}
        await socket.send_json({"present": list(about.values())})
        for partner in list(members.values()):
            await partner.send_json({"from": name, "joined": mine})
        members[name], about[name] = socket, mine
        try:
            async for message in socket:
                said: dict[str, Any] = json.loads(message.data)
                if (partner := members.get(said.pop("to"))) is not None:
                    await partner.send_json({"from": name, **said})
        finally:
            del members[name], about[name]
            for partner in list(members.values()):
                await partner.send_json({"from": name, "left": True})
        return socket
