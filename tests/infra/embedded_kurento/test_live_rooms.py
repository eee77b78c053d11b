"""Rooms of real browsers: who sees whom, what is left when members go."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page

from infra.embedded_kurento.server import Server
from tests.infra.embedded_kurento.live import call, cameras, open_page, readings, shows

Client = Any

ROUNDS = 21


@dataclass(frozen=True, slots=True)
class Member:
    page: Page
    endpoint: str
    port: str


@pytest.mark.live
async def test_each_sees_and_hears_all_and_who_leaves_makes_room(
    client: Client, tmp_path: Path
) -> None:
    pipeline, hub = await _room(client)
    async with cameras(tmp_path, 1, 2, 3) as browsers:
        pages = [await open_page(browser, tmp_path) for browser in browsers]
        members = [await _join(client, pipeline, hub, page) for page in pages]
        transcoding = {
            (event["data"]["mediaType"], event["data"]["state"])
            for event in client.events
            if event["type"] == "MediaTranscodingStateChanged"
        }
        for member in members:
            seen = await shows(member.page, {1, 2, 3})
            assert [each.box.left < 400 for each in seen] == [True, False, True]
            assert [each.box.top < 300 for each in seen] == [True, True, False]
        assert transcoding == {("AUDIO", "TRANSCODING"), ("VIDEO", "TRANSCODING")}
        inbound = await pages[0].evaluate("inbound('video')")
        assert (inbound["frameWidth"], inbound["frameHeight"]) == (800, 600)
        assert await pages[0].evaluate("loudness()") > 0.1
        await client.value("release", object=members[1].port)
        await client.value("release", object=members[1].endpoint)
        for member in (members[0], members[2]):
            seen = await shows(member.page, {1, 3})
            assert [each.box.left < 400 for each in seen] == [True, False]
            assert all(100 < each.box.top < 300 for each in seen)


@pytest.mark.live
async def test_two_rooms_never_mix(client: Client, tmp_path: Path) -> None:
    rooms = {(1, 2): await _room(client), (3,): await _room(client)}
    async with cameras(tmp_path, 1, 2, 3) as browsers:
        watched: list[tuple[Page, set[int]]] = []
        for identities, (pipeline, hub) in rooms.items():
            for identity in identities:
                page = await open_page(browsers[identity - 1], tmp_path)
                await _join(client, pipeline, hub, page)
                watched.append((page, set(identities)))
        for page, identities in watched:
            await shows(page, identities)
        for _ in range(10):
            for page, identities in watched:
                assert {each.identity for each in await readings(page)} <= identities
            await asyncio.sleep(0.2)


@pytest.mark.live
async def test_rounds_of_joining_and_leaving_leave_nothing(
    client: Client, server: Server, tmp_path: Path
) -> None:
    """One member stays; another comes and goes, and things are released in every order."""
    pipeline, hub = await _room(client)
    async with cameras(tmp_path, 5, 6) as (staying, coming):
        await _join(client, pipeline, hub, await open_page(staying, tmp_path))
        page = await open_page(coming, tmp_path)
        before: tuple[int, ...] | None = None
        for number in range(ROUNDS):
            member = await _join(client, pipeline, hub, page)
            order = (member.port, member.endpoint) if number % 2 else (member.endpoint, member.port)
            if number % 3 == 0:
                await page.evaluate("hangUp()")
            for object_id in order:
                await client.value("release", object=object_id)
            left = (len(server.tree.objects), threading.active_count(), _descriptors())
            before = before or left
            assert left[:2] == before[:2]
            assert left[2] <= before[2] + 3
        await client.value("release", object=pipeline)
    assert list(server.tree.of_type("Composite")) == []
    assert not [thread for thread in threading.enumerate() if "Composite" in thread.name]


async def _room(client: Client) -> tuple[str, str]:
    pipeline = await client.create("MediaPipeline")
    return pipeline, await client.create("Composite", mediaPipeline=pipeline)


async def _join(client: Client, pipeline: str, hub: str, page: Page) -> Member:
    endpoint = await client.create("WebRtcEndpoint", mediaPipeline=pipeline)
    port = await client.create("HubPort", hub=hub)
    await client.value("subscribe", object=endpoint, type="MediaTranscodingStateChanged")
    await client.invoke(endpoint, "connect", sink=port)
    await client.invoke(port, "connect", sink=endpoint)
    await call(page, client, endpoint)
    return Member(page, endpoint, port)


def _descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())
