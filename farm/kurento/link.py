"""The WebSocket to a Kurento server, its session, and what happens when either is lost."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Callable, Mapping
from typing import TypedDict, Unpack

import aiohttp

from farm.errors import (
    InvalidSession,
    KurentoError,
    KurentoLost,
    KurentoRefused,
    KurentoTimeout,
    KurentoUnreachable,
)
from farm.kurento.protocol import (
    ErrorResponse,
    Json,
    KurentoEvent,
    Response,
    check_url,
    parse,
    request,
)
from farm.kurento.unreachable import refused, why_unreachable

_LARGEST_MESSAGE_BYTES = 64 * 2**20
_CLOSE_WITHIN_S = 2.0
_RECONNECT_EVERY_S = 0.1
_log = logging.getLogger(__name__)


class LinkLimits(TypedDict, total=False):
    """Time limits of the link; each is named in the error that it causes.

    `connect_within_s` (10): until the server has answered a first time. `answer_within_s` (10):
    for each call. `reconnect_within_s` (5): within which a dropped socket is replaced; a refused
    connection ends the session at once. `keep_alive_s` (60): the silence after which the server may
    end the session; pings go out twice as often, and one without an answer counts as a dropped
    socket. `verify_tls` (True): False accepts a self-signed `wss://` server.
    """

    connect_within_s: float
    answer_within_s: float
    reconnect_within_s: float
    keep_alive_s: float
    verify_tls: bool


class KurentoLink:
    """Calls and answers over one session, whatever sockets it takes; events go to `on_event`.
    `on_lost` is called once, when the session is gone for good.

    A request id is used once in the life of the link: a real server answers a repeated one from its
    cache for 20 s. Calls made while the socket is replaced wait for the new one; calls that were
    pending when it dropped fail, because a repeated one could create an object twice.
    """

    def __init__(
        self,
        url: str,
        on_event: Callable[[KurentoEvent], None],
        on_lost: Callable[[], None],
        **limits: Unpack[LinkLimits],
    ) -> None:
        self.url = check_url(url)
        self._on_event = on_event
        self._on_lost = on_lost
        self._connect_within_s = limits.get("connect_within_s", 10.0)
        self._answer_within_s = limits.get("answer_within_s", 10.0)
        self._reconnect_within_s = limits.get("reconnect_within_s", 5.0)
        self._keep_alive_s = limits.get("keep_alive_s", 60.0)
        self._verify_tls = limits.get("verify_tls", True)
        self._ids = itertools.count(1)
        self._session: str | None = None
        self._pending: dict[int, asyncio.Future[Json]] = {}

    async def open(self) -> None:
        """Connect and ping the server; call `close()` only if this returned.

        Raises `KurentoUnreachable` in one line when nothing, or no Kurento, is at the address.
        """
        loop = asyncio.get_running_loop()
        self._socket: asyncio.Future[aiohttp.ClientWebSocketResponse] = loop.create_future()
        self._gone: asyncio.Future[KurentoLost] = loop.create_future()
        self._http = aiohttp.ClientSession(trust_env=False)
        try:
            async with asyncio.timeout(self._connect_within_s):
                socket = await self._dial()
                await self._ask(socket, "ping", self._ping())
        except BaseException as error:
            await self._http.close()
            if (reason := self._unreachable(error)) is not None:
                raise reason from error
            raise
        self._life = asyncio.create_task(self._live(socket), name=f"kurento {self.url}")

    async def call(self, method: str, params: Mapping[str, Json]) -> Json:
        """Return the result of one request.

        Raises `KurentoRefused` or its kind for an error object, `KurentoTimeout`, `KurentoLost`.
        """
        id = next(self._ids)
        answer = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(self._answer_within_s) as limit:
                socket = await asyncio.shield(self._socket)
                self._pending[id] = answer
                await socket.send_str(request(id, method, params, self._session))
                return await answer
        except TimeoutError:
            if not limit.expired():
                raise
            what = params.get("operation") or params.get("type") or ""
            raise KurentoTimeout(
                f"{self.url}: no answer to {method} {what}".rstrip()
                + f" within answer_within_s = {self._answer_within_s:g} s"
            ) from None
        except (aiohttp.ClientError, ConnectionError) as error:
            raise KurentoLost(
                f"{self.url}: the connection dropped while asking {method}"
            ) from error
        finally:
            self._pending.pop(id, None)

    async def lost(self) -> KurentoLost:
        """Wait until the session is gone for good; return why (also after `close()`)."""
        return await asyncio.shield(self._gone)

    async def close(self, *, end_session: bool = True) -> None:
        """End the session, which frees all its objects in the server, and close the socket.

        Idempotent. Without `end_session` the server frees them after its own delay (240 s).
        """
        if self._session is not None and end_session and not self._gone.done():
            with contextlib.suppress(KurentoError, TimeoutError):
                async with asyncio.timeout(_CLOSE_WITHIN_S):
                    await self.call("closeSession", {})
        self._life.cancel()
        await asyncio.wait([self._life])
        await self._http.close()

    async def _live(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Read until the session is gone, over as many sockets as it takes."""
        reason = KurentoLost(f"{self.url}: the connection was closed by this side")
        try:
            while True:
                self._socket.set_result(socket)
                async with asyncio.TaskGroup() as tasks:
                    pinger = tasks.create_task(self._keep_alive(socket))
                    await self._read(socket)
                    self._socket = asyncio.get_running_loop().create_future()
                    pinger.cancel()
                self._fail_pending(KurentoLost(f"{self.url}: the server dropped the connection"))
                await socket.close()
                socket = await self._reconnected()
        except KurentoLost as error:
            reason = error
        finally:
            if self._socket.done():
                self._socket = asyncio.get_running_loop().create_future()
            self._socket.set_exception(reason)
            self._socket.exception()  # mark as retrieved: there may be no call that waits for it
            self._fail_pending(reason)
            self._gone.set_result(reason)
            self._on_lost()
            await socket.close()

    async def _reconnected(self) -> aiohttp.ClientWebSocketResponse:
        try:
            async with asyncio.timeout(self._reconnect_within_s):
                while True:
                    try:
                        socket = await self._dial()
                        if self._session is not None:
                            await self._ask(socket, "connect", {})
                        return socket
                    except InvalidSession:
                        raise KurentoLost(
                            f"{self.url}: the server has forgotten the session (restarted?)"
                        ) from None
                    except (aiohttp.ClientError, OSError, KurentoError) as error:
                        if refused(error):
                            raise KurentoLost(
                                f"{self.url}: the server is gone (connection refused)"
                            ) from error
                    await asyncio.sleep(_RECONNECT_EVERY_S)
        except TimeoutError:
            raise KurentoLost(
                f"{self.url}: the connection dropped and could not be taken up again within "
                f"reconnect_within_s = {self._reconnect_within_s:g} s"
            ) from None

    async def _dial(self) -> aiohttp.ClientWebSocketResponse:
        return await self._http.ws_connect(
            self.url,
            max_msg_size=_LARGEST_MESSAGE_BYTES,
            timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_WITHIN_S),
            ssl=self._verify_tls,
        )

    async def _ask(
        self, socket: aiohttp.ClientWebSocketResponse, method: str, params: Mapping[str, Json]
    ) -> None:
        """Do one call on a socket that nothing else reads or writes yet."""
        id = next(self._ids)
        await socket.send_str(request(id, method, params, self._session))
        while True:
            message = await socket.receive()
            if message.type is not aiohttp.WSMsgType.TEXT:
                raise KurentoUnreachable(f"{self.url}: closed the connection instead of answering")
            match frame := parse(message.data):
                case Response(id=answered) if answered == id:
                    return
                case ErrorResponse(id=answered) if answered == id:
                    raise frame.error
                case KurentoEvent():
                    self._on_event(frame)
                case _:
                    raise KurentoUnreachable(
                        f"{self.url}: not a Kurento server (it answered {message.data[:80]!r})"
                    )

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Deliver answers and events until the socket closes."""
        async for message in socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            match frame := parse(message.data):
                case Response():
                    self._session = frame.session or self._session
                    self._settle(frame.id, frame.result)
                case ErrorResponse(id=int(id)):
                    self._settle(id, frame.error)
                case KurentoEvent():
                    self._on_event(frame)
                case _:
                    _log.warning("%s sent a message that answers no request: %s", self.url, frame)

    async def _keep_alive(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        with contextlib.suppress(KurentoLost):
            while True:
                await asyncio.sleep(self._keep_alive_s / 2)
                try:
                    await self.call("ping", self._ping())
                except KurentoTimeout:
                    await socket.close()
                    return
                except KurentoRefused as error:
                    _log.warning("%s refused a ping: %s", self.url, error)

    def _ping(self) -> Mapping[str, Json]:
        return {"interval": round(self._keep_alive_s * 1000)}

    def _settle(self, id: int, outcome: Json | KurentoRefused) -> None:
        answer = self._pending.pop(id, None)
        if answer is None or answer.done():
            return  # given up by its caller
        if isinstance(outcome, KurentoRefused):
            answer.set_exception(outcome)
        else:
            answer.set_result(outcome)

    def _fail_pending(self, reason: KurentoLost) -> None:
        for answer in self._pending.values():
            if not answer.done():
                answer.set_exception(KurentoLost(str(reason)))
                answer.exception()  # mark as retrieved: its caller may have given up in `send_str`
        self._pending.clear()

    def _unreachable(self, error: BaseException) -> KurentoUnreachable | None:
        """Return the error for a failed `open`, `None` for an exception of another kind."""
        if isinstance(error, KurentoUnreachable):
            return error
        why = why_unreachable(error, self._connect_within_s)
        return None if why is None else KurentoUnreachable(f"{self.url}: {why}")
