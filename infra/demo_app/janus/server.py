"""Janus as the application's media server."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from farm.janus import JanusClient
from infra.demo_app.acts import Shape
from infra.demo_app.janus.audio_rooms import AudioRoomStage
from infra.demo_app.janus.calls import CallStage
from infra.demo_app.janus.rooms import RoomStage
from infra.demo_app.media_connection import MediaConnection
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
        self._recordings = recordings
        self._answer_within_s = answer_within_s
        self._connection = MediaConnection(
            partial(
                JanusClient.open,
                url,
                connect_within_s=_CONNECT_WITHIN_S,
                answer_within_s=answer_within_s,
            ),
            on_lost,
        )

    def stage(self, shape: Shape, to_page: ToPage) -> Stage:
        client = self._connection.client
        if shape is Shape.CALL:
            return CallStage(client, self._recordings, to_page, self._answer_within_s)
        if shape is Shape.MIXED_ROOM:
            return AudioRoomStage(client, to_page)
        return RoomStage(client, shape, to_page, self._answer_within_s)

    async def close(self, *, end_session: bool) -> None:
        """Close the client, if any; `on_lost` is not called any more."""
        await self._connection.close(end_session=end_session)
