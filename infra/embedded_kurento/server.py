"""WebSockets, sessions, and what each method of the protocol does.

A session is made by the first request that needs one, and outlives its socket by the grace: taken
up again by `connect {sessionId}` it goes on over the new socket, else everything it alone keeps is
released. Requests of one socket start in the order they came in; one that takes its time (a CPU
measurement, the end of a recording) does not hold up the next.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from farm.errors import BadInput
from infra.embedded_kurento import protocol
from infra.embedded_kurento.definitions import definitions
from infra.embedded_kurento.errors import (
    Refusal,
    invalid_session,
    no_such_operation,
    type_not_available,
    wrong_parameter,
)
from infra.embedded_kurento.factories import Factory
from infra.embedded_kurento.invocation import arguments, invoke
from infra.embedded_kurento.objects import Json, ObjectTree
from infra.embedded_kurento.protocol import AnswerCache, Request
from infra.embedded_kurento.server_manager import ServerManager

logger = logging.getLogger(__name__)

HEARTBEAT_S = 20.0
"""WebSocket pings: a peer that answers none within twice this is gone."""

CLOSE_WITHIN_S = 0.5
"""How long a peer may take to agree that its WebSocket is closed."""

RELEASE_S = 3.0
"""What is being released when the server ends may take so long."""

OUTBOX_LIMIT = 10_000
"""Messages that may wait for a client that does not read, before its socket is closed."""


class Session:
    """One client's session; `client` is None while its socket is gone."""

    def __init__(self, session_id: str) -> None:
        self.id = session_id
        self.client: Client | None = None
        self.expiry: asyncio.TimerHandle | None = None

    def deliver(self, event: Mapping[str, Json]) -> None:
        if self.client is not None:
            self.client.send(protocol.event(event))


