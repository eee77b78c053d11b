"""The embedded server in this process, and a client that speaks to it word by word."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiortc import RTCCertificate

from infra.embedded_kurento.factories import factories
from infra.embedded_kurento.files.places import Places
from infra.embedded_kurento.server import Server, serving
from infra.embedded_kurento.webrtc.endpoint import Network

_ids = itertools.count(1)
"""Never used twice, not even by another client: a session repeats old answers to old ids."""


class Client:
    """One WebSocket. `call` gives the whole answer; events gather in `events`."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.session_id: str | None = None
        self.events: list[dict[str, Any]] = []
        self._answers: dict[Any, asyncio.Future[dict[str, Any]]] = {}

    async def read(self) -> None:
        async for message in self.socket:
            received = json.loads(message.data)
            if received.get("method") == "onEvent":
                self.events.append(received["params"]["value"])
            else:
                self._answers.pop(received["id"]).set_result(received)

    async def answer_to(self, request: dict[str, Any] | str) -> dict[str, Any]:
        """Send a request as it is, or a text that is none; its answer (to the latter, id null)."""
        text = request if isinstance(request, str) else json.dumps(request)
        request_id = None if isinstance(request, str) else request["id"]
        answer = self._answers[request_id] = asyncio.get_running_loop().create_future()
        await self.socket.send_str(text)
        async with asyncio.timeout(60):
            return await answer

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        if self.session_id is not None:
            params.setdefault("sessionId", self.session_id)
        request = {"jsonrpc": "2.0", "id": next(_ids), "method": method, "params": params}
        answer = await self.answer_to(request)
        result = answer.get("result")
        if result and self.session_id is None:
            self.session_id = result.get("sessionId")
        return answer

    async def value(self, method: str, **params: Any) -> Any:
        """The value of an answer that must be no error."""
        answer = await self.call(method, **params)
        assert "error" not in answer, answer["error"]
        return (answer["result"] or {}).get("value")

    async def invoke(self, target: str, operation: str, **parameters: Any) -> Any:
        return await self.value(
            "invoke", object=target, operation=operation, operationParams=parameters
        )

    async def create(self, type_name: str, **constructor: Any) -> str:
        created: str = await self.value(
            "create", type=type_name, constructorParams=constructor, properties={}
        )
        return created

    async def until(self, event_type: str, times: int = 1) -> None:
        """Wait until so many events of a type have come."""
        async with asyncio.timeout(60):
            while sum(event["type"] == event_type for event in self.events) < times:
                await asyncio.sleep(0.005)


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Client]:
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(url, max_msg_size=0) as socket,
        asyncio.TaskGroup() as tasks,
    ):
        client = Client(socket)
        reading = tasks.create_task(client.read())
        yield client
        await socket.close()
        reading.cancel()


Connect = Callable[[], Awaitable[Client]]


@pytest.fixture
def server(tmp_path: Path) -> Server:
    """A server whose sessions end with their sockets; it records into the test's folder."""
    network = Network(["127.0.0.1"], RTCCertificate.generateCertificate(), 9999)
    return Server(factories(network, Places((tmp_path,))), session_grace_s=0.0)


@pytest.fixture
async def url(server: Server) -> AsyncIterator[str]:
    async with serving(server, "127.0.0.1", 0) as port:
        yield f"ws://127.0.0.1:{port}/kurento"


@pytest.fixture
async def connect(url: str) -> AsyncIterator[Connect]:
    """Opens one more client of the server."""
    async with AsyncExitStack() as stack:

        async def one_more() -> Client:
            return await stack.enter_async_context(connected(url))

        yield one_more


@pytest.fixture
async def client(connect: Connect) -> Client:
    return await connect()
