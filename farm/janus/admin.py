"""Janus' admin API over WebSocket: which sessions and handles it has, and what each carries."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from farm.janus.protocol import Json
from farm.janus.socket import ADMIN_API, JanusSocket


@dataclass(frozen=True, slots=True)
class AdminAccess:
    """Its address and its secret, which is in no setting and no recording."""

    url: str
    secret: str = field(repr=False)


class JanusAdmin:
    """Asks, and changes nothing; whoever opened it closes it."""

    def __init__(self, access: AdminAccess, connect_within_s: float = 10.0) -> None:
        self._socket = JanusSocket(
            access.url,
            ADMIN_API,
            lambda _: None,
            constant={"admin_secret": access.secret},
            connect_within_s=connect_within_s,
        )

    @classmethod
    @contextlib.asynccontextmanager
    async def connect(cls, access: AdminAccess) -> AsyncIterator[JanusAdmin]:
        """Raises `JanusUnreachable`."""
        admin = cls(access)
        await admin.open()
        try:
            yield admin
        finally:
            await admin.close()

    async def open(self) -> None:
        """Connect. Raises `JanusUnreachable`; call `close` only if this returned."""
        await self._socket.open()

    async def sessions(self) -> list[int]:
        """The ids of its sessions. Raises `JanusError`, `JanusRefused` for a wrong secret."""
        return list((await self._ask("list_sessions")).get("sessions", ()))

    async def handles(self, session: int) -> list[int]:
        """The ids of a session's handles. Raises `JanusRefused` if it is gone."""
        return list((await self._ask("list_handles", session_id=session)).get("handles", ()))

    async def handle(self, session: int, handle: int) -> Mapping[str, Any]:
        """What a handle is and carries. Raises `JanusRefused` if it is gone."""
        answer = await self._ask("handle_info", session_id=session, handle_id=handle)
        return dict(answer.get("info", {}))

    async def close(self) -> None:
        """Idempotent."""
        await self._socket.close()

    async def _ask(self, request: str, **more: Json) -> Mapping[str, Json]:
        answer = await self._socket.ask(request, **more)
        return {} if answer is None else answer.data
