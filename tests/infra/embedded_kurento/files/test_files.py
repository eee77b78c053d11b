"""RecorderEndpoint and PlayerEndpoint between stubs: states, events, and files that cannot be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, TypeVar

import av
import numpy as np
import pytest

from farm.media.frame_number import Reading
from farm.model.setting import Size
from infra.embedded_kurento.errors import Refusal
from infra.embedded_kurento.files.places import Places
from infra.embedded_kurento.files.player import PlayerEndpoint
from infra.embedded_kurento.files.recorder import RecorderEndpoint
from infra.embedded_kurento.objects import MediaObject, ObjectTree
from infra.embedded_kurento.pipeline import MediaPipeline
from tests.farm.media.made_films import joined, tone, wav
from tests.infra.embedded_kurento.film import write_film
from tests.infra.embedded_kurento.stubs import Member

SIZE = Size(160, 120)

Endpoint = TypeVar("Endpoint", bound=MediaObject)


class Studio:
    """A pipeline; `events` are those of the elements that `heard` made."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self.tree = ObjectTree()
        self.events: list[dict[str, Any]] = []
        self.pipeline = MediaPipeline(self.tree, None, self.tree.new_id(None, "MediaPipeline"))
        self.tree.add(self.pipeline, "session")

    def member(self) -> Member:
        made = Member(self.tree, self.pipeline, self.tree.new_id(self.pipeline, "PassThrough"))
        self.tree.add(made, "session")
        return made

    def recorder(self, uri: str, **constructor: Any) -> RecorderEndpoint:
        made_id = self.tree.new_id(self.pipeline, "RecorderEndpoint")
        made = RecorderEndpoint(
            self.tree, self.pipeline, made_id, uri=uri, places=self._places, **constructor
        )
        return self._heard(made, "Recording", "Paused", "Stopped")

    def player(self, uri: str) -> PlayerEndpoint:
        made_id = self.tree.new_id(self.pipeline, "PlayerEndpoint")
        made = PlayerEndpoint(self.tree, self.pipeline, made_id, uri=uri, places=self._places)
        return self._heard(made, "EndOfStream")

    def told(self) -> list[str]:
        """Events so far, states with their value."""
        return [
            " ".join(filter(None, (event["type"], event["data"].get("state"))))
            for event in self.events
        ]

    async def until(self, event_type: str) -> dict[str, Any]:
        async with asyncio.timeout(60):
            while True:
                for event in self.events:
                    if event["type"] == event_type:
                        return event
                await asyncio.sleep(0.01)

    def _heard(self, made: Endpoint, *events: str) -> Endpoint:
        self.tree.add(made, "session")
        for event in (*events, "UriEndpointStateChanged", "Error"):
            made.subscribe(event, "session", self.events.append)
        return made


@pytest.fixture
async def studio(tmp_path: Path) -> AsyncIterator[Studio]:
    opened = Studio(Places((tmp_path,)))
    yield opened
    await opened.tree.release(opened.pipeline.id)


@pytest.mark.slow
async def test_recording_tells_its_states_and_ends_in_a_file(
    studio: Studio, tmp_path: Path
) -> None:
    path = tmp_path / "a folder" / "take.webm"
    member, recorder = studio.member(), studio.recorder(path.as_uri())
    member.connect(recorder)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(member.send(1, 440.0, SIZE, 2.0))
        await asyncio.sleep(0.3)
        await recorder.record()
        await studio.until("Recording")
        recorder.pause()
        await recorder.record()
        await asyncio.sleep(1.0)
        await recorder.stop_and_wait()
    assert studio.told() == [
        "UriEndpointStateChanged START",
        "Recording",
        "UriEndpointStateChanged PAUSE",
        "Paused",
        "UriEndpointStateChanged START",
        "Recording",
        "UriEndpointStateChanged STOP",
        "Stopped",
    ]
    with av.open(str(path)) as container:
        assert [stream.type for stream in container.streams] == ["video", "audio"]
        assert container.duration == pytest.approx(1.2e6, abs=0.9e6)


async def test_without_sound_a_recording_of_both_stays_empty(
    studio: Studio, tmp_path: Path
) -> None:
    path = tmp_path / "silent.webm"
    member, recorder = studio.member(), studio.recorder(path.as_uri())
    member.connect(recorder)
    await recorder.record()
    await member.send(1, None, SIZE, 0.5)
    await recorder.stop_and_wait()
    assert path.read_bytes() == b""
    assert studio.told() == ["UriEndpointStateChanged STOP", "Stopped"]


async def test_who_stops_twice_waits_twice_and_hears_it_once(
    studio: Studio, tmp_path: Path
) -> None:
    path = tmp_path / "take.webm"
    member, recorder = studio.member(), studio.recorder(path.as_uri())
    member.connect(recorder)
    await recorder.record()
    await member.send(1, 440.0, SIZE, 0.5)
    await asyncio.gather(recorder.stop_and_wait(), recorder.stop())
    assert studio.told().count("Stopped") == 1
    with av.open(str(path)) as container:
        assert len(container.streams) == 2


@pytest.mark.parametrize(
    ("profile", "kind"), [("WEBM_VIDEO_ONLY", "video"), ("MKV_AUDIO_ONLY", "audio")]
)
async def test_a_profile_of_one_kind_records_that_alone(
    profile: str, kind: str, studio: Studio, tmp_path: Path
) -> None:
    path = tmp_path / "one.webm"
    member = studio.member()
    recorder = studio.recorder(path.as_uri(), media_profile=profile)
    member.connect(recorder)
    await recorder.record()
    await member.send(1, 440.0, SIZE, 0.5)
    await recorder.stop_and_wait()
    with av.open(str(path)) as container:
        assert [stream.type for stream in container.streams] == [kind]


