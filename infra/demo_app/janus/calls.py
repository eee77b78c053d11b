"""A call of two by Janus' VideoCall: the caller's offer goes to the callee, its answer back.

Both are recorded, where asked for, from when their connections are up: a file for each of a page's
audio and video, NAME-audio.mjr and NAME-video.mjr.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from farm.errors import JanusError, JanusLost
from farm.janus import JanusClient, JanusEvent, JanusHandle, JanusSession
from farm.janus.protocol import Json, Sdp
from infra.demo_app.acts import Seat, User
from infra.demo_app.janus.connection import bitrate_bps, released, trickle, within
from infra.demo_app.messages import IceCandidate, SdpAnswer
from infra.demo_app.stages import Candidates, ToPage

CONNECTED_WITHIN_S = 30.0
"""How long a page may take to connect; one that does not is neither limited nor recorded."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Party:
    """One side of the call; what it waits for."""

    handle: JanusHandle | None = None
    offered: asyncio.Future[Sdp] = field(default_factory=asyncio.Future)
    answered: asyncio.Future[Sdp] = field(default_factory=asyncio.Future)
    up: asyncio.Event = field(default_factory=asyncio.Event)

    def give_up(self) -> None:
        """End what waits for it."""
        self.up.set()
        self.offered.cancel()
        self.answered.cancel()

    def heard(self, event: JanusEvent) -> None:
        what = (event.data.get("result") or {}).get("event")
        if event.kind == "webrtcup":
            self.up.set()
        elif event.kind == "hangup":
            _log.info("Janus hung up: %s", event.whole.get("reason"))
        elif what == "incomingcall" and event.jsep and not self.offered.done():
            self.offered.set_result(event.jsep)
        elif what == "accepted" and event.jsep and not self.answered.done():
            self.answered.set_result(event.jsep)


class CallStage:
    """Implements `stages.Stage` for a call. The first seat calls `connect`.

    `recordings` is the directory, on Janus' file system, where files go.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[JanusClient]],
        recordings: str,
        to_page: ToPage,
        answer_within_s: float,
    ) -> None:
        self._connect = connect
        self._recordings = recordings
        self._to_page = to_page
        self._within_s = answer_within_s
        self._opening = asyncio.Lock()
        self._ended = False
        self._session: JanusSession | None = None
        self._parties: dict[User, _Party] = {}
        self._callee_is_known: asyncio.Future[str] = asyncio.Future()

    async def seat(self, seat: Seat, candidates: Candidates) -> None:
        party = self._parties.setdefault(seat.user, _Party())
        session = await self._open()
        if session is None:
            return
        party.handle = handle = await session.attach("videocall", party.heard)
        name = f"{session.id}-{seat.user}"  # unique among all who are signed in at this Janus
        await handle.ask("register", username=name)
        if seat.offer is None:
            if not self._callee_is_known.done():
                self._callee_is_known.set_result(name)
            await self._answer(seat, party, handle)
        else:
            await self._call(seat.offer, handle, candidates)
            answer = await within(self._within_s, "the callee's answer", party.answered)
            self._to_page(seat.user, {**seat.reply, "sdpAnswer": answer["sdp"]})
        await self._limit_and_record(seat, party, handle)

    async def hear(self, user: User, message: SdpAnswer | IceCandidate) -> None:
        party = self._parties.get(user)
        if party is None or party.handle is None:
            return
        if isinstance(message, IceCandidate):
            await trickle(party.handle, message)
        elif not party.answered.done():
            party.answered.set_result({"type": "answer", "sdp": message.sdp})

    async def unseat(self, user: User) -> None:
        party = self._parties.pop(user, None)
        if party is not None and party.handle is not None:
            await released(f"the handle of user {user}", party.handle.detach)

    async def end(self) -> None:
        self._ended = True
        self._callee_is_known.cancel()
        for party in self._parties.values():
            party.give_up()
        async with self._opening:
            session, self._session = self._session, None
            if session is not None:
                await released("a call's session", session.destroy)

    async def _open(self) -> JanusSession | None:
        """The call's session, made when there is none; `None` once the stage has ended."""
        async with self._opening:
            if self._session is None and not self._ended:
                self._session = await (await self._connect()).session()
            return self._session

    async def _call(self, offer: str, handle: JanusHandle, candidates: Candidates) -> None:
        callee = await within(self._within_s, "the callee's handle", self._callee_is_known)
        await handle.ask("call", {"type": "offer", "sdp": offer}, username=callee)
        await candidates.flow_to(lambda candidate: trickle(handle, candidate))

    async def _answer(self, seat: Seat, party: _Party, handle: JanusHandle) -> None:
        offer = await within(self._within_s, "the caller's offer", party.offered)
        self._to_page(seat.user, {"id": "offer", "sdpOffer": offer["sdp"]})
        answer = await within(self._within_s, "the page's answer", party.answered)
        await handle.ask("accept", answer)
        self._to_page(seat.user, seat.reply)

    async def _limit_and_record(self, seat: Seat, party: _Party, handle: JanusHandle) -> None:
        """Once the page is connected: earlier Janus would have nobody to tell its limit."""
        try:
            async with asyncio.timeout(CONNECTED_WITHIN_S):
                await party.up.wait()
        except TimeoutError:
            return
        if self._ended:
            return
        record: dict[str, Json] = {}
        if seat.recording is not None:
            record = {"record": True, "filename": f"{self._recordings}/{seat.recording}"}
        try:
            await handle.ask("set", bitrate=bitrate_bps(seat.properties), **record)
        except JanusLost:
            pass  # who watches the connection says that the server is gone
        except JanusError as error:
            if seat.recording is not None and not self._ended:
                self._to_page(
                    seat.user, {"id": "notice", "message": f"This call is not recorded: {error}"}
                )
