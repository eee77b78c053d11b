"""The client of Janus' API, against a scripted one."""

from __future__ import annotations

import asyncio

import pytest

from farm.errors import BadInput, JanusLost, JanusRefused, JanusTimeout, JanusUnreachable
from farm.janus import JanusClient, JanusEvent
from farm.janus.protocol import check_url
from tests.farm.janus.fake_janus import FakeJanus

OFFER = {"type": "offer", "sdp": "v=0"}


async def test_a_plugins_answer_comes_behind_its_acknowledgement(janus: FakeJanus) -> None:
    janus.says["join"] = {
        "plugindata": {
            "plugin": "janus.plugin.videoroom",
            "data": {"videoroom": "joined", "id": 7},
        },
        "jsep": {"type": "answer", "sdp": "v=0"},
    }
    async with JanusClient.connect(janus.url) as client:
        session = await client.session()
        handle = await session.attach("videoroom", lambda _: None)
        answer = await handle.ask("join", OFFER, room=1)
        assert (answer.data["id"], answer.jsep) == (7, {"type": "answer", "sdp": "v=0"})
        asked = janus.asked[-1]
        assert (asked["body"], asked["jsep"]) == ({"request": "join", "room": 1}, OFFER)
        await handle.trickle({"candidate": "c", "sdpMid": "0"})
        await handle.detach()
        assert janus.sessions == {session.id: []}
    assert janus.sessions == {}


async def test_events_go_to_their_handle(janus: FakeJanus) -> None:
    heard: list[JanusEvent] = []
    async with JanusClient.connect(janus.url) as client:
        session = await client.session()
        first = await session.attach("videocall", heard.append)
        await session.attach("videocall", lambda _: pytest.fail("not of this handle"))
        await janus.tell(janus="webrtcup", session_id=session.id, sender=first.id)
        data = {"plugin": "p", "data": {"result": {"event": "accepted"}}}
        await janus.tell(
            janus="event", session_id=session.id, sender=first.id, plugindata=data, jsep=OFFER
        )
        await client.info()
    assert [event.kind for event in heard] == ["webrtcup", "event"]
    assert heard[1].data == {"result": {"event": "accepted"}} and heard[1].jsep == OFFER


async def test_an_ended_session_hears_no_more(janus: FakeJanus) -> None:
    heard: list[JanusEvent] = []
    async with JanusClient.connect(janus.url) as client:
        ended, other = await client.session(), await client.session()
        handles = [await each.attach("videocall", heard.append) for each in (ended, other)]
        await ended.destroy()
        for session, handle in zip((ended, other), handles, strict=True):
            await janus.tell(janus="hangup", session_id=session.id, sender=handle.id)
        await client.info()
    assert [event.session for event in heard] == [other.id]


async def test_errors_of_the_core_and_of_a_plugin_are_refusals(janus: FakeJanus) -> None:
    janus.says["join"] = {
        "plugindata": {"plugin": "p", "data": {"error_code": 426, "error": "No such room"}}
    }
    async with JanusClient.connect(janus.url) as client:
        session = await client.session()
        handle = await session.attach("videoroom", lambda _: None)
        with pytest.raises(JanusRefused, match=r"^No such room \(426\)$"):
            await handle.ask("join", room=1)
        janus.sessions.clear()
        with pytest.raises(JanusRefused, match=r"^No such session \d+ \(458\)$"):
            await session.attach("videoroom", lambda _: None)


async def test_a_server_that_dies_is_lost_and_what_was_asked_fails(janus: FakeJanus) -> None:
    async with JanusClient.connect(janus.url) as client:
        janus.silent.add("create")
        asking = asyncio.create_task(client.session())
        lost = asyncio.create_task(client.lost())
        while not any(each["janus"] == "create" for each in janus.asked):
            await asyncio.sleep(0.005)
        await janus.die()
        assert "dropped the connection" in str(await lost)
        with pytest.raises(JanusLost):
            await asking
        with pytest.raises(JanusLost):
            await client.info()


async def test_an_answer_that_does_not_come_names_what_was_asked(janus: FakeJanus) -> None:
    janus.silent.add("create")
    client = await JanusClient.open(janus.url, answer_within_s=0.05)
    with pytest.raises(JanusTimeout, match=r"no answer to create within answer_within_s = 0\.05 s"):
        await client.session()
    await client.close()


async def test_what_is_no_janus_is_said_in_one_line(janus: FakeJanus) -> None:
    url = janus.url
    janus.silent.add("info")
    with pytest.raises(JanusUnreachable, match="not a Janus"):
        await JanusClient.open(url, answer_within_s=0.05)
    await janus.die()
    with pytest.raises(JanusUnreachable, match=r"nothing answers there \(connection refused\)"):
        await JanusClient.open(url)
    with pytest.raises(BadInput, match=r"^server\.janus: http://x: must be ws://host:8188"):
        check_url("http://x", "server.janus")