async def test_a_file_that_cannot_be_written_is_told_as_an_error(
    studio: Studio, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    recorder = studio.recorder((tmp_path / "file" / "take.webm").as_uri())
    await recorder.record()
    error = await studio.until("Error")
    assert "take.webm cannot be written" in error["data"]["description"]
    assert recorder.read_state() == "STOP"
    await recorder.stop_and_wait()
    assert "Stopped" not in studio.told()


@pytest.mark.slow
async def test_a_player_goes_to_the_end_and_again(studio: Studio, tmp_path: Path) -> None:
    path = tmp_path / "film.webm"
    write_film(path, SIZE, 10, seconds=0.6, identity=8)
    player, member = studio.player(path.as_uri()), studio.member()
    player.connect(member)
    for _ in range(2):
        studio.events.clear()
        await player.play()
        await studio.until("EndOfStream")
        assert studio.told() == [
            "UriEndpointStateChanged START",
            "EndOfStream",
            "UriEndpointStateChanged STOP",
        ]
    assert {reading.identity for seen in member.seen for reading in seen} == {8}
    assert len(member.seen) >= 10
    assert len(member.heard) >= 50


@pytest.mark.slow
async def test_sound_that_changes_its_channels_is_played_to_the_end(
    studio: Studio, tmp_path: Path
) -> None:
    parts = [
        tone(tmp_path / f"{layout}.aac", seconds=0.5, layout=layout, rate=rate)
        for layout, rate in (("mono", 48_000), ("stereo", 44_100))
    ]
    path = joined(tmp_path / "both.aac", *parts)
    player, member = studio.player(path.as_uri()), studio.member()
    player.connect(member)
    await player.play()
    await studio.until("EndOfStream")
    assert "Error" not in studio.told()
    assert len(member.heard) >= 45  # of 20 ms


@pytest.mark.slow
async def test_sound_of_channels_of_no_known_place_is_played_to_the_end(
    studio: Studio, tmp_path: Path
) -> None:
    """As the doctor accepts it."""
    path = wav(tmp_path / "nine.wav", np.zeros((9, 48_000)))
    player, member = studio.player(path.as_uri()), studio.member()
    player.connect(member)
    await player.play()
    await studio.until("EndOfStream")
    assert "Error" not in studio.told()
    assert len(member.heard) >= 45  # of 20 ms


@pytest.mark.slow
async def test_a_pause_holds_the_picture_and_stop_ends_it(studio: Studio, tmp_path: Path) -> None:
    path = tmp_path / "film.webm"
    write_film(path, SIZE, 10, seconds=5.0, identity=8)
    player, member = studio.player(path.as_uri()), studio.member()
    player.connect(member)
    await player.play()
    await more_than(2, member.seen)
    player.pause()
    await asyncio.sleep(0.3)
    held = len(member.seen)
    await asyncio.sleep(1.0)
    assert len(member.seen) == held
    assert player.read_video_info()["duration"] == pytest.approx(5000, abs=100)
    await player.play()
    await more_than(held, member.seen)
    ((before,), (after,)) = member.seen[held - 1 : held + 1]
    assert 0 < after.number - before.number < 5  # and not the ten of the second that it paused
    await player.stop()
    assert studio.told()[-1] == "UriEndpointStateChanged STOP"
    assert player.read_video_info()["duration"] == 0


async def more_than(count: int, seen: list[list[Reading]]) -> None:
    async with asyncio.timeout(60):
        while len(seen) <= count:
            await asyncio.sleep(0.01)


async def test_a_file_that_is_missing_is_told_as_an_error(studio: Studio, tmp_path: Path) -> None:
    player = studio.player((tmp_path / "gone.webm").as_uri())
    await player.play()
    error = await studio.until("Error")
    assert "gone.webm cannot be played: No such file" in error["data"]["description"]
    assert player.read_state() == "STOP"


async def test_what_becomes_a_link_out_of_the_folder_is_refused_when_it_is_used(
    studio: Studio, tmp_path: Path
) -> None:
    outside = tmp_path.with_name(f"{tmp_path.name}-outside")
    outside.mkdir()
    (outside / "kept.webm").write_text("mine")
    for uri in ((outside / "new" / "x.webm").as_uri(), f"file://{tmp_path}/../x.webm", "x.webm"):
        with pytest.raises(Refusal, match="in none of the folders of --recordings,"):
            await studio.recorder(uri).record()
    assert [path.name for path in outside.iterdir()] == ["kept.webm"]
    recorder = studio.recorder((tmp_path / "folder" / "kept.webm").as_uri())
    player = studio.player((tmp_path / "folder" / "kept.webm").as_uri())
    (tmp_path / "folder").symlink_to(outside)
    with pytest.raises(Refusal, match="in none of the folders of --recordings,"):
        await recorder.record()
    with pytest.raises(Refusal, match="in none of the folders of --recordings or --clips,"):
        await player.play()
    assert (outside / "kept.webm").read_text() == "mine"
    assert studio.told() == []


async def test_what_is_no_file_or_no_known_format_is_refused(studio: Studio) -> None:
    with pytest.raises(Refusal, match="A URI that is not a file's"):
        studio.recorder("http://localhost/upload")
    with pytest.raises(Refusal, match="A URI that cannot be parsed"):
        studio.player("file://[tmp/a.webm")
    with pytest.raises(Refusal, match="media profile MP4"):
        studio.recorder("file:///tmp/a.mp4", media_profile="MP4")