class Client:
    """One WebSocket: what is to be sent to it, and the session it speaks for by default."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self.socket = socket
        self.session: Session | None = None
        self._outbox: asyncio.Queue[str] = asyncio.Queue()

    def send(self, text: str) -> None:
        self._outbox.put_nowait(text)

    async def write(self) -> None:
        """Send what `send` was given, in order, until the socket is gone."""
        while not self.socket.closed:
            text = await self._outbox.get()
            if self._outbox.qsize() > OUTBOX_LIMIT:
                logger.warning("a client reads nothing: its socket is closed")
                await self.socket.close()
                return
            try:
                await self.socket.send_str(text)
            except ConnectionError:
                return


class Server:
    """The sessions and objects behind `/kurento`. `factories` are the types it can create."""

    def __init__(self, factories: Mapping[str, Factory], session_grace_s: float) -> None:
        self.tree = ObjectTree()
        self.sessions: dict[str, Session] = {}
        self._factories = factories
        self.grace_s = session_grace_s
        self._answers = AnswerCache()
        self._server_id = str(uuid.uuid4())
        self._clients: set[Client] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        manager = ServerManager(self.tree, list(factories), lambda: list(self.sessions))
        self.tree.objects[manager.id] = manager
        self._methods: dict[
            str, Callable[[Session, Mapping[str, Any]], Awaitable[dict[str, Json] | None]]
        ] = {
            "create": self._create,
            "invoke": self._invoke,
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
            "release": self._release,
            "describe": self._describe,
            "ref": self._ref,
            "closeSession": self._close_session,
        }

    @property
    def types(self) -> list[str]:
        """What `create` can make."""
        return list(self._factories)

    async def accept(self, http: web.Request) -> web.WebSocketResponse:
        """One WebSocket, from its opening to its end."""
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
            for session in self.sessions.values():
                if session.client is client:
                    self._expire(session)
        return socket

    async def close(self) -> None:
        """Release everything and close every socket, for the server's end."""
        for session in list(self.sessions.values()):
            await self._end(session)
        if self._tasks:
            # A session that ended just before may still be letting go of its threads and files.
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
            return protocol.answer(request, self._connect(client, request.params))
        if request.method not in self._methods:
            raise Refusal(-32601, "Method not found.")
        session = self._session_of(client, request.params.get("sessionId"))
        now_s = asyncio.get_running_loop().time()
        if request.id is not None:
            kept = self._answers.recall(session.id, request.id, now_s)
            if kept is not None:
                return kept
        try:
            done = await self._methods[request.method](session, request.params)
            result_or_none = None if done is None else {"sessionId": session.id, **done}
            text = protocol.answer(request, result_or_none)
        except Refusal as refusal:
            text = protocol.refuse(request.id, refusal)
        if request.id is not None and session.id in self.sessions:
            self._answers.remember(session.id, request.id, text, now_s)
        return text

    def _session_of(self, client: Client, session_id: Any) -> Session:
        """The session a request names, else the socket's own; made if there is none yet."""
        if session_id is None:
            session_id = client.session.id if client.session else str(uuid.uuid4())
        if not isinstance(session_id, str):
            raise wrong_parameter("sessionId", "string")
        session = self.sessions.get(session_id)
        if session is None:
            session = self.sessions[session_id] = Session(session_id)
        self._attach(session, client)
        return session

    def _attach(self, session: Session, client: Client) -> None:
        if client not in self._clients:  # closed while the request was on its way
            if session.client is None and session.expiry is None:
                self._expire(session)
            return
        if session.expiry is not None:
            session.expiry.cancel()
            session.expiry = None
        session.client = client
        client.session = session

    def _expire(self, session: Session) -> None:
        session.client = None
        loop = asyncio.get_running_loop()
        session.expiry = loop.call_later(self.grace_s, lambda: self._start(self._end(session)))

    async def _end(self, session: Session) -> None:
        if self.sessions.pop(session.id, None) is None:
            return
        if session.expiry is not None:
            session.expiry.cancel()
        if session.client is not None and session.client.session is session:
            session.client.session = None
        self._answers.forget(session.id)
        await self.tree.forget(session.id)

    def _connect(self, client: Client, params: Mapping[str, Any]) -> dict[str, Json]:
        session = self.sessions.get(params.get("sessionId", ""))
        if session is None:
            raise invalid_session()
        self._attach(session, client)
        return {"serverId": self._server_id, "sessionId": session.id}

    async def _create(self, session: Session, params: Mapping[str, Any]) -> dict[str, Json]:
        type_name = _text(params, "type").rpartition(".")[2]
        factory = self._factories.get(type_name)
        if factory is None:
            raise type_not_available(type_name)
        constructor = definitions().classes[type_name].constructor or ()
        given = arguments(self.tree, constructor, _object(params, "constructorParams"))
        parent = given.pop("media_pipeline", None) or given.pop("hub", None)
        properties = _object(params, "properties")
        created = factory(self.tree, parent, self.tree.new_id(parent, type_name), **given)
        try:
            for name, value in properties.items():
                invoke(self.tree, created, f"set{name[:1].upper()}{name[1:]}", {name: value})
        except Refusal:
            await created.close()
            raise
        self.tree.add(created, session.id)
        return {"value": created.id}

    async def _invoke(self, _: Session, params: Mapping[str, Any]) -> dict[str, Json]:
        target = self.tree.find(_text(params, "object"))
        operation = _text(params, "operation")
        result = invoke(self.tree, target, operation, _object(params, "operationParams"))
        if inspect.isawaitable(result):
            result = await result
        return {"value": result}

    async def _subscribe(self, session: Session, params: Mapping[str, Any]) -> dict[str, Json]:
        target = self.tree.find(_text(params, "object"))
        return {"value": target.subscribe(_text(params, "type"), session.id, session.deliver)}

    async def _unsubscribe(self, _: Session, params: Mapping[str, Any]) -> dict[str, Json]:
        """Clients do it for what they have just released, too: no error, as in Kurento."""
        object_id, subscription = _text(params, "object"), _text(params, "subscription")
        if object_id in self.tree.objects:
            self.tree.objects[object_id].subscriptions.pop(subscription, None)
        return {}

    async def _release(self, _: Session, params: Mapping[str, Any]) -> dict[str, Json]:
        object_id = _text(params, "object")
        if isinstance(self.tree.objects.get(object_id), ServerManager):
            raise no_such_operation("release", 1)
        await self.tree.release(object_id)
        return {}

    async def _describe(self, session: Session, params: Mapping[str, Any]) -> dict[str, Json]:
        described = self.tree.find(_text(params, "object"))
        self.tree.keep(described.id, session.id)
        _, *ancestors = definitions().lineage(described.type_name)
        return {
            "hierarchy": [f"kurento.{ancestor.name}" for ancestor in ancestors],
            "qualifiedType": f"kurento.{described.type_name}",
            "type": described.type_name,
        }

    async def _ref(self, session: Session, params: Mapping[str, Any]) -> dict[str, Json]:
        self.tree.keep(self.tree.find(_text(params, "object")).id, session.id)
        return {}

    async def _close_session(self, session: Session, _: Mapping[str, Any]) -> None:
        await self._end(session)


@asynccontextmanager
async def serving(server: Server, host: str, port: int) -> AsyncIterator[int]:
    """Listen at `ws://host:port/kurento` until left; gives the port (which 0 leaves to chance).

    Everything that clients made is released at the end. `BadInput` if the port cannot be had.
    """
    app = web.Application()
    app.router.add_get("/kurento", server.accept)
    runner = web.AppRunner(app, handle_signals=False, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except (OSError, OverflowError) as error:
            raise BadInput(f"--port {port} on --host {host} cannot be had: {error}") from error
        yield runner.addresses[0][1]
    finally:
        await server.close()
        await runner.cleanup()


def _text(params: Mapping[str, Any], name: str) -> str:
    value = params.get(name)
    if not isinstance(value, str):
        raise wrong_parameter(name, "string")
    return value


def _object(params: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = params.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise wrong_parameter(name, "object")
    return value
