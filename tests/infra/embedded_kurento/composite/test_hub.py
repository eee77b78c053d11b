"""A room whose members are stubs: real codecs and threads, no browser."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import AsyncIterator

import pytest

from farm.model.setting import Size
from infra.embedded_kurento.composite.hub import Composite, HubPort
from infra.embedded_kurento.media import MediaKind, RtpPacket
from infra.embedded_kurento.objects import ObjectTree
from infra.embedded_kurento.pipeline import MediaPipeline
from infra.embedded_kurento.vp8 import VP8
from tests.infra.embedded_kurento.stubs import Member, loudness_at

pytestmark = pytest.mark.live

SIZE = Size(320, 240)


class Room:
    """One composite; `join` adds a stub that is connected both ways."""

    def __init__(self) -> None:
        self.tree = ObjectTree()
        self.pipeline = MediaPipeline(self.tree, None, self.tree.new_id(None, "MediaPipeline"))
        self.tree.add(self.pipeline, "session")
        hub_id = self.tree.new_id(self.pipeline, "Composite")
        self.hub = Composite(self.tree, self.pipeline, hub_id)
        self.tree.add(self.hub, "session")

    def join(self) -> tuple[Member, HubPort]:
        port = HubPort(self.tree, self.hub, self.tree.new_id(self.hub, "HubPort"))
        self.tree.add(port, "session")
        member = Member(self.tree, self.pipeline, self.tree.new_id(self.pipeline, "PassThrough"))
        self.tree.add(member, "session")
        member.connect(port)
        port.connect(member)
        return member, port


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    opened = Room()
    yield opened
    await opened.tree.release(opened.pipeline.id)
    assert opened.hub.id not in " ".join(thread.name for thread in threading.enumerate())


@pytest.mark.measures
async def test_each_sees_all_at_800x600_and_hears_all_but_itself(room: Room) -> None:
    (one, _), (two, _), (silent, _) = room.join(), room.join(), room.join()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(one.send(1, 400.0, SIZE, 3.0))
        tasks.create_task(two.send(2, 1000.0, SIZE, 3.0))
        tasks.create_task(silent.send(3, 0.0, SIZE, 3.0))
    for member in (one, two, silent):
        assert {each.identity for each in member.seen[-1]} == {1, 2, 3}
        assert member.sizes == {(800, 600)}
        shown = [reading.number for seen in member.seen for reading in seen[:1]]
        assert shown == sorted(shown)
        assert len(set(shown)) > 8
    loud, quiet = 0.1, 0.02
    last = [member.heard[-50:] for member in (one, two, silent)]
    low, high = ([loudness_at(tone, heard) for heard in last] for tone in (400.0, 1000.0))
    assert low[0] < quiet < loud < min(low[1:])
    assert high[1] < quiet < loud < min(high[0], high[2])


async def test_who_only_listens_is_not_shown(room: Room) -> None:
    (speaker, _), (listener, _) = room.join(), room.join()
    await speaker.send(4, 0.0, SIZE, 1.5)
    assert [reading.identity for reading in listener.seen[-1]] == [4]
    assert listener.seen[-1][0].box.width > 250


async def test_a_member_that_goes_makes_room(room: Room) -> None:
    (staying, _), (going, port) = room.join(), room.join()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(staying.send(1, 0.0, SIZE, 3.0))
        tasks.create_task(going.send(2, 0.0, SIZE, 1.0))
        await shows(staying, {1, 2})
        await room.tree.release(port.id)
        await shows(staying, {1})


@pytest.mark.measures
async def test_each_is_sent_what_it_can_take(room: Room) -> None:
    (strong, _), (weak, _) = room.join(), room.join()
    strong.limit_bps, weak.limit_bps = 800_000, 150_000
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(strong.send(1, 0.0, SIZE, 4.0))
        tasks.create_task(weak.send(2, 0.0, SIZE, 4.0))
        await asyncio.sleep(2.0)
        before = strong.video_bytes, weak.video_bytes
        began_s = asyncio.get_running_loop().time()
    lasted_s = asyncio.get_running_loop().time() - began_s
    strong_bps, weak_bps = (
        (member.video_bytes - early) * 8 / lasted_s
        for member, early in zip((strong, weak), before, strict=True)
    )
    assert weak_bps < 190_000
    assert strong_bps > 2 * weak_bps


async def test_a_key_frame_comes_when_it_is_asked_for(room: Room) -> None:
    member, port = room.join()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(member.send(1, 0.0, SIZE, 2.0))
        await asyncio.sleep(1.0)
        before = member.key_frames
        port.sources[MediaKind.VIDEO].request_key_frame()
    assert member.key_frames == before + 1


async def test_a_member_that_sends_garbage_disturbs_nobody(room: Room) -> None:
    (good, _), (bad, _) = room.join(), room.join()
    rng = random.Random(1)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(good.send(1, 0.0, SIZE, 2.0))
        for number in range(40):
            head = b"\x10\x00\x00\x00\x9d\x01\x2a\x40\x01\xf0\x00"
            payload = head + rng.randbytes(200)
            now_s = asyncio.get_running_loop().time()
            bad.video.push(RtpPacket(VP8, 7, number, number * 3000, True, payload, now_s))
            bad.audio.push(RtpPacket(VP8, 8, number, number * 960, True, payload, now_s))
            await asyncio.sleep(0.03)
    assert 1 in {reading.identity for reading in good.seen[-1]}
    assert len(good.seen) > 8


async def shows(member: Member, identities: set[int]) -> None:
    """Wait until a member is shown these and no others."""
    async with asyncio.timeout(60):
        while not member.seen or {each.identity for each in member.seen[-1]} != identities:
            await asyncio.sleep(0.05)
