"""A scripted media server: it keeps objects and remembers what it was asked, without any media."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from aiohttp import web

ANSWER = "v=0\r\ns=Kurento Media Server\r\n"
CANDIDATE = {
    "__module__": "kurento",
    "__type__": "IceCandidate",
    "candidate": "candidate:1 1 UDP 2015363327 127.0.0.1 10179 typ host",
    "sdpMid": "0",
    "sdpMLineIndex": 0,
}


class FakeKurento:
    """Answers as a real one does where the demo app asks; `calls` is the log, in short words.

    Objects are called by their type and number in order of creation: `WebRtcEndpoint-2`.
    `refuse` maps a call's beginning to the error code it gets; `hold` makes calls wait.
    """

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.objects: dict[str, str] = {}
        self.refuse: dict[str, int] = {}
        self.hold: dict[str, asyncio.Event] = {}
        self.url = ""
        self._port = 0
        self._counts: dict[str, int] = {}
        self._runner: web.AppRunner | None = None
        self._sockets: set[web.WebSocketResponse] = set()

    async def start(self) -> None:
        app = web.Application()
        app.router.add_get("/kurento", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]
        self.url = f"ws://127.0.0.1:{self._port}/kurento"

    async def die(self) -> None:
        """End as a killed process does: sockets are cut, objects are gone."""
        for socket in self._sockets:
            assert socket._req is not None
            if socket._req.transport is not None:
                socket._req.transport.abort()
        if self._runner is not None:
            await self._runner.cleanup()
        self._runner = None
        self.objects.clear()

    async def happen(self, object: str, type: str, **data: Any) -> None:
        """Raise an event of an object, named as in `calls`."""
        id = self.objects[object]
        data = {"source": id, "type": type, "tags": [], "timestampMillis": "1", **data}
        value = {"object": id, "type": type, "data": data}
        message = {"jsonrpc": "2.0", "method": "onEvent", "params": {"value": value}}
        for socket in self._sockets:
            await socket.send_str(json.dumps(message))

    def count(self, beginning: str) -> int:
        """How many calls began like that."""
        return sum(each.startswith(beginning) for each in self.calls)

    async def until(self, call: str, times: int = 1) -> None:
        """Wait until a call was made."""
        try:
            async with asyncio.timeout(60):
                while self.calls.count(call) < times:
                    await asyncio.sleep(0.005)
        except TimeoutError:
            pytest.fail(f"{call} was not called {times} times: {self.calls}")

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._sockets.add(socket)
        async with asyncio.TaskGroup() as answers:
            async for message in socket:
                answers.create_task(self._answer(socket, json.loads(message.data)))
        self._sockets.discard(socket)
        return socket

    async def _answer(self, socket: web.WebSocketResponse, asked: dict[str, Any]) -> None:
        method, params = asked["method"], asked["params"]
        if method == "ping":
            await self._send(socket, id=asked["id"], result={"value": "pong"})
            return
        call = self._words(method, params)
        self.calls.append(call)
        for beginning, code in self.refuse.items():
            if call.startswith(beginning):
                error = {"code": code, "message": "refused on purpose", "data": {"type": "X"}}
                await self._send(socket, id=asked["id"], error=error)
                return
        for beginning, event in self.hold.items():
            if call.startswith(beginning):
                await event.wait()
        if not self._knows(params):
            error = {"code": 40101, "message": "Object not found", "data": {"type": "X"}}
            await self._send(socket, id=asked["id"], error=error)
            return
        value = self._value(method, params)
        await self._send(socket, id=asked["id"], result={"sessionId": "s", "value": value})
        name = self._name(params.get("object", ""))
        if params.get("operation") == "gatherCandidates" and name in self.objects:
            await self.happen(name, "IceCandidateFound", candidate=CANDIDATE)
            await self.happen(name, "IceGatheringDone")

    async def _send(self, socket: web.WebSocketResponse, **message: Any) -> None:
        if not socket.closed:
            await socket.send_str(json.dumps({"jsonrpc": "2.0", **message}))

    def _words(self, method: str, params: dict[str, Any]) -> str:
        match method:
            case "create":
                number = self._counts[params["type"]] = self._counts.get(params["type"], 0) + 1
                uri = params["constructorParams"].get("uri", "")
                profile = params["constructorParams"].get("mediaProfile", "")
                sizes = (
                    f"{name}={value}"
                    for name, value in params["constructorParams"].items()
                    if name in ("width", "height", "framerate")
                )
                return " ".join(
                    filter(None, ("create", f"{params['type']}-{number}", uri, profile, *sizes))
                )
            case "invoke":
                operands = params["operationParams"]
                words = [f"{self._name(params['object'])}.{params['operation']}"]
                if "sink" in operands:
                    words.append(self._name(operands["sink"]))
                words += [str(each) for each in operands.values() if isinstance(each, int)]
                return " ".join(words)
            case "subscribe":
                return f"{self._name(params['object'])} subscribe {params['type']}"
            case "release":
                return f"release {self._name(params['object'])}"
        return method

    def _knows(self, params: dict[str, Any]) -> bool:
        of = params.get("constructorParams", {})
        named = (params.get("object"), of.get("mediaPipeline"), of.get("hub"))
        return all(each is None or each in self.objects.values() for each in named)

    def _value(self, method: str, params: dict[str, Any]) -> Any:
        if method == "create":
            of = params["constructorParams"]
            parent = of.get("mediaPipeline") or of.get("hub")
            name = f"{params['type']}-{self._counts[params['type']]}"
            id = f"{parent}/{name}" if parent else name
            self.objects[name] = id
            return id
        if method == "release":
            gone = params["object"]
            kept = {n: i for n, i in self.objects.items() if i != gone and f"{gone}/" not in i}
            self.objects = kept
            return None
        return ANSWER if params.get("operation") == "processOffer" else "value"

    def _name(self, id: str) -> str:
        return id.rpartition("/")[2]
