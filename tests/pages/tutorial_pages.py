"""The Kurento tutorials hello-world, one2one-call and one2many-call, as far as a page can see.

    with tutorial("one2one") as served:
        served.app_url, served.kurento_url      # for the driver `kurento_one2one`

Their ids, globals and messages are those of release 7.3; what is told to a second presenter, of an
unknown peer or a name that is taken, too. As there, one2many-call has one presenter in the whole
process, and dies when a socket closes while there is none, twice after the last one; from then on
it refuses all. `withhold` names a kind that the server does not forward.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from aiohttp import web

from farm.cli.serve import self_signed
from farm.kurento import KurentoClient, KurentoEvent, MediaObject
from tests.pages.group_call_pages import media_server
from tests.pages.serving import serving

FOLDER = Path(__file__).parent / "tutorials"
KINDS = ("audio", "video")

Message = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ServedTutorial:
    """The page's address (its certificate is self-signed), the media server's and its process."""

    app_url: str
    kurento_url: str
    pid: int
    app: _Tutorial


@contextmanager
def tutorial(name: str, folder: Path, *, withhold: str = "") -> Iterator[ServedTutorial]:
    """The page and server of a tutorial, with an embedded media server behind it."""
    certificate, key = self_signed(folder, ["127.0.0.1"])
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate, key)
    kinds = tuple(kind for kind in KINDS if kind != withhold)
    with media_server() as (kurento, pid):
        app = TUTORIALS[name](kurento, kinds)
        with serving(app.routes, tls) as url:
            yield ServedTutorial(url, kurento, pid, app)


@dataclass(eq=False)
class _User:
    """A page: its socket, its endpoint, and candidates that came before that."""

    socket: web.WebSocketResponse
    endpoint: MediaObject | None = None
    early: list[Message] = field(default_factory=list)
    name: str = ""
    offer: str = ""
    partner: _User | None = None

    async def tell(self, id: str, **message: Any) -> None:
        if not self.socket.closed:
            await self.socket.send_json({"id": id, **message})

    async def trickle(self, candidate: Message) -> None:
        if self.endpoint is None:
            self.early.append(candidate)
        else:
            names = ("candidate", "sdpMid", "sdpMLineIndex")
            typed = {"__module__": "kurento", "__type__": "IceCandidate"}
            said = {**typed, **{name: candidate[name] for name in names}}
            await self.endpoint.invoke("addIceCandidate", candidate=said)

    async def seat(self, pipeline: MediaObject) -> MediaObject:
        endpoint = await pipeline.client.create("WebRtcEndpoint", {"mediaPipeline": pipeline})

        async def found(event: KurentoEvent) -> None:
            await self.tell("iceCandidate", candidate=event.data["candidate"])

        await endpoint.subscribe("IceCandidateFound", found)
        self.endpoint = endpoint
        return endpoint

    async def answer(self, offer: str) -> str:
        assert self.endpoint is not None
        answer = await self.endpoint.invoke("processOffer", offer=offer)
        return str(answer)

    async def gather(self) -> None:
        assert self.endpoint is not None
        await self.endpoint.invoke("gatherCandidates")
        for candidate in self.early:
            await self.trickle(candidate)
        self.early.clear()


class _Tutorial:
    """A page and its socket; a subclass answers messages."""

    page = ""
    path = ""

    def __init__(self, kurento: str, kinds: tuple[str, ...]) -> None:
        self._url, self._kinds = kurento, kinds
        self.has_died = False

    def routes(self) -> web.Application:
        app = web.Application()
        app.cleanup_ctx.append(self._running)
        app.router.add_get("/", self._page)
        app.router.add_static("/scripts/", FOLDER)
        app.router.add_get(f"/{self.path}", self._serve)
        return app

    async def _running(self, _app: web.Application) -> AsyncIterator[None]:
        async with KurentoClient.connect(self._url) as self._kurento:
            yield

    async def _page(self, _request: web.Request) -> web.FileResponse:
        self._check_alive()
        return web.FileResponse(FOLDER / self.page)

    def _check_alive(self) -> None:
        if self.has_died:
            raise web.HTTPBadGateway(text="the tutorial's server has ended")

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        self._check_alive()
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        user = _User(socket)
        try:
            async for text in socket:
                message = json.loads(text.data)
                if message["id"] == "onIceCandidate":
                    await user.trickle(message["candidate"])
                else:
                    await self.hear(user, message)
        finally:
            await self.gone(user)
        return socket

    async def connect(self, source: _User, sink: _User) -> None:
        assert source.endpoint is not None and sink.endpoint is not None
        for kind in self._kinds:
            await source.endpoint.connect(sink.endpoint, kind.upper())

    async def hear(self, user: _User, message: Message) -> None:
        raise NotImplementedError

    async def gone(self, user: _User) -> None:
        raise NotImplementedError


class _HelloWorld(_Tutorial):
    page, path = "hello_world.html", "helloworld"

    def __init__(self, kurento: str, kinds: tuple[str, ...]) -> None:
        super().__init__(kurento, kinds)
        self._pipelines: dict[_User, MediaObject] = {}

    async def hear(self, user: _User, message: Message) -> None:
        if message["id"] == "stop":
            await self.gone(user)
            return
        pipeline = self._pipelines[user] = await self._kurento.create("MediaPipeline")
        await user.seat(pipeline)
        await self.connect(user, user)
        answer = await user.answer(message["sdpOffer"])
        await user.tell("startResponse", sdpAnswer=answer)
        await user.gather()

    async def gone(self, user: _User) -> None:
        if (pipeline := self._pipelines.pop(user, None)) is not None:
            await pipeline.release()
        user.endpoint = None


class _OneToOne(_Tutorial):
    page, path = "one2one.html", "one2one"

    def __init__(self, kurento: str, kinds: tuple[str, ...]) -> None:
        super().__init__(kurento, kinds)
        self._users: dict[str, _User] = {}
        self._calls: dict[_User, MediaObject] = {}

    async def hear(self, user: _User, message: Message) -> None:
        match message["id"]:
            case "register":
                await self._register(user, message["name"])
            case "call":
                await self._call(user, message)
            case "incomingCallResponse":
                await self._answered(user, message)
            case "stop":
                await self._stop(user)

    async def _register(self, user: _User, name: str) -> None:
        if name in self._users:
            rejected = f"rejected User {name} is already registered"
            await user.tell("registerResponse", response=rejected, message=rejected)
            return
        self._users[name], user.name = user, name
        await user.tell("registerResponse", response="accepted")

    async def _call(self, caller: _User, message: Message) -> None:
        callee = self._users.get(message["to"])
        if callee is None:
            why = f"User {message['to']} is not registered"
            await caller.tell("callResponse", response=f"rejected: {why}", message=why)
            return
        caller.offer, caller.partner, callee.partner = message["sdpOffer"], callee, caller
        await callee.tell("incomingCall", **{"from": caller.name})

    async def _answered(self, callee: _User, message: Message) -> None:
        caller = self._users[message["from"]]
        if message["callResponse"] != "accept":
            why = "user declined"
            await caller.tell("callResponse", response=f"rejected: {why}", message=why)
            return
        pipeline = await self._kurento.create("MediaPipeline")
        self._calls[caller] = self._calls[callee] = pipeline
        await caller.seat(pipeline)
        await callee.seat(pipeline)
        await self.connect(caller, callee)
        await self.connect(callee, caller)
        answer = await caller.answer(caller.offer)
        await callee.tell("startCommunication", sdpAnswer=await callee.answer(message["sdpOffer"]))
        await caller.tell("callResponse", response="accepted", sdpAnswer=answer)
        await caller.gather()
        await callee.gather()

    async def _stop(self, user: _User) -> None:
        pipeline = self._calls.pop(user, None)
        if pipeline is None:
            return
        partner = user.partner
        if partner is not None:
            self._calls.pop(partner, None)
            await partner.tell("stopCommunication", message="remote user hanged out")
        await pipeline.release()
        for each in (user, partner):
            if each is not None:
                each.endpoint = each.partner = None

    async def gone(self, user: _User) -> None:
        await self._stop(user)
        self._users.pop(user.name, None)


class _OneToMany(_Tutorial):
    page, path = "one2many.html", "one2many"

    def __init__(self, kurento: str, kinds: tuple[str, ...]) -> None:
        super().__init__(kurento, kinds)
        self._presenter: _User | None = None
        self._has_client = False  # of the media server: opened by a presenter
        self._pipeline: MediaObject | None = None
        self._viewers: set[_User] = set()

    async def hear(self, user: _User, message: Message) -> None:
        match message["id"]:
            case "presenter":
                await self._present(user, message["sdpOffer"])
            case "viewer":
                await self._view(user, message["sdpOffer"])
            case "stop":
                await self._stop(user)

    async def _present(self, user: _User, offer: str) -> None:
        if self._presenter is not None:
            why = "Another user is currently acting as presenter. Try again later ..."
            await user.tell("presenterResponse", response="rejected", message=why)
            return
        self._presenter, self._has_client = user, True
        self._pipeline = await self._kurento.create("MediaPipeline")
        await user.seat(self._pipeline)
        answer = await user.answer(offer)
        await user.tell("presenterResponse", response="accepted", sdpAnswer=answer)
        await user.gather()

    async def _view(self, user: _User, offer: str) -> None:
        if self._presenter is None or self._pipeline is None:
            why = "No active presenter. Try again later..."
            await user.tell("viewerResponse", response="rejected", message=why)
            return
        await user.seat(self._pipeline)
        answer = await user.answer(offer)
        await self.connect(self._presenter, user)
        self._viewers.add(user)
        await user.tell("viewerResponse", response="accepted", sdpAnswer=answer)
        await user.gather()

    async def _stop(self, user: _User) -> None:
        if user is self._presenter:
            for viewer in self._viewers:
                await viewer.tell("stopCommunication")
            assert self._pipeline is not None
            await self._pipeline.release()
            self._presenter = self._pipeline = None
            self._viewers.clear()
        elif user in self._viewers:
            self._viewers.remove(user)
            assert user.endpoint is not None
            await user.endpoint.release()
        if self._presenter is None:
            # There it closes its client, or reads a member of null: then the process ends.
            self.has_died = self.has_died or not self._has_client
            self._has_client = False

    async def gone(self, user: _User) -> None:
        await self._stop(user)


class _Make(Protocol):
    def __call__(self, kurento: str, kinds: tuple[str, ...]) -> _Tutorial: ...


TUTORIALS: Mapping[str, _Make] = {
    "hello_world": _HelloWorld,
    "one2one": _OneToOne,
    "one2many": _OneToMany,
}
