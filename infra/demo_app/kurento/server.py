"""The application's connection to Kurento: opened when first needed, and again after a loss."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from farm.errors import KurentoLost
from farm.kurento import KurentoClient
from infra.demo_app.acts import Shape
from infra.demo_app.kurento.stage import KurentoStage
from infra.demo_app.stages import ANSWER_WITHIN_S, ToPage

_CONNECT_WITHIN_S = 5.0
_RECONNECT_WITHIN_S = 2.0
_KEEP_ALIVE_S = 30.0


class KurentoServer:
    """Implements `stages.MediaServer`; `on_lost` is called with one line when it was lost.

    `recordings` is the directory, on its file system, where calls are recorded; `mix` are
    parameters of the Composite of a room: width, height, framerate.
    """

    offers = False

    def __init__(
        self,
        url: str,
        recordings: str,
        on_lost: Callable[[str], None],
        *,
        mix: Mapping[str, int] | None = None,
        answer_within_s: float = ANSWER_WITHIN_S,
    ) -> None:
        self._url = url
        self._recordings = recordings
        self._mix = mix or {}
        self._answer_within_s = answer_within_s
        self._on_lost = on_lost
        self._dialling = asyncio.Lock()
        self._client: KurentoClient | None = None
        self._watch: asyncio.Task[None] | None = None

    def stage(self, shape: Shape, to_page: ToPage) -> KurentoStage:
        return KurentoStage(self.client, shape, self._recordings, to_page, self._mix)

    async def client(self) -> KurentoClient:
        """Return the client; connects when there is none. Raises `KurentoUnreachable`."""
        async with self._dialling:
            if self._client is None:
                self._client = await KurentoClient.open(
                    self._url,
                    connect_within_s=_CONNECT_WITHIN_S,
                    answer_within_s=self._answer_within_s,
                    reconnect_within_s=_RECONNECT_WITHIN_S,
                    keep_alive_s=_KEEP_ALIVE_S,
                )
                self._watch = asyncio.create_task(self._watch_over(self._client))
            return self._client

    async def close(self, *, end_session: bool) -> None:
        """Close the client, if any; `on_lost` is not called any more."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.wait([self._watch])
        if self._client is not None:
            await self._client.close(end_session=end_session)

    async def _watch_over(self, client: KurentoClient) -> None:
        reason: KurentoLost = await client.lost()
        self._client = None
        self._on_lost(str(reason))
        await client.close()
