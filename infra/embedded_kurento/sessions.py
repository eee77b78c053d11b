"""Sessions of clients, and the WebSockets that they speak over.

A session is made by the first request that needs one, and outlives its socket by the grace: taken
up again by `connect {sessionId}` it goes on over the new socket, else it ends.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from infra.embedded_kurento import protocol
from infra.embedded_kurento.errors import invalid_session, wrong_parameter
from infra.embedded_kurento.objects import Json

logger = logging.getLogger(__name__)

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
    """One WebSocket: its queue of messages, and its default session.

    `is_gone`: the socket is closed, though a request of its may still be on its way.
    """

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self.socket = socket
        self.session: Session | None = None
        self.is_gone = False
        self._outbox: asyncio.Queue[str] = asyncio.Queue()

    def send(self, text: str) -> None:
        self._outbox.put_nowait(text)

    async def write(self) -> None:
        """Write the queued messages, in order, until the socket is gone."""
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


class Sessions:
    """The live sessions, `by_id`.

    `release` lets go of all that a session alone keeps; `start` runs something beside.
    """

    def __init__(
        self,
        grace_s: float,
        release: Callable[[str], Awaitable[None]],
        start: Callable[[Awaitable[None]], None],
    ) -> None:
        self.by_id: dict[str, Session] = {}
        self.grace_s = grace_s
        self._release = release
        self._start = start

    def of(self, client: Client, session_id: Any) -> Session:
        """The session that a request names, else the socket's own; created if there is none."""
        if session_id is None:
            session_id = client.session.id if client.session else str(uuid.uuid4())
        if not isinstance(session_id, str):
            raise wrong_parameter("sessionId", "string")
        session = self.by_id.get(session_id)
        if session is None:
            session = self.by_id[session_id] = Session(session_id)
        self._attach(session, client)
        return session

    def take_up(self, client: Client, session_id: Any) -> Session:
        """Continue a session over this socket. Raises Refusal for an unknown id."""
        session = self.by_id.get(session_id)
        if session is None:
            raise invalid_session()
        self._attach(session, client)
        return session

    def leave(self, client: Client) -> None:
        """Release a client whose socket is gone; its sessions end after the grace."""
        client.is_gone = True
        for session in self.by_id.values():
            if session.client is client:
                self._expire(session)

    async def end(self, session: Session) -> None:
        """End the session; a second call does nothing."""
        if self.by_id.pop(session.id, None) is None:
            return
        if session.expiry is not None:
            session.expiry.cancel()
        if session.client is not None and session.client.session is session:
            session.client.session = None
        await self._release(session.id)

    def _attach(self, session: Session, client: Client) -> None:
        if client.is_gone:  # closed while the request was on its way
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
        session.expiry = loop.call_later(self.grace_s, lambda: self._start(self.end(session)))
