"""A call's stage on a scripted Janus: sides that come late, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from farm.errors import JanusTimeout
from farm.janus import JanusClient
from infra.demo_app.acts import Seat, Shape
from infra.demo_app.janus.calls import CallStage
from infra.demo_app.stages import Candidates
from tests.farm.janus.fake_janus import FakeJanus

CALLER = Seat("call-1", Shape.CALL, 1, "v=0", {}, {"id": "callResponse"})
CALLEE = Seat("call-1", Shape.CALL, 2, None, {}, {"id": "startCommunication"})


@pytest.fixture
async def client() -> AsyncIterator[JanusClient]:
    janus = FakeJanus()
    registered = {"plugin": "janus.plugin.videocall", "data": {"result": {"event": "registered"}}}
    janus.says["register"] = {"plugindata": registered}
    await janus.start()
    try:
        async with JanusClient.connect(janus.url) as client:
            yield client
    finally:
        await janus.die()


def stage_of(client: JanusClient, answer_within_s: float) -> CallStage:
    async def connect() -> JanusClient:
        return client

    return CallStage(connect, "/tmp", lambda *_: None, answer_within_s)


async def test_a_callee_that_comes_after_the_caller_gave_up_is_told_so(client: JanusClient) -> None:
    stage = stage_of(client, 0.05)
    with pytest.raises(JanusTimeout, match="the callee's handle: not within"):
        await stage.seat(CALLER, Candidates())
    with pytest.raises(JanusTimeout, match="the caller's offer: not within"):
        await stage.seat(CALLEE, Candidates())
    await stage.end()


@pytest.mark.parametrize("seat", [CALLER, CALLEE])
async def test_nobody_waits_for_the_other_side_of_a_call_that_has_ended(
    client: JanusClient, seat: Seat
) -> None:
    stage = stage_of(client, 3600)
    waiting = asyncio.create_task(stage.seat(seat, Candidates()))
    await asyncio.sleep(0.2)
    assert not waiting.done()
    await stage.end()
    async with asyncio.timeout(30):
        await asyncio.wait([waiting])
    assert waiting.cancelled()
