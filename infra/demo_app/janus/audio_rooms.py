"""A room by Janus' AudioBridge: each page sends audio, and receives that of all others mixed."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from farm.janus import JanusClient, JanusEvent, JanusHandle
from infra.demo_app.acts import Seat, User
from infra.demo_app.janus.connection import released, trickle
from infra.demo_app.janus.plugin_room import PluginRoom
from infra.demo_app.messages import IceCandidate, SdpAnswer
from infra.demo_app.places import Place, Places
from infra.demo_app.stages import Candidates, ToPage

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Place(Place):
    """What one page has."""

    handle: JanusHandle | None = None


class AudioRoomStage:
    """Implements `stages.Stage` for rooms whose audio is mixed. The first seat calls `connect`."""

    def __init__(self, connect: Callable[[], Awaitable[JanusClient]], to_page: ToPage) -> None:
        self._room = PluginRoom(connect, "audiobridge")
        self._to_page = to_page
        self._places = Places(_Place)

    async def seat(self, seat: Seat, candidates: Candidates) -> None:
        async with self._places.seating(seat.user) as place:
            room = await self._room.open()
            if room is None:
                return
            place.handle = handle = await room.session.attach("audiobridge", _heard)
            offer = {"type": "offer", "sdp": seat.offer or ""}
            joined = await handle.ask("join", offer, room=room.id, display=seat.name)
            answer = (joined.jsep or {}).get("sdp", "")
            self._to_page(seat.user, {**seat.reply, "sdpAnswer": answer})
            await candidates.flow_to(lambda candidate: trickle(handle, candidate))

    async def hear(self, user: User, message: SdpAnswer | IceCandidate) -> None:
        """Does nothing: an AudioBridge makes no offers."""

    async def unseat(self, user: User) -> None:
        async with self._places.unseating(user) as place:
            if place is None:
                return
            handle, place.handle = place.handle, None
            if handle is not None:
                await released(f"the handle of user {user}", handle.detach)

    async def end(self) -> None:
        await self._room.end()


def _heard(event: JanusEvent) -> None:
    if event.kind == "hangup":
        _log.info("Janus hung up: %s", event.whole.get("reason"))
