"""The WebSocket to a Janus, of its API or its admin API: requests, answers, events, its loss."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
from collections.abc import Callable, Mapping

import aiohttp

from farm.errors import JanusError, JanusLost, JanusTimeout, JanusUnreachable
from farm.janus.protocol import Acknowledged, Answer, JanusEvent, Json, Refusal, check_url, parse

API, ADMIN_API = "janus-protocol", "janus-admin-protocol"
"""The WebSocket's subprotocols."""

_LARGEST_MESSAGE_BYTES = 64 * 2**20
_CLOSE_WITHIN_S = 2.0


class JanusSocket:
    """Whoever opened it closes it; `on_event` gets each event, and may not raise.

    `constant` is added to each request. A ping every `heartbeat_s` notices a machine without power.
    """

    def __init__(
        self,
        url: str,
        protocol: str,
        on_event: Callable[[JanusEvent], None],
        *,
        constant: Mapping[str, Json] | None = None,
        connect_within_s: float = 10.0,
        answer_within_s: float = 10.0,
        heartbeat_s: float = 20.0,
    ) -> None:
        self.url = check_url(url)
        self._protocol = protocol
        self._on_event = on_event
        self._constant = constant or {}
        self._connect_within_s = connect_within_s
        self._answer_within_s = answer_within_s
        self._heartbeat_s = heartbeat_s
        self._numbers = itertools.count(1)
        self._pending: dict[str, asyncio.Future[Answer]] = {}
        self._acknowledged: dict[str, bool] = {}

    async def open(self) -> None:
        """Connect. Raises `JanusUnreachable` in one line; call `close` only if this returned."""
        self._gone: asyncio.Future[JanusLost] = asyncio.get_running_loop().create_future()
        self._http = aiohttp.ClientSession(trust_env=False)
        try:
            async with asyncio.timeout(self._connect_within_s):
                self._socket = await self._http.ws_connect(
                    self.url,
                    protocols=(self._protocol,),
                    max_msg_size=_LARGEST_MESSAGE_BYTES,
                    heartbeat=self._heartbeat_s,
                    timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_WITHIN_S),
                )
        except BaseException as error:
            await self._http.close()
            if (why := self._why_unreachable(error)) is not None:
                raise JanusUnreachable(f"{self.url}: {why}") from error
            raise
        self._life = asyncio.create_task(self._read(), name=f"janus {self.url}")

    async def ask(
        self, request: str, *, until_acknowledged: bool = False, **more: Json
    ) -> Answer | None:
        """The answer to a request; `None` with `until_acknowledged`, as soon as it was received.

        Raises `JanusRefused`, `JanusTimeout`, `JanusLost`.
        """
        name = str(next(self._numbers))
        self._pending[name] = asyncio.get_running_loop().create_future()
        self._acknowledged[name] = until_acknowledged
        message = {"janus": request, "transaction": name, **self._constant, **more}
        try:
            if self._gone.done():
                raise JanusLost(str(self._gone.result()))
            async with asyncio.timeout(self._answer_within_s) as limit:
                await self._socket.send_str(json.dumps(message))
                answer = await self._pending[name]
                return None if until_acknowledged else answer
        except TimeoutError:
            if not limit.expired():
                raise
            what = (more.get("body") or {}).get("request", "")
            raise JanusTimeout(
                f"{self.url}: no answer to {request} {what}".rstrip()
                + f" within answer_within_s = {self._answer_within_s:g} s"
            ) from None
        except (aiohttp.ClientError, ConnectionError) as error:
            raise JanusLost(f"{self.url}: the connection dropped while asking {request}") from error
        finally:
            self._pending.pop(name, None)
            self._acknowledged.pop(name, None)

    async def lost(self) -> JanusLost:
        """Wait until the connection is gone; return why (also after `close`)."""
        return await asyncio.shield(self._gone)

    async def close(self) -> None:
        """Idempotent."""
        self._life.cancel()
        await asyncio.wait([self._life])
        await self._http.close()

    async def _read(self) -> None:
        reason = JanusLost(f"{self.url}: the connection was closed by this side")
        try:
            async for message in self._socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    self._take(message.data)
            reason = JanusLost(f"{self.url}: the server dropped the connection")
        finally:
            self._gone.set_result(reason)
            for waiting in self._pending.values():
                if not waiting.done():
                    waiting.set_exception(JanusLost(str(reason)))
                    waiting.exception()  # mark as retrieved: its caller may have given up
            with contextlib.suppress(aiohttp.ClientError, ConnectionError):
                await self._socket.close()

    def _take(self, text: str) -> None:
        match message := parse(text):
            case JanusEvent():
                self._on_event(message)
            case Acknowledged(transaction=name):
                if self._acknowledged.get(name):
                    self._settle(name, Answer(name, {}))
            case Answer(transaction=name) | Refusal(transaction=name):
                self._settle(name, message)
            case None:
                pass  # not of Janus: what is asked will not be answered, and says so

    def _settle(self, name: str, outcome: Answer | Refusal) -> None:
        waiting = self._pending.get(name)
        if waiting is None or waiting.done():
            return  # given up by its caller
        if isinstance(outcome, Refusal):
            waiting.set_exception(outcome.error)
        else:
            waiting.set_result(outcome)

    def _why_unreachable(self, error: BaseException) -> str | None:
        match error:
            case TimeoutError():
                limit = f"connect_within_s = {self._connect_within_s:g} s"
                return f"no answer within {limit}; is it a Janus?"
            case aiohttp.WSServerHandshakeError():
                return f"answered HTTP {error.status}, no WebSocket of Janus"
            case aiohttp.ClientConnectorError():
                cause = error.os_error
                reason = os.strerror(cause.errno).lower() if cause.errno else str(cause)
                return f"nothing answers there ({reason})"
            case JanusError() | aiohttp.ClientError() | OSError():
                return f"not a Janus ({error})"
            case _:
                return None
