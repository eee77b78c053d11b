"""The rooms of direct connections: what each member receives, and what each switch does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial

import pytest

from tests.pages.members import Member, room_of
from tests.pages.room_pages import ROOM_DRIVER, room_pages
from tests.pages.serving import switched

pytestmark = pytest.mark.live


@pytest.fixture
def url() -> Iterator[str]:
    with room_pages() as url:
        yield url


async def newest_video(member: Member, partner: str = "p001") -> dict[str, float]:
    """The newest video of a partner that a member receives."""
    return (await member.inbound(partner, "video"))[-1]


async def test_each_member_receives_all_others_until_one_leaves(url: str) -> None:
    async with room_of(3, url, ROOM_DRIVER) as members:
        names = {each.name for each in members}
        await asyncio.gather(*(each.until_receives(*names - {each.name}) for each in members))
        for each in members:
            assert len(await each.page.evaluate("connections")) == 2
            assert len(await each.outbound()) == 2
        await members[2].leave()
        for each in members[:2]:
            await each.until(partial(one_is_gone, each), "without the one who left")


async def one_is_gone(member: Member) -> bool:
    open_connections = "connections.filter(({signalingState}) => signalingState !== 'closed')"
    return (
        await member.page.locator("video").count() == 2
        and await member.page.evaluate(f"{open_connections}.length") == 1
    )


@pytest.mark.measures
async def test_one_stream_is_withheld_one_stops_one_is_slow(url: str) -> None:
    faults = {"withhold": "p001>p000:video", "stop": "p002>p001:video@4", "slow": "p000>p002:3"}
    async with room_of(3, switched(url, **faults), ROOM_DRIVER) as (p000, p001, p002):
        await p000.until_receives("p001", kinds=("audio",))
        await p000.until_receives("p002")
        assert await p000.rate("p001", "video") == 0
        await p001.until_silent("p002", "video")
        assert await p001.rate("p002", "audio") > 1
        assert 1 < await p002.rate("p000", "video") < 5
        assert await p002.rate("p001", "video") > 6
        assert await p002.page.evaluate("document.querySelector('video').srcObject.active")


async def test_a_page_asks_for_fewer_frames_and_less_rate(url: str) -> None:
    asked = {"fps": 10, "thin": "p001>p000:30", "unused": 1}
    async with room_of(2, switched(url, **asked), ROOM_DRIVER) as (p000, p001):
        await p000.until_receives("p001")
        assert 7 < await p001.rate("p000", "video") < 12
        (sent,) = [each for each in await p001.outbound() if each.get("targetBitrate")]
        assert sent["targetBitrate"] <= 30_000
        unused = "connections[0].getTransceivers().filter(({sender}) => !sender.track).length"
        assert await p000.page.evaluate(unused) >= 1


async def test_one_layer_of_three_is_sent(url: str) -> None:
    async with room_of(2, switched(url, simulcast=1), ROOM_DRIVER) as (p000, p001):
        await p000.until_receives("p001")
        await p001.until_receives("p000")
        for member in (p000, p001):
            layers = {each["rid"]: each["active"] for each in await member.outbound()}
            assert layers == {"q": True, "h": False, "f": False}


async def test_a_page_stops_its_camera_and_another_disables_its_microphone(url: str) -> None:
    acts = {"camera_off": "p001@2", "mute": "p000:audio@2"}
    async with room_of(2, switched(url, **acts), ROOM_DRIVER) as (p000, p001):
        await p000.until_receives("p001", kinds=("audio",))
        await p000.until_silent("p001", "video")
        assert await p000.rate("p001", "audio") > 1
        assert await p001.rate("p000", "video") > 1
        enabled = "document.querySelector('video').srcObject.getAudioTracks()[0].enabled"
        assert await p000.page.evaluate(enabled) is False


async def test_a_screen_is_shown_in_the_place_of_the_camera(url: str) -> None:
    async with room_of(2, switched(url, screen="p001@3"), ROOM_DRIVER) as (p000, p001):
        source = "connections[0].getSenders().find(({track}) => track?.kind === 'video').track"
        kind = f"{source} instanceof CanvasCaptureMediaStreamTrack"
        await p000.until_receives("p001")
        await p001.until(lambda: p001.page.evaluate(kind), "sent a canvas")
        await p000.until_receives("p001")

        async def camera() -> bool:
            return not await p001.page.evaluate(kind)

        await p001.until(camera, "sent its camera again")
        await p000.until_receives("p001")


async def test_a_picture_grows(url: str) -> None:
    async with room_of(2, switched(url, layer="p001@4"), ROOM_DRIVER) as (p000, _):
        await p000.until_receives("p001", kinds=("video",))
        assert (await newest_video(p000))["frameWidth"] == 160

        async def large() -> bool:
            return (await newest_video(p000))["frameWidth"] == 320

        await p000.until(large, "received a larger picture")


async def test_media_go_on_after_each_renegotiation(url: str) -> None:
    changes = {
        "restart": "connections[0].localDescription.sdp.match(/ice-ufrag:.*/)[0]",
        "add": "connections[0].getTransceivers().length",
        "move": "connections[0].getSenders().findIndex(({track}) => track?.kind === 'video')",
        "replace": "connections.length",
    }
    ways = ",".join(f"p001>p000:{way}@{2 * n}" for n, way in enumerate(changes, 1))
    async with room_of(2, switched(url, renegotiate=ways), ROOM_DRIVER) as (p000, p001):
        before = {way: await p001.page.evaluate(look) for way, look in changes.items()}
        for way, look in changes.items():

            async def other(look: str = look, was: object = before[way]) -> bool:
                return bool(await p001.page.evaluate(look) != was)

            await p001.until(other, f"changed: {way}")
        await asyncio.gather(p000.until_receives("p001"), p001.until_receives("p000"))


async def test_a_second_video_is_sent(url: str) -> None:
    async with room_of(2, switched(url, extra="p001@1"), ROOM_DRIVER) as (p000, _):

        async def two() -> bool:
            return len(await p000.inbound("p001", "video")) == 2

        await p000.until(two, "received a second video")


async def test_a_switch_that_does_not_exist_keeps_everybody_out(url: str) -> None:
    with pytest.raises(AssertionError, match="no such switch: withold"):
        async with room_of(1, switched(url, withold="p001>p000"), ROOM_DRIVER):
            pass
