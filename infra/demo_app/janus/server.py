"""The application's connection to Janus: opened when first needed, and again after a loss."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from farm.errors import JanusLost
from farm.janus import JanusClient
from infra.demo_app.acts import Shape
from infra.demo_app.janus.calls import CallStage
from infra.demo_app.janus.rooms import RoomStage
from infra.demo_app.stages import ANSWER_WITHIN_S, Stage, ToPage

_CONNECT_WITHIN_S = 5.0


class JanusServer:
    """Implements `stages.MediaServer`; `on_lost` is called with one line when it was lost.

    `recordings` is the directory, on its file system, where calls are recorded.
    """

    offers = True

    def __init__(
        self,
        url: str,
        recordings: str,
        on_lost: Callable[[str], None],
        *,
        answer_within_s: float = ANSWER_WITHIN_S,
    ) -> None:
        self._url = url
        self._recordings = recordings
        self._on_lost = on_lost
        self._answer_within_s = answer_within_s
        self._dialling = asyncio.Lock()
        self._client: JanusClient | None = None
        self._watch: asyncio.Task[None] | None = None

    def stage(self, shape: Shape, to_page: ToPage) -> Stage:
        if shape is Shape.CALL:
            return CallStage(self.client, self._recordings, to_page, self._answer_within_s)
        return RoomStage(self.client, shape, to_page, self._answer_within_s)

    async def client(self) -> JanusClient:
        """Return the client; connects when there is none. Raises `JanusUnreachable`."""
        async with self._dialling:
            if self._client is None:
                self._client = await JanusClient.open(
                    self._url,
                    connect_within_s=_CONNECT_WITHIN_S,
                    answer_within_s=self._answer_within_s,
                )
                self._watch = asyncio.create_task(self._watch_over(self._client))
            return self._client

    async def close(self, *, end_session: bool) -> None:
        """Close the client, if any; `on_lost` is not called any more."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.wait([self._watch])
        if self._client is not None:
            await self._client.close(end_sessions=end_session)

    async def _watch_over(self, client: JanusClient) -> None:
        reason: JanusLost = await client.lost()
        self._client = None
        self._on_lost(str(reason))
        await client.close(end_sessions=False)
