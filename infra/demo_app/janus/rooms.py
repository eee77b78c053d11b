"""A room or a broadcast by Janus' VideoRoom: who makes an offer publishes, who receives subscribes.

In a room each page publishes over one connection and receives all others over a second one; in a
broadcast presenters publish and viewers receive.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from farm.errors import JanusError, JanusLost
from farm.janus import JanusClient, JanusEvent, JanusHandle
from farm.janus.protocol import Json
from infra.demo_app.acts import Seat, Shape, User
from infra.demo_app.janus.connection import bitrate_bps, released, trickle
from infra.demo_app.janus.plugin_room import PluginRoom, Room
from infra.demo_app.janus.subscription import Subscription
from infra.demo_app.messages import IceCandidate, SdpAnswer
from infra.demo_app.places import Place, Places
from infra.demo_app.stages import Candidates, ToPage

PUBLISHERS = 64
"""The most that a room may have: the application has its own limit for each."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Place(Place):
    """What one page has: `feed` is its id as a publisher, once it sends."""

    publishing: JanusHandle | None = None
    feed: Json = None
    subscription: Subscription | None = None


class RoomStage:
    """Implements `stages.Stage` for rooms and broadcasts. The first seat calls `connect`."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[JanusClient]],
        shape: Shape,
        to_page: ToPage,
        answer_within_s: float,
    ) -> None:
        self._room = PluginRoom(connect, "videoroom", publishers=PUBLISHERS, bitrate=0)
        self._shape = shape
        self._to_page = to_page
        self._within_s = answer_within_s
        self._ended = False
        self._places = Places(_Place)
        self._work: set[asyncio.Task[None]] = set()

    async def seat(self, seat: Seat, candidates: Candidates) -> None:
        async with self._places.seating(seat.user) as place:
            room = await self._room.open()
            if room is None:
                return
            if self._shape is Shape.ROOM or seat.offer is None:
                place.subscription = self._subscription(room, seat.user)
            if seat.offer is not None:
                await self._publish(room, place, seat, seat.offer, candidates)
                return
            self._to_page(seat.user, seat.reply)
            subscription = place.subscription
        assert subscription is not None  # noqa: S101 - who makes no offer receives
        await subscription.add([each.feed for each in self._places.values() if each.feed])

    async def hear(self, user: User, message: SdpAnswer | IceCandidate) -> None:
        place = self._places.get(user)
        if place is None or place.subscription is None:
            return
        if isinstance(message, IceCandidate):
            await place.subscription.candidate(message)
        else:
            place.subscription.answered(message.sdp)

    async def unseat(self, user: User) -> None:
        async with self._places.unseating(user) as place:
            if place is None:
                return
            handle, place.publishing, place.feed = place.publishing, None, None
            subscription, place.subscription = place.subscription, None
            if handle is not None:
                await released(f"the handle of user {user}", handle.detach)
            if subscription is not None:
                await subscription.close()

    async def end(self) -> None:
        self._ended = True
        for place in self._places.values():
            if place.subscription is not None:
                place.subscription.give_up()
        for task in self._work:
            task.cancel()
        await self._room.end()

    async def _publish(
        self, room: Room, place: _Place, seat: Seat, offer: str, candidates: Candidates
    ) -> None:
        id: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        handle = await room.session.attach("videoroom", partial(self._heard, place, id))
        place.publishing = handle
        joined = await handle.ask(
            "joinandconfigure",
            {"type": "offer", "sdp": offer},
            ptype="publisher",
            room=room.id,
            display=seat.name,
            bitrate=bitrate_bps(seat.properties),
        )
        id.set_result(joined.data["id"])
        self._to_page(seat.user, {**seat.reply, "sdpAnswer": (joined.jsep or {}).get("sdp", "")})
        await candidates.flow_to(lambda candidate: trickle(handle, candidate))
        if place.subscription is not None:
            self._receive(place, joined.data.get("publishers", ()))

    def _subscription(self, room: Room, user: User) -> Subscription:
        def offer(message: Mapping[str, Any]) -> None:
            self._to_page(user, message)

        def changed(event: JanusEvent) -> None:
            self._start(made.renegotiate(event))

        made = Subscription(room.session, room.id, offer, changed, self._within_s)
        return made

    def _heard(self, place: _Place, id: asyncio.Future[Json], event: JanusEvent) -> None:
        """Janus tells each publisher of the others as they come; nobody tells the viewers."""
        if event.kind == "hangup":
            _log.info("Janus hung up: %s", event.whole.get("reason"))
        elif place.subscription is not None:
            self._receive(place, event.data.get("publishers", ()))
        elif event.kind == "webrtcup" and id.done():  # before that nobody can subscribe to it
            place.feed = id.result()
            for viewer in self._places.values():
                if viewer.subscription is not None:
                    self._start(viewer.subscription.add([place.feed]))

    def _receive(self, place: _Place, publishers: Json) -> None:
        feeds = [each["id"] for each in publishers if each.get("streams")]
        if feeds and place.subscription is not None:
            self._start(place.subscription.add(feeds))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._work.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._work.discard(task)
        if task.cancelled() or (error := task.exception()) is None or self._ended:
            return
        if isinstance(error, JanusLost):
            return  # who watches the connection says that the server is gone
        if isinstance(error, JanusError):
            _log.warning("a stream is not passed on: %s", error)
        else:
            _log.error("a stream is not passed on", exc_info=error)
