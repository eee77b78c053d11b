"""The client against a scripted server, on a real socket, with what a real Kurento said."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import WSMsgType, web

from farm.errors import (
    BadInput,
    EventNotSupported,
    InvalidSession,
    KurentoLost,
    KurentoRefused,
    KurentoTimeout,
    KurentoUnreachable,
    MarshallError,
    NoSuchOperation,
    ObjectNotFound,
    SdpRefused,
    TypeNotAvailable,
)
from farm.kurento import KurentoClient, KurentoEvent

TRANSCRIPTS = Path(__file__).parents[2] / "data" / "kurento"
Message = dict[str, Any]


class Server:
    """A WebSocket server that does to each request what its `reply` says, and remembers it."""

    def __init__(self, reply: Callable[[Server, Message], Awaitable[None]]) -> None:
        self.reply = reply
        self.requests: list[Message] = []
        self.sockets: list[web.WebSocketResponse] = []
        self.url = ""
        self._runner: web.AppRunner | None = None
        self._port = 0

    async def start(self) -> None:
        app = web.Application()
        app.router.add_get("/kurento", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self.url = f"ws://127.0.0.1:{self._port}/kurento"

    async def stop(self) -> None:
        if self._runner is not None:
            await self.drop()
            await self._runner.cleanup()
            self._runner = None

    async def drop(self) -> None:
        """Cut the TCP connections without a WebSocket goodbye."""
        for socket in self.sockets:
            if socket._req is not None and socket._req.transport is not None:
                socket._req.transport.abort()

    async def send(self, message: Message) -> None:
        await self.sockets[-1].send_str(json.dumps({"jsonrpc": "2.0", **message}))

    async def answer(self, request: Message, value: Any = None) -> None:
        await self.send({"id": request["id"], "result": {"sessionId": "s1", "value": value}})

    async def replace_socket(self) -> None:
        """Cut the connection and wait until the client has dialled again."""
        await self.drop()
        dialled = len(self.sockets)
        while len(self.sockets) == dialled:
            await asyncio.sleep(0)

    def asked(self, method: str) -> list[Message]:
        return [each for each in self.requests if each["method"] == method]

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        self.sockets.append(socket)
        async for message in socket:
            assert message.type is WSMsgType.TEXT
            asked = json.loads(message.data)
            assert isinstance(asked, dict)
            self.requests.append(asked)
            await self.reply(self, asked)
        return socket


@asynccontextmanager
async def serving(reply: Callable[[Server, Message], Awaitable[None]]) -> AsyncIterator[Server]:
    server = Server(reply)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


async def obliging(server: Server, asked: Message) -> None:
    """Answer everything; a created object is named after its type."""
    match asked["method"]:
        case "ping":
            await server.send({"id": asked["id"], "result": {"value": "pong"}})
        case "create":
            await server.answer(asked, f"{asked['id']}_kurento.{asked['params']['type']}")
        case "subscribe":
            await server.answer(asked, f"subscription-{asked['id']}")
        case "closeSession":
            await server.send({"id": asked["id"], "result": None})
        case _:
            await server.answer(asked)


class Transcript:
    """A reply that follows a recording: each request gets the frames that followed it then."""

    def __init__(self, name: str) -> None:
        lines = (TRANSCRIPTS / name).read_text().splitlines()
        self.lines = [json.loads(line) for line in lines]
        self.at = 0
        self.ids: dict[int, int] = {}

    async def __call__(self, server: Server, asked: Message) -> None:
        if asked["method"] == "ping":
            await server.send({"id": asked["id"], "result": {"value": "pong"}})
            return
        while self.lines[self.at][1] != "->" or self.lines[self.at][2]["method"] == "ping":
            self.at += 1
        recorded = self.lines[self.at][2]
        assert {**recorded, "id": 0} == {**asked, "id": 0}
        self.ids[recorded["id"]] = asked["id"]
        self.at += 1
        while self.at < len(self.lines) and self.lines[self.at][1] == "<-":
            reply = self.lines[self.at][2]
            if reply.get("id") in self.ids:
                reply = {**reply, "id": self.ids[reply["id"]]}
            await server.send(reply)
            self.at += 1

    def sent(self, direction: str) -> list[Message]:
        return [line[2] for line in self.lines if line[1] == direction]


async def test_a_recorded_loopback_is_done_again_word_for_word() -> None:
    transcript = Transcript("loopback.jsonl")
    seen: list[tuple[str, Any]] = []

    def note(event: KurentoEvent) -> None:
        seen.append((event.type, event.data))

    asked = iter([each["params"] for each in transcript.sent("->")[1:]])
    async with serving(transcript) as server, KurentoClient.connect(server.url) as kurento:
        pipeline = await kurento.create(next(asked)["type"])
        endpoint = await kurento.create(next(asked)["type"], {"mediaPipeline": pipeline})
        for params in asked:
            match params:
                case {"type": type}:
                    await endpoint.subscribe(type, note)
                case {"operation": "connect"}:
                    await endpoint.connect(endpoint)
                case {"operation": "processOffer", "operationParams": {"offer": offer}}:
                    answer = await endpoint.invoke("processOffer", offer=offer)
                    assert answer.splitlines()[2] == "s=Kurento Media Server"
                case {"operation": "getStats"}:
                    stats = await endpoint.invoke("getStats", mediaType="VIDEO")
                    types = {each["type"] for each in stats.values()}
                    assert {"inboundrtp", "outboundrtp"} <= types
                    break
                case {"operation": operation, "operationParams": operands}:
                    await endpoint.invoke(operation, **operands)
        await endpoint.release()
        await pipeline.release()
        await kurento.close()

    assert transcript.at == len(transcript.lines)
    recorded = [each["params"]["value"] for each in transcript.sent("<-") if "method" in each]
    assert seen == [(each["type"], each["data"]) for each in recorded]
    assert [type for type, _ in seen].count("IceCandidateFound") == 12


async def test_ids_are_never_used_twice_and_the_session_goes_with_every_request() -> None:
    async with serving(obliging) as server, KurentoClient.connect(server.url) as kurento:
        await kurento.create("MediaPipeline")
        await server.replace_socket()
        await asyncio.gather(*(kurento.create("MediaPipeline") for _ in range(50)))

    ids = [each["id"] for each in server.requests]
    assert len(ids) == len(set(ids)) > 50
    first = server.requests.index(server.asked("create")[0])
    assert all("sessionId" not in each["params"] for each in server.requests[: first + 1])
    assert {each["params"]["sessionId"] for each in server.requests[first + 1 :]} == {"s1"}


async def test_answers_find_their_callers_in_whatever_order_they_come() -> None:
    held: list[Message] = []

    async def backwards(server: Server, asked: Message) -> None:
        if asked["method"] != "invoke":
            await obliging(server, asked)
            return
        held.append(asked)
        if len(held) == 20:
            for each in reversed(held):
                await server.answer(each, each["params"]["operationParams"]["n"])

    async with serving(backwards) as server, KurentoClient.connect(server.url) as kurento:
        calls = (kurento.invoke("object", "echo", n=n) for n in range(20))
        assert await asyncio.gather(*calls) == list(range(20))


async def test_a_message_of_several_megabytes_passes_both_ways() -> None:
    async def echo(server: Server, asked: Message) -> None:
        if asked["method"] == "invoke":
            await server.answer(asked, asked["params"]["operationParams"]["text"])
        else:
            await obliging(server, asked)

    text = "å" * 3_000_000
    async with serving(echo) as server, KurentoClient.connect(server.url) as kurento:
        assert await kurento.invoke("object", "echo", text=text) == text


async def test_recorded_error_objects_become_their_exceptions() -> None:
    recorded = Transcript("errors_and_manager.jsonl").sent("<-")
    errors = [each["error"] for each in recorded if each["id"] and "error" in each]
    replies = iter(errors)
    met: dict[int, type[KurentoRefused]] = {}

    async def refuse(server: Server, asked: Message) -> None:
        if asked["method"] == "invoke":
            await server.send({"id": asked["id"], "error": next(replies)})
        else:
            await obliging(server, asked)

    async with serving(refuse) as server, KurentoClient.connect(server.url) as kurento:
        for error in errors:
            with pytest.raises(KurentoRefused) as raised:
                await kurento.invoke("object", "anything")
            assert raised.value.message == error["message"]
            assert raised.value.type == error.get("data", {}).get("type")
            met[raised.value.code] = type(raised.value)

    assert met == {
        40001: MarshallError,
        40007: InvalidSession,
        40008: NoSuchOperation,
        40101: ObjectNotFound,
        40106: EventNotSupported,
        40108: TypeNotAvailable,
        40201: SdpRefused,
        -32601: NoSuchOperation,
    }


def event(object: str, type: str, **data: Any) -> Message:
    data = {"source": object, "type": type, "tags": [], "timestampMillis": "1795388925746", **data}
    return {
        "method": "onEvent",
        "params": {"value": {"object": object, "type": type, "data": data}},
    }


async def test_events_that_overtake_the_answer_to_their_subscription_are_not_lost() -> None:
    async def eager(server: Server, asked: Message) -> None:
        if asked["method"] == "subscribe":
            await server.send(event("object", "Early", n=1))
        await obliging(server, asked)

    async with serving(eager) as server, KurentoClient.connect(server.url) as kurento:
        subscription = await kurento.subscribe("object", "Early")
        async for each in subscription:
            assert (each.data["n"], each.timestamp_ms) == (1, 1795388925746)
            break


async def test_an_async_handler_may_call_the_server_and_sees_one_event_at_a_time() -> None:
    log: list[str] = []

    async with serving(obliging) as server, KurentoClient.connect(server.url) as kurento:
        done = asyncio.Event()

        async def handle(event: KurentoEvent) -> None:
            log.append(f"begin {event.data['n']}")
            await kurento.invoke("object", "react")
            log.append(f"end {event.data['n']}")
            if event.data["n"] == 2:
                done.set()

        await kurento.subscribe("object", "Tick", handle)
        for n in range(3):
            await server.send(event("object", "Tick", n=n))
        await done.wait()

    assert log == ["begin 0", "end 0", "begin 1", "end 1", "begin 2", "end 2"]


async def test_a_failing_handler_neither_stops_the_events_nor_the_client(
    caplog: pytest.LogCaptureFixture,
) -> None:
    seen: list[int] = []

    def stumble(event: KurentoEvent) -> None:
        seen.append(event.data["n"])
        raise RuntimeError("stumbled")

    async with serving(obliging) as server, KurentoClient.connect(server.url) as kurento:
        await kurento.subscribe("object", "Tick", stumble)
        await server.send(event("object", "Tick", n=0))
        await server.send(event("object", "Tick", n=1))
        await kurento.create("MediaPipeline")

    assert seen == [0, 1]
    assert "stumbled" in caplog.text


async def test_subscriptions_end_by_unsubscribe_and_by_release_of_a_parent() -> None:
    async with serving(obliging) as server, KurentoClient.connect(server.url) as kurento:
        mine = await kurento.subscribe("pipeline/one", "Tick")
        with pytest.raises(ValueError, match="already subscribed"):
            await kurento.subscribe("pipeline/one", "Tick")
        await mine.unsubscribe()
        await mine.unsubscribe()
        assert [each.type async for each in mine] == []
        assert len(server.asked("unsubscribe")) == 1

        child = await kurento.subscribe("pipeline/one", "Tick")
        await server.send(event("pipeline/one", "Tick"))
        await kurento.release("pipeline")
        assert [each.type async for each in child] == ["Tick"]


async def test_a_dropped_socket_is_replaced_and_the_session_lives_on() -> None:
    async with serving(obliging) as server, KurentoClient.connect(server.url) as kurento:
        pipeline = await kurento.create("MediaPipeline")
        ticks = await pipeline.subscribe("Tick")
        await server.replace_socket()
        await pipeline.invoke("getName")
        await server.send(event(pipeline.id, "Tick", n=7))
        async for each in ticks:
            assert each.data["n"] == 7
            break

    assert len(server.sockets) == 2
    assert [each["params"] for each in server.asked("connect")] == [{"sessionId": "s1"}]


async def test_a_call_on_its_way_when_the_socket_drops_fails_and_is_not_repeated() -> None:
    async def drop_on_create(server: Server, asked: Message) -> None:
        if asked["method"] == "create" and len(server.asked("create")) == 2:
            await server.drop()
        else:
            await obliging(server, asked)

    async with serving(drop_on_create) as server, KurentoClient.connect(server.url) as kurento:
        await kurento.create("MediaPipeline")
        with pytest.raises(KurentoLost, match="dropped the connection"):
            await kurento.create("WebRtcEndpoint")
        await kurento.create("MediaPipeline")

    types = [each["params"]["type"] for each in server.asked("create")]
    assert types == ["MediaPipeline", "WebRtcEndpoint", "MediaPipeline"]


async def test_a_server_that_forgot_the_session_is_lost() -> None:
    async def amnesic(server: Server, asked: Message) -> None:
        if asked["method"] == "connect":
            error = {
                "code": 40007,
                "message": "Invalid session",
                "data": {"type": "INVALID_SESSION"},
            }
            await server.send({"id": asked["id"], "error": error})
        else:
            await obliging(server, asked)

    async with serving(amnesic) as server, KurentoClient.connect(server.url) as kurento:
        pipeline = await kurento.create("MediaPipeline")
        ticks = await pipeline.subscribe("Tick")
        await server.drop()
        assert "forgotten the session" in str(await kurento.lost())
        with pytest.raises(KurentoLost, match="forgotten the session"):
            await pipeline.invoke("getName")
        assert [each async for each in ticks] == []


async def test_a_dead_server_fails_every_pending_call_at_once_and_every_later_one() -> None:
    async def silent(server: Server, asked: Message) -> None:
        if asked["method"] != "invoke":
            await obliging(server, asked)

    async with serving(silent) as server:
        kurento = await KurentoClient.open(server.url, answer_within_s=3600)
        await kurento.create("MediaPipeline")
        calls = [asyncio.create_task(kurento.invoke("object", "wait")) for _ in range(10)]
        while len(server.asked("invoke")) < 10:
            await asyncio.sleep(0)
        await server.stop()
        for call in calls:
            with pytest.raises(KurentoLost):
                await call
        assert "connection refused" in str(await kurento.lost())
        with pytest.raises(KurentoLost, match="connection refused"):
            await kurento.server_info()
        await kurento.close()
        await kurento.close()


async def test_an_unanswered_ping_counts_as_a_dropped_socket() -> None:
    async def deaf_at_first(server: Server, asked: Message) -> None:
        if asked["method"] == "ping" and len(server.sockets) == 1 and len(server.requests) > 1:
            return
        await obliging(server, asked)

    async with (
        serving(deaf_at_first) as server,
        KurentoClient.connect(server.url, keep_alive_s=0.1, answer_within_s=0.2) as kurento,
    ):
        await kurento.create("MediaPipeline")
        while not server.asked("connect"):
            await asyncio.sleep(0.01)
        await kurento.create("MediaPipeline")

    assert all(each["params"]["interval"] == 100 for each in server.asked("ping"))


async def test_a_missing_answer_names_the_setting() -> None:
    async def silent(server: Server, asked: Message) -> None:
        if asked["method"] != "invoke":
            await obliging(server, asked)

    async with (
        serving(silent) as server,
        KurentoClient.connect(server.url, answer_within_s=0.05) as kurento,
    ):
        with pytest.raises(KurentoTimeout, match=r"invoke getName within answer_within_s = 0.05 s"):
            await kurento.invoke("object", "getName")
        await kurento.create("MediaPipeline")


@pytest.mark.parametrize(
    "url", ["", "kurento", "http://127.0.0.1:8888/kurento", "ws://", "ws://host:99999/kurento"]
)
async def test_what_is_no_websocket_address_is_bad_input(url: str) -> None:
    with pytest.raises(BadInput, match=r"expected ws://HOST:PORT/kurento"):
        await KurentoClient.open(url)


async def test_nothing_at_the_address_is_one_clear_line() -> None:
    async with serving(obliging) as server:
        url = server.url
    with pytest.raises(KurentoUnreachable, match=r"nothing answers there \(connection refused\)"):
        await KurentoClient.open(url)


async def test_a_wrong_path_and_a_page_are_told_from_a_kurento() -> None:
    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<h1>It works!</h1>")

    app = web.Application()
    app.router.add_get("/", page)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    address = f"ws://127.0.0.1:{runner.addresses[0][1]}"
    try:
        with pytest.raises(KurentoUnreachable, match=r"answered HTTP 404.*path is /kurento"):
            await KurentoClient.open(f"{address}/kurento")
        with pytest.raises(KurentoUnreachable, match="answered HTTP 200"):
            await KurentoClient.open(f"{address}/")
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("greeting", ['{"hello": "world"}', "<h1>hi</h1>", "[]", "7"])
async def test_a_websocket_that_speaks_otherwise_is_not_a_kurento(greeting: str) -> None:
    async def other(server: Server, asked: Message) -> None:
        await server.sockets[-1].send_str(greeting)

    async with serving(other) as server:
        with pytest.raises(KurentoUnreachable, match="not a Kurento server"):
            await KurentoClient.open(server.url)


async def test_a_websocket_that_says_nothing_is_given_up_with_the_settings_name() -> None:
    async def mute(server: Server, asked: Message) -> None:
        return

    async with serving(mute) as server:
        with pytest.raises(KurentoUnreachable, match=r"within connect_within_s = 0.05 s"):
            await KurentoClient.open(server.url, connect_within_s=0.05)


async def test_closing_ends_the_session_unless_told_not_to() -> None:
    async with serving(obliging) as server:
        for end_session in (True, False):
            kurento = await KurentoClient.open(server.url)
            await kurento.create("MediaPipeline")
            await kurento.close(end_session=end_session)
            with pytest.raises(KurentoLost, match="closed by this side"):
                await kurento.create("MediaPipeline")
    assert len(server.asked("closeSession")) == 1
