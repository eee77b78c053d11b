"""A client of Janus' API: sessions, and their handles of plugins."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from farm.errors import JanusError, JanusLost, JanusRefused, JanusTimeout, JanusUnreachable
from farm.janus.protocol import Answer, JanusEvent, Json, Sdp
from farm.janus.socket import API, JanusSocket

KEEP_ALIVE_S = 25.0
"""A session that is silent for 60 s is ended by Janus."""

OnEvent = Callable[[JanusEvent], None]


class JanusClient:
    """One WebSocket with all its sessions; whoever opened it closes it."""

    def __init__(self, url: str, *, connect_within_s: float, answer_within_s: float) -> None:
        self._sessions: dict[int, dict[int, OnEvent]] = {}  # what hears of each one's handles
        self._keeping: asyncio.Task[None] | None = None
        self._socket = JanusSocket(
            url,
            API,
            self._heard,
            connect_within_s=connect_within_s,
            answer_within_s=answer_within_s,
        )

    @classmethod
    async def open(
        cls, url: str, *, connect_within_s: float = 10.0, answer_within_s: float = 10.0
    ) -> JanusClient:
        """Connect. Raises `JanusUnreachable` if nothing, or no Janus, answers there."""
        client = cls(url, connect_within_s=connect_within_s, answer_within_s=answer_within_s)
        await client._socket.open()
        try:
            await client.info()
        except JanusError as error:
            await client._socket.close()
            raise JanusUnreachable(f"{url}: not a Janus ({error})") from error
        client._keeping = asyncio.create_task(client._keep_alive())
        return client

    @classmethod
    @contextlib.asynccontextmanager
    async def connect(
        cls, url: str, *, connect_within_s: float = 10.0
    ) -> AsyncIterator[JanusClient]:
        """`open`, and `close` at the end."""
        client = await cls.open(url, connect_within_s=connect_within_s)
        try:
            yield client
        finally:
            await client.close()

    async def info(self) -> Mapping[str, Any]:
        """What it says of itself: `name`, `version_string`, `plugins`, ..."""
        return (await self._ask("info")).data

    async def session(self) -> JanusSession:
        """A new session; `destroy` ends it with all its handles."""
        id = int((await self._ask("create")).data["id"])
        self._sessions[id] = {}
        return JanusSession(self, id)

    async def lost(self) -> JanusLost:
        """Wait until the connection is gone; return why (also after `close`)."""
        return await self._socket.lost()

    async def close(self, *, end_session: bool = True) -> None:
        """End its sessions, if wanted, and close. Idempotent."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait([self._keeping])
        if end_session:
            with contextlib.suppress(JanusLost, JanusTimeout):
                for id in tuple(self._sessions):
                    with contextlib.suppress(JanusRefused):  # ended by the server
                        await self._end(id)
        await self._socket.close()

    async def _ask(self, request: str, **more: Json) -> Answer:
        answer = await self._socket.ask(request, **more)
        assert answer is not None  # noqa: S101 - only asked for an answer
        return answer

    async def _acknowledged(self, request: str, **more: Json) -> None:
        await self._socket.ask(request, until_acknowledged=True, **more)

    async def _end(self, id: int) -> None:
        self._sessions.pop(id, None)
        await self._ask("destroy", session_id=id)

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(KEEP_ALIVE_S)
            for id in tuple(self._sessions):
                try:
                    await self._acknowledged("keepalive", session_id=id)
                except JanusRefused:
                    self._sessions.pop(id, None)  # ended by the server
                except JanusError:
                    pass  # `lost` says it, or the next one is answered

    def _heard(self, event: JanusEvent) -> None:
        handler = self._sessions.get(event.session, {}).get(event.handle)
        if handler is not None:
            handler(event)


@dataclass(frozen=True, slots=True)
class JanusSession:
    """A session of a client; `id` is Janus'."""

    client: JanusClient
    id: int

    async def attach(self, plugin: str, on_event: OnEvent) -> JanusHandle:
        """A handle of `janus.plugin.PLUGIN`; `on_event` gets what it says unasked."""
        answer = await self.client._ask(
            "attach", session_id=self.id, plugin=f"janus.plugin.{plugin}"
        )
        id = int(answer.data["id"])
        self.client._sessions.get(self.id, {})[id] = on_event
        return JanusHandle(self.client, self.id, id)

    async def destroy(self) -> None:
        """End it with all its handles. Raises `JanusError`."""
        await self.client._end(self.id)


@dataclass(frozen=True, slots=True)
class JanusHandle:
    """A handle of a plugin: one peer connection at most."""

    client: JanusClient
    session: int
    id: int

    async def ask(self, request: str, jsep: Sdp | None = None, **body: Json) -> Answer:
        """The plugin's answer to a request. Raises `JanusRefused`, also for the plugin's errors."""
        return await self.client._ask(
            "message",
            session_id=self.session,
            handle_id=self.id,
            body={"request": request, **body},
            **({} if jsep is None else {"jsep": dict(jsep)}),
        )

    async def trickle(self, candidate: Mapping[str, Json]) -> None:
        """Pass an ICE candidate of the page on (RFC 8838)."""
        await self.client._acknowledged(
            "trickle", session_id=self.session, handle_id=self.id, candidate=dict(candidate)
        )

    async def detach(self) -> None:
        """Give it back. Raises `JanusError`; one that is gone already is no error."""
        self.client._sessions.get(self.session, {}).pop(self.id, None)
        with contextlib.suppress(JanusRefused):
            await self.client._ask("detach", session_id=self.session, handle_id=self.id)
