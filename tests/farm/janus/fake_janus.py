"""A scripted Janus: its WebSocket API and its admin API, at one address."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Mapping
from typing import Any

from aiohttp import WSMsgType, web

SECRET = "of a test"


class FakeJanus:
    """Sessions and handles as Janus has them; a plugin answers what `says` has for a request."""

    def __init__(self) -> None:
        self.sessions: dict[int, list[int]] = {}
        self.infos: dict[int, Mapping[str, Any]] = {}
        self.says: dict[str, Mapping[str, Any]] = {}
        self.silent: set[str] = set()
        self.plugins: Mapping[str, Any] = {}
        self.asked: list[dict[str, Any]] = []
        self.sockets: list[web.WebSocketResponse] = []
        self._ids = itertools.count(1)
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def start(self, port: int = 0) -> None:
        """At a free port of loopback, else at that one."""
        app = web.Application()
        app.router.add_get("/", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.url = f"ws://127.0.0.1:{self._runner.addresses[0][1]}/"

    async def die(self) -> None:
        for socket in self.sockets:
            await socket.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def tell(self, **event: Any) -> None:
        """An event to everybody."""
        for socket in self.sockets:
            await socket.send_json(event)

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=("janus-protocol", "janus-admin-protocol"))
        await socket.prepare(request)
        self.sockets.append(socket)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                asked = json.loads(message.data)
                self.asked.append(asked)
                for answer in self._answers(asked):
                    await socket.send_json({"transaction": asked["transaction"], **answer})
                    await asyncio.sleep(0)
        return socket

    def _answers(self, asked: dict[str, Any]) -> list[dict[str, Any]]:
        kind = asked["janus"]
        if kind in self.silent:
            return []
        if kind.startswith(("list_", "handle_")):
            return [self._administered(asked)]
        session = asked.get("session_id")
        if session is not None and session not in self.sessions:
            return [_error(458, f"No such session {session}")]
        match kind:
            case "info":
                return [
                    {"janus": "server_info", "version_string": "1.1.2", "plugins": self.plugins}
                ]
            case "create":
                self.sessions[id := next(self._ids)] = []
                return [{"janus": "success", "data": {"id": id}}]
            case "attach":
                self.sessions[session].append(id := next(self._ids))
                return [{"janus": "success", "data": {"id": id}}]
            case "destroy":
                del self.sessions[session]
                return [{"janus": "success"}]
            case "detach":
                self.sessions[session].remove(asked["handle_id"])
                return [{"janus": "success"}]
            case "message":
                said = self.says[asked["body"]["request"]]
                answer = {"janus": "event", "sender": asked["handle_id"], **said}
                return [{"janus": "ack"}, answer]
        return [{"janus": "ack"}]

    def _administered(self, asked: dict[str, Any]) -> dict[str, Any]:
        if asked.get("admin_secret") != SECRET:
            return _error(403, "Unauthorized request (wrong or missing secret/token)")
        match asked["janus"]:
            case "list_sessions":
                return {"janus": "success", "sessions": [*self.sessions]}
            case "list_handles":
                return {"janus": "success", "handles": self.sessions[asked["session_id"]]}
        return {"janus": "success", "info": self.infos[asked["handle_id"]]}


def _error(code: int, reason: str) -> dict[str, Any]:
    return {"janus": "error", "error": {"code": code, "reason": reason}}
