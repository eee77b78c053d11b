"""The server: WebSockets at `/kurento`, and the answer to each request that comes over them.

`sessions` has what a client keeps beyond its socket, `methods` what each method does. Requests of
one socket start in the order they came in; one that takes its time (a CPU measurement, the end of a
recording) does not hold up the next.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager

from aiohttp import WSCloseCode, WSMsgType, web

from farm.errors import BadInput
from infra.embedded_kurento import protocol
from infra.embedded_kurento.errors import Refusal
from infra.embedded_kurento.factories import Factory
from infra.embedded_kurento.methods import Methods
from infra.embedded_kurento.objects import Json, ObjectTree
from infra.embedded_kurento.protocol import AnswerCache, Request
from infra.embedded_kurento.server_manager import ServerManager
from infra.embedded_kurento.sessions import Client, Sessions

logger = logging.getLogger(__name__)

HEARTBEAT_S = 20.0
"""WebSocket pings: a peer that answers none within twice this is gone."""

CLOSE_WITHIN_S = 0.5
"""How long a peer may take to answer the close of its WebSocket."""

NOTHING: Mapping[str, web.Application] = {}

RELEASE_S = 3.0
"""How long releases that are under way may take when the server ends."""


class Server:
    """The sessions and objects behind `/kurento`. `factories` are the types it can create."""

    def __init__(self, factories: Mapping[str, Factory], session_grace_s: float) -> None:
        self.tree = ObjectTree()
        self.sessions = Sessions(session_grace_s, self._release, self._start)
        self._factories = factories
        self._methods = Methods(self.tree, factories, self.sessions.end)
        self._answers = AnswerCache()
        self._server_id = str(uuid.uuid4())
        self._clients: set[Client] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        manager = ServerManager(self.tree, list(factories), lambda: list(self.sessions.by_id))
        self.tree.objects[manager.id] = manager

    @property
    def types(self) -> list[str]:
        """The types that `create` can make."""
        return list(self._factories)

    async def accept(self, http: web.Request) -> web.WebSocketResponse:
        """Serve one WebSocket from its opening to its end."""
        socket = web.WebSocketResponse(
            timeout=CLOSE_WITHIN_S, heartbeat=HEARTBEAT_S, max_msg_size=1 << 20
        )
        await socket.prepare(http)
        client = Client(socket)
        self._clients.add(client)
        writing = asyncio.create_task(client.write())
        try:
            async for message in socket:
                if message.type in {WSMsgType.TEXT, WSMsgType.BINARY}:
                    self._start(self._handle(client, message.data))
        finally:
            self._clients.discard(client)
            writing.cancel()
            self.sessions.leave(client)
        return socket

    async def close(self) -> None:
        """Release everything and close every socket, for the server's end."""
        for session in list(self.sessions.by_id.values()):
            await self.sessions.end(session)
        if self._tasks:
            # A session that ended just before may still be releasing its threads and files.
            await asyncio.wait(self._tasks, timeout=RELEASE_S)
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        goodbyes = [client.socket.close(code=WSCloseCode.GOING_AWAY) for client in self._clients]
        await asyncio.gather(*goodbyes, return_exceptions=True)

    def _start(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _release(self, session_id: str) -> None:
        """What a session that has ended alone kept."""
        self._answers.forget(session_id)
        await self.tree.forget(session_id)

    async def _handle(self, client: Client, text: str | bytes) -> None:
        request_id = None
        try:
            request = protocol.parse_request(text)
            request_id = request.id
            client.send(await self._answer(client, request))
        except Refusal as refusal:
            client.send(protocol.refuse(request_id, refusal))
        except Exception:
            logger.exception("a request failed: %s", text[:500])
            client.send(protocol.refuse(request_id, Refusal(-32603, "Internal error.")))

    async def _answer(self, client: Client, request: Request) -> str:
        if request.method == "ping":
            result: dict[str, Json] = {"value": "pong"}
            if client.session is not None:
                result["sessionId"] = client.session.id
            return protocol.answer(request, result)
        if request.method == "connect":
            session = self.sessions.take_up(client, request.params.get("sessionId", ""))
            connected: dict[str, Json] = {"serverId": self._server_id, "sessionId": session.id}
            return protocol.answer(request, connected)
        if request.method not in self._methods.by_name:
            raise Refusal(-32601, "Method not found.")
        session = self.sessions.of(client, request.params.get("sessionId"))
        now_s = asyncio.get_running_loop().time()
        if request.id is not None:
            kept = self._answers.recall(session.id, request.id, now_s)
            if kept is not None:
                return kept
        try:
            done = await self._methods.by_name[request.method](session, request.params)
            result_or_none = None if done is None else {"sessionId": session.id, **done}
            text = protocol.answer(request, result_or_none)
        except Refusal as refusal:
            text = protocol.refuse(request.id, refusal)
        if request.id is not None and session.id in self.sessions.by_id:
            self._answers.remember(session.id, request.id, text, now_s)
        return text


@asynccontextmanager
async def serving(
    server: Server, host: str, port: int, beside: Mapping[str, web.Application] = NOTHING
) -> AsyncIterator[int]:
    """Listen at `ws://host:port/kurento` until the block ends; yields the port (0: a free one).

    `beside` are further applications by the prefix of their paths. Everything that clients made is
    released at the end. Raises BadInput for an unusable port.
    """
    app = web.Application()
    for prefix, application in beside.items():
        app.add_subapp(prefix, application)
    app.router.add_get("/kurento", server.accept)
    runner = web.AppRunner(app, handle_signals=False, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except (OSError, OverflowError) as error:
            raise BadInput(f"--port {port} on --host {host} cannot be used: {error}") from error
        yield runner.addresses[0][1]
    finally:
        await server.close()
        await runner.cleanup()
