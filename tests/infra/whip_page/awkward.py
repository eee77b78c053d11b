"""An end point of WHIP and WHEP that forwards real media and can be as awkward as real ones are.

It has no token. What was asked of it, and how it answered, is in `log`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web
from aiortc import RTCCertificate

from infra.embedded_kurento.objects import Json, ObjectTree
from infra.embedded_kurento.pipeline import MediaPipeline
from infra.embedded_kurento.webrtc.candidates import parse_candidate
from infra.embedded_kurento.webrtc.endpoint import Network, WebRtcEndpoint
from infra.embedded_whip.endpoint import PREFIX, WhipEndpoint
from infra.embedded_whip.offers import completed_answer
from infra.embedded_whip.streams import Streams

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

TURN = '<turn:127.0.0.1:1?transport=udp>; rel="ice-server"; username="u"; credential="c,\\"d"'
STUN = '<stun:127.0.0.1:1>; rel="ice-server", <https://example.net/>; rel="help"'


@dataclass(frozen=True, slots=True)
class Asked:
    method: str
    path: str
    status: int
    body: str = ""


@dataclass(kw_only=True)
class Awkward:
    """What is awkward about it; `app` is to be served once."""

    token: str | None = None
    late: int = 0  # how many of the first POSTs of players get 404
    busy: int = 0  # how many of the first POSTs of publishers get 503 with Retry-After
    redirects: bool = False  # 307 to another path
    trickles: bool = True  # else PATCH gets 405
    lets_pages_in: bool = True  # CORS
    exposes: bool = True  # Access-Control-Expose-Headers
    withholds: str | None = None  # AUDIO or VIDEO: of every player
    counters: bool = False  # 406 with an offer to every player
    slow_s: float = 0.0  # before each answer to a POST
    refuses_delete: bool = False
    ice_servers: tuple[str, ...] = ()
    log: list[Asked] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.network: Network | None = None
        self.tree = ObjectTree()
        self.countered: dict[str, WebRtcEndpoint] = {}

    def app(self) -> web.Application:
        self.network = Network(["127.0.0.1"], RTCCertificate.generateCertificate(), 9999)
        streams = _Withholding(self.tree, self.network, self.withholds)
        app = web.Application(middlewares=[self._awkwardly])
        for prefix in (PREFIX, f"/moved{PREFIX}"):
            end_point = WhipEndpoint(streams, self.token, self.ice_servers).app()
            end_point.on_response_prepare.append(self._hide)
            app.add_subapp(prefix, end_point)
        app.on_response_prepare.append(self._hide)
        return app

    def asked(self, method: str) -> list[Asked]:
        """All requests of a method but preflights, in order."""
        return [each for each in self.log if each.method == method]

    @web.middleware
    async def _awkwardly(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        body = await request.text() if request.can_read_body else ""
        try:
            answer = await self._answer(request, handler, body)
            if self.redirects and "Location" in answer.headers and answer.status == 201:
                session = answer.headers["Location"].rpartition("/")[2]
                answer.headers["Location"] = f"sessions/{session}"
        except web.HTTPException as error:
            self.log.append(Asked(request.method, request.path, error.status, body))
            raise
        self.log.append(Asked(request.method, request.path, answer.status, body))
        return answer

    async def _answer(
        self, request: web.Request, handler: Handler, body: str
    ) -> web.StreamResponse:
        if request.method == "POST":
            await asyncio.sleep(self.slow_s)
            if request.path.endswith("/whep") and self.late:
                self.late -= 1
                return web.Response(status=404, text="<html>no such stream</html>")
            if request.path.endswith("/whip") and self.busy:
                self.busy -= 1
                return web.Response(status=503, headers={"Retry-After": "1"})
            if self.redirects and not request.path.startswith("/moved/"):
                return web.Response(status=307, headers={"Location": f"/moved{request.path}"})
            if self.counters and request.path.endswith("/whep"):
                return await self._counter_offer(request.path)
        if request.method == "OPTIONS" and request.path in self.countered:
            return web.Response(status=200)
        if request.method == "PATCH" and request.path in self.countered:
            await self.countered[request.path].process_answer(body)
            return web.Response(status=204)
        if request.method == "PATCH" and not self.trickles:
            return web.Response(status=405)
        if request.method == "DELETE" and request.path in self.countered:
            await self.tree.release(self.countered.pop(request.path).id)
            return web.Response(status=200)
        if request.method == "DELETE" and self.refuses_delete:
            return web.Response(status=500, text="out of order")
        return await handler(request)

    async def _counter_offer(self, path: str) -> web.Response:
        """The draft's section 4.2: an offer of the server's own."""
        assert self.network is not None
        (pipeline,) = self.tree.of_type("MediaPipeline")
        (publisher,) = self.tree.of_type("WebRtcEndpoint")
        assert isinstance(pipeline, MediaPipeline)
        assert isinstance(publisher, WebRtcEndpoint)
        endpoint = WebRtcEndpoint(
            self.tree,
            pipeline,
            self.tree.new_id(pipeline, "WebRtcEndpoint"),
            network=self.network,
            sendonly=True,
        )
        self.tree.add(endpoint, "countered")
        found = {}

        def candidate_found(event: dict[str, Json]) -> None:
            candidate = parse_candidate(event["data"]["candidate"]["candidate"])
            if candidate and candidate.transport == "udp" and candidate.component == 1:
                found[str(candidate)] = candidate

        endpoint.subscribe("IceCandidateFound", "countered", candidate_found)
        offer = endpoint.generate_offer()
        await endpoint.gather_candidates()
        publisher.connect(endpoint)
        session = f"{path}/countered"
        self.countered[session] = endpoint
        return web.Response(
            status=406,
            text=completed_answer(offer, list(found.values()), "countered"),
            content_type="application/sdp",
            headers={"Location": session},
        )

    async def _hide(self, request: web.Request, answer: web.StreamResponse) -> None:
        """Take back what the end point allows pages of other origins; it was set before this."""
        answer.headers["Access-Control-Allow-Origin"] = "*"
        if request.method == "OPTIONS":
            answer.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type, If-Match"
            answer.headers["Access-Control-Allow-Methods"] = "OPTIONS, POST, PATCH, DELETE"
        if not self.exposes:
            answer.headers.pop("Access-Control-Expose-Headers", None)
        if not self.lets_pages_in:
            del answer.headers["Access-Control-Allow-Origin"]


class _Withholding(Streams):
    def __init__(self, tree: ObjectTree, network: Network, withheld: str | None) -> None:
        super().__init__(tree, network)
        self._withheld = withheld

    def feed(self, publisher: WebRtcEndpoint, player: WebRtcEndpoint) -> None:
        for kind in ("AUDIO", "VIDEO"):
            if kind != self._withheld:
                publisher.connect(player, kind)
