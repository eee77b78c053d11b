"""The room on a real SFU: what each member receives, and what each switch does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from farm.model.setting import Size
from tests.pages.members import room_of
from tests.pages.serving import switched
from tests.sfu.video_room import VIDEO_ROOM_DRIVER, Sfu, video_room

pytestmark = pytest.mark.live

LARGE = Size(640, 480)
"""Of which two layers are sent."""


@pytest.fixture
def sfu(tmp_path: Path) -> Iterator[Sfu]:
    with video_room(tmp_path) as sfu:
        yield sfu


@pytest.mark.parametrize(("switches", "connections"), [({}, 2), ({"legacy": 1}, 3)])
async def test_each_member_receives_all_others_until_one_leaves(
    sfu: Sfu, switches: dict[str, int], connections: int
) -> None:
    async with room_of(3, switched(sfu.app_url, **switches), VIDEO_ROOM_DRIVER) as members:
        names = {each.name for each in members}
        await asyncio.gather(*(each.until_receives(*names - {each.name}) for each in members))
        for each in members:
            assert await each.page.evaluate("connections.length") == connections
        await members[2].leave()
        await members[0].until_silent("p002", "video")
        await members[0].until_receives("p001")


@pytest.mark.measures
async def test_one_stream_is_withheld_and_another_stops(sfu: Sfu) -> None:
    faults = {"withhold": "p001>p000:video", "stop": "p002>p001:video@3"}
    url = switched(sfu.app_url, **faults)
    async with room_of(3, url, VIDEO_ROOM_DRIVER) as (p000, p001, p002):
        await asyncio.gather(
            p000.until_receives("p001", kinds=["audio"]),
            p000.until_receives("p002"),
            p002.until_receives("p000", "p001"),
        )
        assert await p000.inbound("p001", "video") == []
        await p001.until_silent("p002", "video")
        assert await p001.rate("p002", "audio") > 1
        assert await p000.rate("p002", "video") > 1


async def test_layers_are_sent_and_a_receiver_gets_another(sfu: Sfu) -> None:
    url = switched(sfu.app_url, simulcast="h,m,l", layer="p001>p000@6")
    async with room_of(2, url, VIDEO_ROOM_DRIVER, LARGE) as (p000, p001):

        async def is_wide(width: int) -> bool:
            return any(
                each.get("frameWidth") == width for each in await p000.inbound("p001", "video")
            )

        await p000.until(partial(is_wide, 320), "received m")
        await p000.until(partial(is_wide, 640), "received h")
        await p000.until_receives("p001")
        sent = {each["rid"] for each in await p001.outbound() if each["framesEncoded"]}
        assert sent >= {"h", "m"}


async def test_layers_that_are_not_active_are_not_sent(sfu: Sfu) -> None:
    url = switched(sfu.app_url, simulcast="l")
    async with room_of(2, url, VIDEO_ROOM_DRIVER, LARGE) as (p000, p001):
        await p000.until_receives("p001")
        sent = {each["rid"]: each["framesEncoded"] > 0 for each in await p001.outbound()}
        assert sent == {"h": False, "m": False, "l": True}
