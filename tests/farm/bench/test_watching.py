"""A death that a trial must hear of."""

from __future__ import annotations

import asyncio
from functools import partial

from aiohttp import web

from farm.bench.watching import Death, kurento_gone, watching
from farm.testing import FakeClock
from tests.stand_in_kurento import serving


async def test_a_server_that_is_back_at_once_behind_a_proxy_has_died_all_the_same() -> None:
    sockets: list[web.WebSocketResponse] = []
    known: set[str] = set()

    async def behind_a_proxy(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        sockets.append(socket)
        async for message in socket:
            asked = message.json()
            named = asked["params"].get("sessionId")
            answer = {"jsonrpc": "2.0", "id": asked["id"]}
            if asked["method"] == "ping":
                await socket.send_json({**answer, "result": {"value": "pong"}})
            elif named is not None and named not in known:
                refused = {"code": 40007, "message": "Session is not valid"}
                await socket.send_json({**answer, "error": refused})
            else:
                known.add("s1")
                result = {"value": {"version": "7.3.0"}, "sessionId": "s1"}
                await socket.send_json({**answer, "result": result})
        return socket

    async with (
        serving(behind_a_proxy) as url,
        watching([("server_died", partial(kurento_gone, url))], FakeClock()) as fault,
    ):
        async with asyncio.timeout(60):
            while not known:
                await asyncio.sleep(0.01)
            known.clear()
            await sockets[0].close()
            found = await fault
    assert found.what == "server_died"
    assert "has forgotten the session" in found.message


async def test_an_app_that_ends_is_reported_with_the_end_of_its_log() -> None:
    async def died() -> str:
        return "the demo app ended with status 1: boom"

    async def never() -> str:
        await asyncio.Event().wait()
        return ""

    deaths: list[Death] = [("server_died", never), ("app_died", died)]
    async with watching(deaths, FakeClock()) as fault:
        async with asyncio.timeout(60):
            found = await fault
    assert (found.what, found.message) == ("app_died", "the demo app ended with status 1: boom")
