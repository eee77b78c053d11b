"""The connection by which a page receives from the publishers of a VideoRoom, one or many.

Janus makes the offer, anew for each change; the page answers one before it is sent the next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from farm.janus import JanusEvent, JanusHandle, JanusSession
from farm.janus.protocol import Answer, Json
from infra.demo_app.janus.connection import released, trickle, within
from infra.demo_app.messages import IceCandidate


class Subscription:
    """`offer` sends a message with an offer to the page; `changed` is called with what Janus offers
    unasked, for `renegotiate`: a publisher has left.
    """

    def __init__(
        self,
        session: JanusSession,
        room: Json,
        offer: Callable[[Mapping[str, Any]], None],
        changed: Callable[[JanusEvent], None],
        answer_within_s: float,
    ) -> None:
        self._session = session
        self._room = room
        self._offer = offer
        self._changed = changed
        self._within_s = answer_within_s
        self._turn = asyncio.Lock()
        self._handle: JanusHandle | None = None
        self._answer: asyncio.Future[str | None] | None = None
        self._is_closed = False
        self._feeds: set[Json] = set()

    async def add(self, feeds: Sequence[Json]) -> None:
        """Receive all streams of these publishers, too. Raises `JanusError`."""
        async with self._turn:
            streams = [{"feed": feed} for feed in feeds if feed not in self._feeds]
            self._feeds.update(feeds)
            if self._is_closed or not streams:
                return
            if self._handle is None:
                self._handle = await self._session.attach("videoroom", self._heard)
                joining = {"ptype": "subscriber", "room": self._room}
                await self._negotiate(await self._handle.ask("join", streams=streams, **joining))
            else:
                await self._negotiate(await self._handle.ask("subscribe", streams=streams))

    async def renegotiate(self, event: JanusEvent) -> None:
        """Pass on what Janus offered unasked. Raises `JanusError`."""
        async with self._turn:
            await self._negotiate(Answer("", event.data, event.jsep))

    def answered(self, sdp: str) -> None:
        """The page's answer to the last offer."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(sdp)

    async def candidate(self, candidate: IceCandidate) -> None:
        """Raises `JanusError`."""
        if self._handle is not None:
            await trickle(self._handle, candidate)

    def give_up(self) -> None:
        """Wait for no answer any more, and make no further offer."""
        self._is_closed = True
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(None)

    async def close(self) -> None:
        """Receive no more. Raises only `JanusLost`."""
        self.give_up()
        async with self._turn:
            handle, self._handle = self._handle, None
            if handle is not None:
                await released("a subscription's handle", handle.detach)

    async def _negotiate(self, offered: Answer) -> None:
        if offered.jsep is None or self._handle is None or self._is_closed:
            return  # Janus is at it, and offers unasked
        self._answer = asyncio.get_running_loop().create_future()
        people = [
            {
                "mid": each["mid"],
                "from": str(each["feed_id"]),
                "name": str(each.get("feed_display", "")),
            }
            for each in offered.data.get("streams", ())
            if each.get("active") and "feed_id" in each
        ]
        self._offer({"id": "offer", "sdpOffer": offered.jsep["sdp"], "streams": people})
        answer = await within(self._within_s, "the page's answer", self._answer)
        if answer is not None:
            await self._handle.ask("start", {"type": "answer", "sdp": answer})

    def _heard(self, event: JanusEvent) -> None:
        if event.jsep is not None:
            self._changed(event)
