"""The copy of the tutorial group-call: what each member receives, and what each switch does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from farm.kurento import KurentoClient
from tests.pages.group_call_pages import GroupCall, group_call
from tests.pages.members import room_of
from tests.pages.serving import switched

pytestmark = [pytest.mark.live, pytest.mark.measures]

DRIVER = Path("kurento_group_call")
"""The one that comes with the farm."""


@pytest.fixture
def call() -> Iterator[GroupCall]:
    with group_call() as call:
        yield call


async def test_each_member_receives_all_others_at_15_frames_a_second(call: GroupCall) -> None:
    async with room_of(3, call.app_url, DRIVER) as members:
        names = {each.name for each in members}
        await asyncio.gather(*(each.until_receives(*names - {each.name}) for each in members))
        for each in members:
            assert await each.page.evaluate("connections.length") == 3
        settings = "participants.p000.camera.getVideoTracks()[0].getSettings().frameRate"
        assert await members[0].page.evaluate(settings) == 15
        assert 12 < await members[1].rate("p000", "video") < 18
        await members[2].leave()
        left = members[0].page.locator("#video-p002")
        await left.wait_for(state="detached")
        await members[0].until_receives("p001")
    async with KurentoClient.connect(call.kurento_url) as kurento, asyncio.timeout(30):
        while await kurento.pipelines():
            await asyncio.sleep(0.1)


async def test_who_lacks_one_stream_joins_and_receives_the_others(call: GroupCall) -> None:
    url = switched(call.app_url, withhold="p001>p000:video", stop="p002>p001:video@8")
    async with room_of(3, url, DRIVER) as (p000, p001, p002):
        await asyncio.gather(
            p000.until_receives("p001", kinds=["audio"]),
            p000.until_receives("p002"),
            p001.until_receives("p000", "p002"),
            p002.until_receives("p000", "p001"),
        )
        assert await p000.rate("p001", "video") == 0
        await p001.until_silent("p002", "video")
        assert await p001.rate("p002", "audio") > 1
        assert await p000.rate("p002", "video") > 1
