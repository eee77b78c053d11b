"""The web application: serves the pages' sockets and performs the actions of decisions."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from farm.errors import (
    BadInput,
    FarmError,
    JanusLost,
    JanusTimeout,
    JanusUnreachable,
    KurentoLost,
    KurentoTimeout,
    KurentoUnreachable,
)
from infra.demo_app import messages, pages
from infra.demo_app.acts import Acts, End, Scenario, Seat, Tell, Unseat, User
from infra.demo_app.broadcasts import Broadcasts
from infra.demo_app.calls import Calls
from infra.demo_app.loop_lag import LoopLag
from infra.demo_app.rooms import Rooms
from infra.demo_app.stages import Candidates, Connect, MediaServerErrors, Stage

_HEARTBEAT_S = 30.0
_LARGEST_MESSAGE_BYTES = 2**20
_RELEASE_WITHIN_S = 3.0

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Page:
    """A connected page: its queue of messages, the candidates of its last offer, its stage."""

    socket: web.WebSocketResponse
    outbox: asyncio.Queue[Mapping[str, Any]] = field(default_factory=asyncio.Queue)
    candidates: Candidates = field(default_factory=Candidates)
    stage: Stage | None = None


class App:
    """All pages and sessions of one process.

    `connect` makes its connection to the media server, Kurento or Janus.
    Decisions are made at once, in the order of the pages' messages; the calls to the media server
    that follow are made by tasks, so that no session waits for another. Whoever made it calls
    `close()`.
    """

    def __init__(self, connect: Connect) -> None:
        self._media_server = connect(self._server_gone)
        self._calls = Calls()
        self._rooms = Rooms()
        self._broadcasts = Broadcasts()
        self._scenarios: tuple[Scenario, ...] = (self._calls, self._rooms, self._broadcasts)
        self._users = itertools.count(1)
        self._pages: dict[User, _Page] = {}
        self._stages: dict[str, Stage] = {}
        self._work: set[asyncio.Task[None]] = set()

    def routes(self) -> web.Application:
        """Return the routes: the pages, what they load, `/ws`, and `/health`."""
        app = web.Application()
        pages.add_routes(app)
        app.router.add_get("/ws", self._serve)
        lag = LoopLag()
        app.cleanup_ctx.append(lag.running)
        app.router.add_get("/health", lag.answer)
        return app

    async def close(self) -> None:
        """Release all that is in the media server, for 3 s at most, and close every socket."""
        open_pages = dict(self._pages)
        for user in open_pages:
            self._gone(user)
        released = False
        try:
            async with asyncio.timeout(_RELEASE_WITHIN_S):
                while self._work:
                    await asyncio.wait(set(self._work))
                released = True
                await asyncio.gather(*(_say_goodbye(each.socket) for each in open_pages.values()))
        except TimeoutError:
            _log.warning("stopped without releasing everything within %g s", _RELEASE_WITHIN_S)
        for task in self._work:
            task.cancel()
        # Closing a session while its objects are released has crashed a real server.
        await self._media_server.close(end_session=released)

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(heartbeat=_HEARTBEAT_S, max_msg_size=_LARGEST_MESSAGE_BYTES)
        await socket.prepare(request)
        user = next(self._users)
        page = self._pages[user] = _Page(socket)
        self._to_page(user, {"id": "welcome", "offers": self._media_server.offers})
        writer = asyncio.create_task(_write(page))
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._hear(user, page, message.data)
        finally:
            self._gone(user)
            writer.cancel()
            await asyncio.wait([writer])
        return socket

    def _hear(self, user: User, page: _Page, text: str) -> None:
        try:
            message = messages.parse(text)
        except BadInput as error:
            self._to_page(user, {"id": "error", "message": str(error)})
            return
        if self._heard_without_offer(user, page, message):
            return
        if self._lacks_offer(message):
            self._to_page(user, {"id": "error", "message": "sdpOffer must be an SDP offer"})
            return
        page.candidates = Candidates()  # those of the offer that this message carries
        match message:
            case messages.Call():
                self._perform(self._calls, self._calls.call(user, message))
            case messages.Accept():
                self._perform(self._calls, self._calls.accept(user, message))
            case messages.JoinRoom():
                self._perform(self._rooms, self._rooms.join(user, message))
            case messages.Present():
                self._perform(self._broadcasts, self._broadcasts.present(user, message))
            case messages.View():
                self._perform(self._broadcasts, self._broadcasts.view(user, message))

    def _heard_without_offer(self, user: User, page: _Page, message: messages.Message) -> bool:
        """Do what a message that carries no offer asks for; False for another one."""
        match message:
            case messages.SdpAnswer() | messages.IceCandidate(offered=True):
                if page.stage is not None:
                    self._start(page.stage.hear(user, message))
            case messages.IceCandidate():
                self._start(page.candidates.add(message))
            case messages.Stop():
                for scenario in self._scenarios:
                    self._perform(scenario, scenario.leave(user))
            case messages.Register():
                self._perform(self._calls, self._calls.register(user, message))
            case messages.Decline():
                self._perform(self._calls, self._calls.decline(user))
            case _:
                return False
        return True

    def _lacks_offer(self, message: messages.Message) -> bool:
        """Whether a page has to make the offer, and does not."""
        if self._media_server.offers or not isinstance(message, messages.Accept | messages.View):
            return False
        return message.offer.sdp is None

    def _gone(self, user: User) -> None:
        if self._pages.pop(user, None) is not None:
            for scenario in self._scenarios:
                self._perform(scenario, scenario.gone(user))

    def _server_gone(self, why: str) -> None:
        _log.warning("%s", why)
        for scenario in self._scenarios:
            told = "The media server is gone, and the session with it. Try again in a moment."
            self._perform(scenario, scenario.server_gone(told))
        for id in list(self._stages):
            self._perform(self._calls, (End(id),))

    def _perform(self, scenario: Scenario, acts: Acts) -> None:
        for act in acts:
            match act:
                case Tell():
                    self._to_page(act.user, act.message)
                case Seat():
                    stage = self._stages.get(act.stage)
                    if stage is None:
                        stage = self._media_server.stage(act.shape, self._to_page)
                        self._stages[act.stage] = stage
                    if (page := self._pages.get(act.user)) is not None:
                        page.stage = stage
                    self._start(self._seat(scenario, stage, act))
                case Unseat():
                    if (left := self._stages.get(act.stage)) is not None:
                        self._start(left.unseat(act.user))
                case End():
                    if (ended := self._stages.pop(act.stage, None)) is not None:
                        self._start(ended.end())

    async def _seat(self, scenario: Scenario, stage: Stage, seat: Seat) -> None:
        page = self._pages.get(seat.user)
        candidates = page.candidates if page is not None else Candidates()
        try:
            await stage.seat(seat, candidates)
        except MediaServerErrors as error:
            _log.warning("no seat for user %d: %s", seat.user, error)
            self._perform(scenario, scenario.failed(seat.user, seat.stage, _explain(error)))
        else:
            self._perform(scenario, self._broadcasts.seated(seat.user, seat.stage))

    def _to_page(self, user: User, message: Mapping[str, Any]) -> None:
        if (page := self._pages.get(user)) is not None:
            page.outbox.put_nowait(message)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._work.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._work.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        if isinstance(error, MediaServerErrors):
            _log.warning("%s", error)
        else:
            _log.error("a session's work failed", exc_info=error)


async def _write(page: _Page) -> None:
    while True:
        text = json.dumps(await page.outbox.get())
        try:
            await page.socket.send_str(text)
        except ConnectionError:
            return  # the reader notices as well, and cleans up


async def _say_goodbye(socket: web.WebSocketResponse) -> None:
    await socket.close(code=WSCloseCode.GOING_AWAY, message=b"the application is stopping")


def _explain(error: FarmError) -> str:
    """The text of an error, for a person at the page."""
    match error:
        case (
            KurentoUnreachable()
            | KurentoLost()
            | KurentoTimeout()
            | JanusUnreachable()
            | JanusLost()
            | JanusTimeout()
        ):
            return f"The media server does not answer. Try again in a moment. ({error})"
    return f"The media server refused: {error}"
