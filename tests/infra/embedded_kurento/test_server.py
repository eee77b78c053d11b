"""Sessions, objects and events over real WebSockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest

from infra.embedded_kurento.server import Server

Client = Any
Connect = Callable[[], Awaitable[Client]]


async def gone(server: Server, object_id: str) -> None:
    async with asyncio.timeout(60):
        while object_id in server.tree.objects:
            await asyncio.sleep(0.005)


async def test_a_ping_needs_no_session(client: Client, server: Server) -> None:
    answer = await client.call("ping", interval=240000)

    assert answer["result"] == {"value": "pong"}
    assert server.sessions.by_id == {}


async def test_a_request_id_used_again_gets_the_old_answer(client: Client) -> None:
    pipeline = await client.create("MediaPipeline")
    ask = {"object": pipeline, "operationParams": {}, "sessionId": client.session_id}
    named = {
        "jsonrpc": "2.0",
        "id": 77,
        "method": "invoke",
        "params": ask | {"operation": "getName"},
    }
    timed = {**named, "params": ask | {"operation": "getCreationTime"}}

    first = await client.answer_to(named)
    second = await client.answer_to(timed)

    assert first["result"]["value"] == pipeline
    assert second == first


async def test_a_slow_operation_holds_up_nobody(client: Client) -> None:
    await client.create("MediaPipeline")
    slow = asyncio.create_task(client.invoke("manager_ServerManager", "getUsedCpu", interval=60000))

    assert await client.invoke("manager_ServerManager", "getCpuCount") >= 1

    assert not slow.done()
    slow.cancel()


async def test_what_was_asked_with_the_last_breath_keeps_nothing(
    connect: Connect, server: Server, url: str
) -> None:
    """Requests that come together with the end of their socket give no session new life."""
    client = await connect()
    pipeline = await client.create("MediaPipeline")
    named = {"object": pipeline, "operation": "getName", "sessionId": client.session_id}
    asked = [
        {"jsonrpc": "2.0", "id": 901, "method": "create", "params": {"type": "MediaPipeline"}},
        {"jsonrpc": "2.0", "id": 902, "method": "invoke", "params": named},
    ]
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(HANDSHAKE)
    await reader.readuntil(b"\r\n\r\n")

    writer.write(b"".join(frame(1, json.dumps(each).encode()) for each in asked) + frame(8, b""))
    await reader.read()
    writer.close()
    await client.socket.close()

    await gone(server, pipeline)
    async with asyncio.timeout(60):
        while server.sessions.by_id:
            await asyncio.sleep(0.005)
    assert list(server.tree.objects) == ["manager_ServerManager"]


HANDSHAKE = (
    b"GET /kurento HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def frame(opcode: int, payload: bytes) -> bytes:
    """A WebSocket frame of a client, its mask all zero (RFC 6455, 5.2)."""
    return bytes([0x80 | opcode, 0x80 | 126]) + len(payload).to_bytes(2, "big") + bytes(4) + payload


async def test_a_dropped_socket_frees_what_it_made(connect: Connect, server: Server) -> None:
    client = await connect()
    pipeline = await client.create("MediaPipeline")
    await client.create("WebRtcEndpoint", mediaPipeline=pipeline)

    await client.socket.close()
    await gone(server, pipeline)

    assert list(server.tree.objects) == ["manager_ServerManager"]
    assert server.sessions.by_id == {}


async def test_a_session_goes_on_over_a_new_socket(connect: Connect, server: Server) -> None:
    """Within the grace; events then come to the new socket."""
    server.sessions.grace_s = 60.0
    first = await connect()
    pipeline = await first.create("MediaPipeline")
    one = await first.create("WebRtcEndpoint", mediaPipeline=pipeline)
    two = await first.create("WebRtcEndpoint", mediaPipeline=pipeline)
    await first.value("subscribe", object=one, type="ElementConnected")
    await first.socket.close()

    second = await connect()
    taken = await second.call("connect", sessionId=first.session_id)
    assert taken["result"]["sessionId"] == first.session_id
    await second.invoke(one, "connect", sink=two)
    await second.until("ElementConnected", 3)

    kinds = [event["data"]["mediaType"] for event in second.events]
    assert kinds == ["AUDIO", "DATA", "VIDEO"]
    assert first.events == []


async def test_closing_a_session_frees_at_once(client: Client, server: Server) -> None:
    server.sessions.grace_s = 60.0
    pipeline = await client.create("MediaPipeline")

    answer = await client.call("closeSession")

    assert answer["result"] is None
    assert pipeline not in server.tree.objects


async def test_what_two_sessions_keep_lives_as_long_as_one(
    connect: Connect, server: Server
) -> None:
    maker, keeper = await connect(), await connect()
    pipeline = await maker.create("MediaPipeline")
    await keeper.call("describe", object=pipeline)

    await maker.call("closeSession")
    assert pipeline in server.tree.objects

    await keeper.call("closeSession")
    assert pipeline not in server.tree.objects


async def test_a_released_pipeline_takes_its_elements_along(client: Client) -> None:
    pipeline = await client.create("MediaPipeline")
    endpoint = await client.create("WebRtcEndpoint", mediaPipeline=pipeline)
    await client.value("subscribe", object="manager_ServerManager", type="ObjectDestroyed")

    await client.value("release", object=pipeline)

    await client.until("ObjectDestroyed", 2)
    assert [event["data"]["objectId"] for event in client.events] == [endpoint, pipeline]
    refused = await client.call("invoke", object=endpoint, operation="getName")
    assert refused["error"]["code"] == 40101


async def test_properties_are_set_at_creation(client: Client) -> None:
    pipeline = await client.create("MediaPipeline")
    endpoint = await client.value(
        "create",
        type="WebRtcEndpoint",
        constructorParams={"mediaPipeline": pipeline},
        properties={"maxVideoSendBandwidth": 200},
    )

    assert await client.invoke(endpoint, "getMaxVideoSendBandwidth") == 200
    await client.invoke(endpoint, "setName", name="camera")
    assert await client.invoke(endpoint, "getName") == "camera"


@pytest.mark.parametrize(
    ("operation", "parameters", "code", "message"),
    [
        ("setMaxVideoSendBandwidth", {"maxVideoSendBandwidth": "200"}, 40001, "integer"),
        ("setMaxVideoSendBandwidth", {"maxVideoSendBandwidth": True}, 40001, "integer"),
        ("setConnectionState", {"connectionState": "CONNECTED"}, 40008, "not found"),
        ("connect", {"sink": "manager_ServerManager"}, 40001, "MediaElement"),
        ("getStats", {"mediaType": "SMELL"}, 40001, "MediaType"),
        ("createDataChannel", {}, 40111, "not supported"),
        ("addIceCandidate", {"candidate": {}}, 40001, "string"),
        ("processAnswer", {"answer": "v=0"}, 40209, "Offer not generated"),
        ("__init__", {}, 40008, "not found"),
        ("close", {}, 40008, "not found"),
    ],
)
async def test_what_cannot_be_done_is_refused(
    client: Client, operation: str, parameters: dict[str, Any], code: int, message: str
) -> None:
    pipeline = await client.create("MediaPipeline")
    endpoint = await client.create("WebRtcEndpoint", mediaPipeline=pipeline)

    answer = await client.call(
        "invoke", object=endpoint, operation=operation, operationParams=parameters
    )

    assert answer["error"]["code"] == code
    assert message in answer["error"]["message"]


async def test_a_property_that_cannot_be_set_leaves_no_object(
    client: Client, server: Server
) -> None:
    pipeline = await client.create("MediaPipeline")

    answer = await client.call(
        "create",
        type="WebRtcEndpoint",
        constructorParams={"mediaPipeline": pipeline},
        properties={"maxVideoSendBandwidth": "lots"},
    )

    assert answer["error"]["code"] == 40001
    assert set(server.tree.objects) == {"manager_ServerManager", pipeline}


async def test_frames_that_are_no_request_do_not_end_the_server(client: Client) -> None:
    for text in ("", "[1, 2]", '"text"', "null", "{"):
        assert (await client.answer_to(text))["error"]["code"] in {-32600, -32700}

    assert (await client.call("ping"))["result"]["value"] == "pong"


async def test_tags_come_with_events_when_asked_for(client: Client) -> None:
    pipeline = await client.create("MediaPipeline")
    endpoint = await client.create("WebRtcEndpoint", mediaPipeline=pipeline)
    await client.value("subscribe", object=endpoint, type="ElementConnected")
    await client.invoke(endpoint, "addTag", key="role", value="caller")
    await client.invoke(endpoint, "setSendTagsInEvents", sendTagsInEvents=True)

    await client.invoke(endpoint, "connect", sink=endpoint, mediaType="AUDIO")
    await client.until("ElementConnected")

    (tag,) = client.events[0]["data"]["tags"]
    assert (tag["key"], tag["value"]) == ("role", "caller")
    assert await client.invoke(endpoint, "getTag", key="role") == "caller"
    missing = await client.call(
        "invoke", object=endpoint, operation="getTag", operationParams={"key": "none"}
    )
    assert missing["error"]["code"] == 40110


async def test_it_says_that_it_is_not_kurento(client: Client) -> None:
    await client.call("describe", object="manager_ServerManager")

    assert "is not Kurento" in await client.invoke("manager_ServerManager", "getMetadata")
    assert await client.invoke("manager_ServerManager", "getUsedMemory") > 1000
    assert '"WebRtcEndpoint"' in await client.invoke(
        "manager_ServerManager", "getKmd", moduleName="elements"
    )


async def test_a_hundred_endpoints_come_and_go(client: Client, server: Server) -> None:
    """Sockets are closed and nothing of them is left."""
    before = psutil.Process().num_fds()
    for _ in range(10):
        pipeline = await client.create("MediaPipeline")
        for _ in range(10):
            endpoint = await client.create("WebRtcEndpoint", mediaPipeline=pipeline)
            await client.invoke(endpoint, "generateOffer")
            await client.invoke(endpoint, "gatherCandidates")
        await client.value("release", object=pipeline)

    assert psutil.Process().num_fds() <= before + 2
    assert list(server.tree.objects) == ["manager_ServerManager"]


async def test_what_was_released_can_be_unsubscribed_from(client: Client) -> None:
    """The official client does it for each event that it listened to."""
    pipeline = await client.create("MediaPipeline")
    endpoint = await client.create("WebRtcEndpoint", mediaPipeline=pipeline)
    subscription = await client.value("subscribe", object=endpoint, type="ElementConnected")
    await client.value("release", object=pipeline)

    answer = await client.call("unsubscribe", object=endpoint, subscription=subscription)

    assert answer["result"] == {"sessionId": client.session_id}
