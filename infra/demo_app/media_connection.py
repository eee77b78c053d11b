"""The application's connection to its media server: opened when first needed, and after a loss."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, Protocol, TypeVar


class Client(Protocol):
    """A client of a media server that is connected to it."""

    async def lost(self) -> Exception:
        """Wait until the connection is gone; return why (also after `close`)."""

    async def close(self, *, end_session: bool) -> None:
        """End what it has in the server, if wanted, and close."""


C = TypeVar("C", bound=Client)


class MediaConnection(Generic[C]):
    """One client at a time, which `open_client` opens; `on_lost` is called with one line."""

    def __init__(
        self, open_client: Callable[[], Awaitable[C]], on_lost: Callable[[str], None]
    ) -> None:
        self._open_client = open_client
        self._on_lost = on_lost
        self._dialling = asyncio.Lock()
        self._client: C | None = None
        self._watch: asyncio.Task[None] | None = None

    async def client(self) -> C:
        """Return the client; opens one when there is none. Raises what that raises."""
        async with self._dialling:
            if self._client is None:
                self._client = await self._open_client()
                self._watch = asyncio.create_task(self._watch_over(self._client))
            return self._client

    async def close(self, *, end_session: bool) -> None:
        """Close the client, if any; `on_lost` is not called any more."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.wait([self._watch])
        if self._client is not None:
            await self._client.close(end_session=end_session)

    async def _watch_over(self, client: C) -> None:
        reason = await client.lost()
        self._client = None
        self._on_lost(str(reason))
        await client.close(end_session=False)
