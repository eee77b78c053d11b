"""The HTTP side of WHIP and WHEP: methods, media types, tokens, CORS, entity-tags."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Sequence
from typing import cast

from aiohttp import web

from infra.embedded_whip import fragments, offers
from infra.embedded_whip.offers import Way
from infra.embedded_whip.refusal import Refused
from infra.embedded_whip.streams import Session, Streams

PREFIX = "/live/"

EXPOSED = "Location, ETag, Link, Accept-Post, Accept-Patch, Retry-After, WWW-Authenticate"
"""Headers that a page of another origin may read."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class WhipEndpoint:
    """The end point of all streams. `token` is asked for where it is given.

    `ice_servers` are values of Link headers, `<turn:...>; rel="ice-server"; ...`, of each 201.
    """

    def __init__(
        self, streams: Streams, token: str | None = None, ice_servers: Sequence[str] = ()
    ) -> None:
        self.streams = streams
        self._token = token
        self._ice_servers = ice_servers

    def app(self) -> web.Application:
        """The application to be served below `PREFIX`; at its end all sessions are freed."""
        app = web.Application(middlewares=[self._checked])
        app.on_response_prepare.append(_let_any_page_read)

        async def close(_app: web.Application) -> None:
            await self.streams.close()

        app.on_cleanup.append(close)
        stream = "/{stream:[A-Za-z0-9._~-]+}"
        way = f"{stream}/{{way:whip|whep}}"
        app.router.add_post(way, self._join)
        app.router.add_get(way, self._describe)
        app.router.add_options(way, _options)
        session = f"{stream}/sessions/{{session}}"
        app.router.add_patch(session, self._trickle)
        app.router.add_delete(session, self._leave)
        app.router.add_get(session, self._look)
        app.router.add_options(session, _options)
        return app

    @web.middleware
    async def _checked(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Ask for the token, except of preflights (RFC 9725 4.7.1); refusals become answers."""
        try:
            if self._token is not None and request.method != "OPTIONS":
                self._check_token(request.headers.get("Authorization"), self._token)
            return await handler(request)
        except Refused as refused:
            return refused.response()

    def _check_token(self, given: str | None, token: str) -> None:
        scheme, _, shown = (given or "").partition(" ")
        if scheme.lower() != "bearer" or not shown:
            raise Refused(401, "expected a bearer token", {"WWW-Authenticate": "Bearer"})
        if not hmac.compare_digest(shown.strip().encode(), token.encode()):
            headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
            raise Refused(401, "this token is not valid here", headers)

    async def _join(self, request: web.Request) -> web.Response:
        _expect_type(request, offers.MEDIA_TYPE, "Accept-Post")
        name = request.match_info["stream"]
        way = cast(Way, request.match_info["way"])
        session = await self.streams.join(name, way, await _text(request))
        answer = web.Response(status=201, text=session.answer, content_type=offers.MEDIA_TYPE)
        answer.headers["Location"] = f"{PREFIX}{request.match_info['stream']}/sessions/{session.id}"
        answer.headers["ETag"] = session.etag
        answer.headers["Accept-Patch"] = fragments.MEDIA_TYPE
        for server in self._ice_servers:
            answer.headers.add("Link", server)
        return answer

    async def _describe(self, request: web.Request) -> web.Response:
        """GET and HEAD: nothing but what this is (RFC 9725 4.1; the draft's section 4.2)."""
        if request.match_info["way"] == "whep":
            return web.Response(content_type=offers.MEDIA_TYPE)
        return web.Response(status=204)

    async def _look(self, request: web.Request) -> web.Response:
        self._session(request)
        return web.Response(status=204)

    async def _trickle(self, request: web.Request) -> web.Response:
        session = self._session(request)
        _expect_type(request, fragments.MEDIA_TYPE, "Accept-Patch")
        asked = request.headers.get("If-Match")
        if asked is None:
            raise Refused(428, "expected If-Match with the ETag of the session")
        if not {session.etag, "*", '"*"'} & {each.strip() for each in asked.split(",")}:
            raise Refused(412, "this If-Match is not the ETag of the session")
        fragment = fragments.parse_fragment(await _text(request))
        await self.streams.add_candidates(session, fragment)
        return web.Response(status=204)

    async def _leave(self, request: web.Request) -> web.Response:
        await self.streams.leave(self._session(request))
        return web.Response(status=200)

    def _session(self, request: web.Request) -> Session:
        return self.streams.find(request.match_info["stream"], request.match_info["session"])


async def _options(request: web.Request) -> web.Response:
    """Also a preflight of CORS; the headers that every answer has allow its origin."""
    answer = web.Response(status=200)
    of_session = "session" in request.match_info
    if of_session:
        answer.headers["Accept-Patch"] = fragments.MEDIA_TYPE
    else:
        answer.headers["Accept-Post"] = offers.MEDIA_TYPE
    methods = "PATCH, DELETE" if of_session else "POST"
    answer.headers["Access-Control-Allow-Methods"] = f"OPTIONS, GET, {methods}"
    answer.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type, If-Match"
    answer.headers["Access-Control-Max-Age"] = "600"
    return answer


async def _let_any_page_read(_request: web.Request, answer: web.StreamResponse) -> None:
    answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.headers["Access-Control-Expose-Headers"] = EXPOSED


def _expect_type(request: web.Request, media_type: str, header: str) -> None:
    if request.content_type != media_type:
        given = request.headers.get("Content-Type", "none")
        detail = f"content type {given}: expected {media_type}"
        raise Refused(415, detail, {header: media_type})


async def _text(request: web.Request) -> str:
    try:
        return (await request.read()).decode()
    except UnicodeDecodeError as error:
        raise Refused(400, "the body is not UTF-8") from error
