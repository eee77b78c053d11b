"""Calls of real browsers, recorded; and a file played to a viewer."""

from __future__ import annotations

import asyncio
import itertools
import threading
from pathlib import Path
from typing import Any

import av
import pytest

from farm.media.frame_number import read_all
from tests.infra.embedded_kurento.film import write_film
from tests.infra.embedded_kurento.live import SMALL, call, cameras, open_page, readings, shows

Client = Any


@pytest.mark.live
async def test_both_sides_of_a_call_are_recorded_and_play(client: Client, tmp_path: Path) -> None:
    files = [tmp_path / "new folder" / "caller.webm", tmp_path / "callee.webm"]
    pipeline = await client.create("MediaPipeline")
    ends = [await client.create("WebRtcEndpoint", mediaPipeline=pipeline) for _ in files]
    recorders = [await _recorder(client, pipeline, path) for path in files]
    await client.invoke(ends[0], "connect", sink=ends[1])
    await client.invoke(ends[1], "connect", sink=ends[0])
    async with cameras(tmp_path, 1, 2) as browsers:
        pages = []
        for end, recorder, browser in zip(ends, recorders, browsers, strict=True):
            await client.invoke(end, "connect", sink=recorder)
            pages.append(await open_page(browser, tmp_path))
            await call(pages[-1], client, end)
        await shows(pages[0], {2})
        await shows(pages[1], {1})
        asked_s = _now_s()
        for recorder in recorders:
            await client.invoke(recorder, "record")
        await client.until("Recording", 2)
        begun_s = _now_s()
        await asyncio.sleep(4.0)
        at_least_s = _now_s() - begun_s
        for recorder in recorders:
            await client.invoke(recorder, "stopAndWait")
        at_most_s = _now_s() - asked_s
    assert _types(client).count("Stopped") == 2
    assert "Error" not in _types(client)
    for path, identity in zip(files, (1, 2), strict=True):
        numbers, picture_s, sound_s = _watch(path, identity)
        assert len(numbers) > 15
        assert all(0 < step < 20 for step in _steps(numbers))
        assert at_least_s - 1.0 < picture_s < at_most_s + 1.0
        assert at_least_s - 1.0 < sound_s < at_most_s + 1.0


@pytest.mark.live
async def test_a_pause_is_left_out_and_a_release_ends_the_file(
    client: Client, tmp_path: Path
) -> None:
    path = tmp_path / "paused.webm"
    pipeline = await client.create("MediaPipeline")
    end = await client.create("WebRtcEndpoint", mediaPipeline=pipeline)
    recorder = await _recorder(client, pipeline, path)
    await client.invoke(end, "connect", sink=recorder)
    await client.value("subscribe", object=end, type="MediaFlowOutStateChanged")
    async with cameras(tmp_path, 3) as (browser,):
        await call(await open_page(browser, tmp_path), client, end)
        await client.until("MediaFlowOutStateChanged", 2)
        asked_s = _now_s()
        await client.invoke(recorder, "record")
        await client.until("Recording")
        await asyncio.sleep(1.5)
        await client.invoke(recorder, "pause")
        paused_s = _now_s()
        assert await client.invoke(recorder, "getState") == "PAUSE"
        await asyncio.sleep(3.0)
        going_on_s = _now_s()
        await client.invoke(recorder, "record")
        await client.until("Recording", 2)
        await asyncio.sleep(1.5)
        await client.value("release", object=pipeline)
        at_most_s = (_now_s() - going_on_s) + (paused_s - asked_s)
    assert _types(client).count("Paused") == 1
    numbers, picture_s, _ = _watch(path, 3)
    assert 2.0 < picture_s < at_most_s + 1.0
    assert max(_steps(numbers)) >= 18


@pytest.mark.live
async def test_a_file_is_played_to_its_end(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "film.webm"
    write_film(path, SMALL, 10, seconds=4.0, identity=4)
    pipeline = await client.create("MediaPipeline")
    player = await client.create("PlayerEndpoint", mediaPipeline=pipeline, uri=path.as_uri())
    end = await client.create("WebRtcEndpoint", mediaPipeline=pipeline)
    for event in ("EndOfStream", "UriEndpointStateChanged"):
        await client.value("subscribe", object=player, type=event)
    await client.invoke(player, "connect", sink=end)
    async with cameras(tmp_path, 9) as (browser,):
        page = await open_page(browser, tmp_path)
        await call(page, client, end, sends=False)
        await client.invoke(player, "play")
        await shows(page, {4})
        await client.until("EndOfStream")
        async with asyncio.timeout(60):
            while [each.number for each in await readings(page) if each.identity == 4] < [38]:
                await asyncio.sleep(0.1)
        inbound = await page.evaluate("inbound('audio')")
    assert inbound["packetsReceived"] > 150
    states = [
        event["data"]["state"]
        for event in client.events
        if event["type"] == "UriEndpointStateChanged"
    ]
    assert states == ["START", "STOP"]
    await client.value("release", object=pipeline)
    assert not [thread for thread in threading.enumerate() if "playing" in thread.name]


async def _recorder(client: Client, pipeline: str, path: Path) -> str:
    """A recorder whose events are heard."""
    recorder: str = await client.create(
        "RecorderEndpoint", mediaPipeline=pipeline, uri=path.as_uri()
    )
    for event in ("Recording", "Paused", "Stopped", "Error"):
        await client.value("subscribe", object=recorder, type=event)
    return recorder


def _watch(path: Path, identity: int) -> tuple[list[int], float, float]:
    """The frame numbers of a recording, and how long its picture and its sound last."""
    numbers = []
    times: dict[str, list[float]] = {"video": [], "audio": []}
    with av.open(str(path)) as container:
        assert [stream.type for stream in container.streams] == ["video", "audio"]
        assert [stream.codec_context.codec.canonical_name for stream in container.streams] == [
            "vp8",
            "opus",
        ]
        for frame in container.decode():
            if isinstance(frame, av.VideoFrame):
                (reading,) = read_all(frame.to_ndarray(format="gray"))
                assert reading.identity == identity
                numbers.append(reading.number)
                times["video"].append(frame.time)
            else:
                times["audio"].append(frame.time)
    picture_s, sound_s = (each[-1] - each[0] for each in times.values())
    return numbers, picture_s, sound_s


def _now_s() -> float:
    return asyncio.get_running_loop().time()


def _steps(numbers: list[int]) -> list[int]:
    return [(later - number) % 100 for number, later in itertools.pairwise(numbers)]


def _types(client: Client) -> list[str]:
    return [event["type"] for event in client.events]
