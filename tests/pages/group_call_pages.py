"""The Kurento tutorial group-call, as far as a page and a server can see, with faults to switch on.

    with group_call() as call:
        switched(call.app_url, withhold="p001>p000:video")   # for the driver `kurento_group_call`
        call.kurento_url                                     # `server.kurento`

Switches, as in shared/switches.js; audio and video are meant where neither is named:

    withhold=p001>p000:video    what p001 sends is not connected with p000's endpoint
    stop=p001>p000:video@12     it is disconnected 12 s after it was connected
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from farm.kurento import KurentoClient, KurentoEvent, MediaObject
from tests.pages.serving import add_page, serving

FORM = re.compile(r"(\w+|\*)>(\w+|\*)(?::(audio|video))?(?:@([\d.]+))?")
FOLDER = Path(__file__).parent / "group_call"


@dataclass(frozen=True, slots=True)
class GroupCall:
    """The page's address, the media server's, and the media server's process."""

    app_url: str
    kurento_url: str
    pid: int


@contextmanager
def group_call() -> Iterator[GroupCall]:
    """The page, its server, and an embedded media server behind it."""
    with media_server() as (kurento, pid), group_call_pages(kurento) as url:
        yield GroupCall(url, kurento, pid)


@contextmanager
def media_server() -> Iterator[tuple[str, int]]:
    """The address and process of an embedded media server."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "infra.embedded_kurento", "--port", "0"],
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        yield str(json.loads(process.stdout.readline())["url"]), process.pid
    finally:
        process.terminate()
        process.communicate()


@contextmanager
def group_call_pages(kurento: str) -> Iterator[str]:
    """The address of the page in front of the Kurento at that address."""
    with serving(lambda: _app(kurento)) as url:
        yield url


@dataclass(frozen=True, slots=True)
class _Faults:
    """What is withheld, and what stops after how long: WHO>TO:KIND@SECONDS."""

    found: tuple[tuple[str, tuple[str, ...]], ...]

    @classmethod
    def read(cls, switches: str) -> _Faults:
        found = []
        for name, values in parse_qsl(switches, strict_parsing=bool(switches)):
            for value in values.split(","):
                form = FORM.fullmatch(value)
                if form is None or {"withhold": True, "stop": False}[name] is bool(form[4]):
                    raise web.HTTPBadRequest(text=f"no such switch: {name}={value}")
                found.append((name, tuple(form.groups(""))))
        return cls(tuple(found))

    def of(self, name: str, sender: str, receiver: str, kind: str) -> list[float]:
        """For each that concerns this medium: after how many seconds."""
        return [
            float(after or 0)
            for fault, (who, to, what, after) in self.found
            if fault == name and who in (sender, "*") and to in (receiver, "*")
            if what in (kind, "")
        ]


@dataclass
class _Participant:
    name: str
    room: _Room
    socket: web.WebSocketResponse
    outgoing: MediaObject
    incoming: dict[str, MediaObject] = field(default_factory=dict)

    def endpoint(self, sender: str) -> MediaObject | None:
        return self.outgoing if sender == self.name else self.incoming.get(sender)

    async def tell(self, id: str, **message: Any) -> None:
        if not self.socket.closed:
            await self.socket.send_json({"id": id, **message})


@dataclass
class _Room:
    name: str
    pipeline: MediaObject
    participants: dict[str, _Participant] = field(default_factory=dict)


class _Rooms:
    def __init__(self, kurento: str) -> None:
        self._url = kurento
        self._rooms: dict[str, _Room] = {}
        self._opening = asyncio.Lock()
        self._stops: set[asyncio.Task[None]] = set()

    async def running(self, _app: web.Application) -> AsyncIterator[None]:
        async with KurentoClient.connect(self._url) as self._kurento:
            yield
            for stop in self._stops:
                stop.cancel()

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        faults = _Faults.read(request.match_info.get("switches", ""))
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        me: _Participant | None = None
        try:
            async for message in socket:
                said = json.loads(message.data)
                match said["id"]:
                    case "joinRoom":
                        me = await self._join(said["name"], said["room"], socket)
                    case "receiveVideoFrom" if me is not None:
                        await self._receive(me, said["sender"], said["sdpOffer"], faults)
                    case "onIceCandidate" if me is not None:
                        await _add(me.endpoint(said["name"]), said["candidate"])
                    case "leaveRoom":
                        break
        finally:
            if me is not None:
                await self._leave(me)
        return socket

    async def _join(self, name: str, room: str, socket: web.WebSocketResponse) -> _Participant:
        async with self._opening:
            if room not in self._rooms:
                self._rooms[room] = _Room(room, await self._kurento.create("MediaPipeline"))
        place = self._rooms[room]
        me = _Participant(name, place, socket, await _endpoint(place.pipeline))
        await _tell_candidates(me, name, me.outgoing)
        others = list(place.participants.values())
        place.participants[name] = me
        for other in others:
            await other.tell("newParticipantArrived", name=name)
        await me.tell("existingParticipants", data=[other.name for other in others])
        return me

    async def _receive(self, me: _Participant, sender: str, offer: str, faults: _Faults) -> None:
        if sender != me.name:
            source = me.room.participants[sender].outgoing
            sink = me.incoming[sender] = await _endpoint(me.room.pipeline)
            await _tell_candidates(me, sender, sink)
            for kind in ("audio", "video"):
                if not faults.of("withhold", sender, me.name, kind):
                    await source.connect(sink, kind.upper())
                for after_s in faults.of("stop", sender, me.name, kind):
                    stop = asyncio.create_task(_disconnect(source, sink, kind.upper(), after_s))
                    self._stops.add(stop)
                    stop.add_done_callback(self._stops.discard)
        endpoint = me.endpoint(sender)
        assert endpoint is not None
        answer = await endpoint.invoke("processOffer", offer=offer)
        await me.tell("receiveVideoAnswer", name=sender, sdpAnswer=answer)
        await endpoint.invoke("gatherCandidates")

    async def _leave(self, me: _Participant) -> None:
        del me.room.participants[me.name]
        for other in list(me.room.participants.values()):
            await other.tell("participantLeft", name=me.name)
            if (incoming := other.incoming.pop(me.name, None)) is not None:
                await incoming.release()
        for endpoint in (*me.incoming.values(), me.outgoing):
            await endpoint.release()
        if not me.room.participants and self._rooms.pop(me.room.name, None) is not None:
            await me.room.pipeline.release()


def _app(kurento: str) -> web.Application:
    rooms = _Rooms(kurento)
    app = web.Application()
    app.cleanup_ctx.append(rooms.running)
    add_page(app, FOLDER, "group_call.html")
    app.router.add_get("/groupcall", rooms.serve)
    app.router.add_get("/{switches}/groupcall", rooms.serve)
    return app


async def _endpoint(pipeline: MediaObject) -> MediaObject:
    return await pipeline.client.create("WebRtcEndpoint", {"mediaPipeline": pipeline})


async def _tell_candidates(me: _Participant, name: str, endpoint: MediaObject) -> None:
    async def tell(event: KurentoEvent) -> None:
        await me.tell("iceCandidate", name=name, candidate=event.data["candidate"])

    await endpoint.subscribe("IceCandidateFound", tell)


async def _add(endpoint: MediaObject | None, candidate: Mapping[str, Any]) -> None:
    if endpoint is not None:
        typed = {"__module__": "kurento", "__type__": "IceCandidate"}
        names = ("candidate", "sdpMid", "sdpMLineIndex")
        said = {**typed, **{name: candidate[name] for name in names}}
        await endpoint.invoke("addIceCandidate", candidate=said)


async def _disconnect(source: MediaObject, sink: MediaObject, kind: str, after_s: float) -> None:
    await asyncio.sleep(after_s)
    await source.invoke("disconnect", sink=sink, mediaType=kind)
