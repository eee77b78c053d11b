"""Small web servers in the place of a Kurento: some that answer as it does, some that do not."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from aiohttp import web

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(answer: Answer) -> AsyncIterator[str]:
    """Serve GET /kurento with `answer`; yields its WebSocket address."""
    app = web.Application()
    app.router.add_get("/kurento", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"ws://127.0.0.1:{runner.addresses[0][1]}/kurento"
    await runner.cleanup()


def stand_in_kurento() -> AbstractAsyncContextManager[str]:
    """The address of a server that answers as a Kurento only when asked for its version."""
    return serving(_who_it_is)


async def _who_it_is(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    info = {"version": "7.3.0", "type": "KMS", "modules": [], "capabilities": []}
    async for message in socket:
        asked = message.json()
        value = "pong" if asked["method"] == "ping" else info
        result = {"value": value, "sessionId": "stand-in"}
        await socket.send_json({"jsonrpc": "2.0", "id": asked["id"], "result": result})
    return socket
