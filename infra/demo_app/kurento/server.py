"""Kurento as the application's media server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from farm.kurento import KurentoClient
from infra.demo_app.acts import Shape
from infra.demo_app.kurento.stage import KurentoStage
from infra.demo_app.media_connection import MediaConnection
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
        self._recordings = recordings
        self._mix = mix or {}
        self._connection = MediaConnection(
            partial(
                KurentoClient.open,
                url,
                connect_within_s=_CONNECT_WITHIN_S,
                answer_within_s=answer_within_s,
                reconnect_within_s=_RECONNECT_WITHIN_S,
                keep_alive_s=_KEEP_ALIVE_S,
            ),
            on_lost,
        )

    def stage(self, shape: Shape, to_page: ToPage) -> KurentoStage:
        client = self._connection.client
        return KurentoStage(client, shape, self._recordings, to_page, self._mix)

    async def close(self, *, end_session: bool) -> None:
        """Close the client, if any; `on_lost` is not called any more."""
        await self._connection.close(end_session=end_session)
