"""Files as people have them: of any kind and name, with times of any sort, broken, and no films."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from farm.media.file_head import tracks_of
from tests.farm.media.made_films import (
    RATE,
    UPRIGHT,
    alike,
    corners,
    film,
    levels,
    picture,
    played,
    refusal,
    rises,
    shown,
    still,
    titled,
    tone,
    with_cover,
)

# ---------------------------------------------------------------- time


@pytest.mark.parametrize(
    ("name", "form", "codec", "pixels"),
    [
        ("raw.h264", "h264", "libx264", "yuv420p"),
        ("raw.h265", "hevc", "libx265", "yuv420p"),
        ("raw.ivf", "ivf", "libvpx", "yuv420p"),
        ("raw.obu", "obu", "libsvtav1", "yuv420p"),
        ("raw.y4m", "yuv4mpegpipe", "rawvideo", "yuv420p"),
        ("raw.m2v", "mpeg2video", "mpeg2video", "yuv420p"),
        ("film.ts", "mpegts", "libx264", "yuv420p"),
        ("film.flv", "flv", "libx264", "yuv420p"),
        ("film.avi", "avi", "mpeg4", "yuv420p"),
        ("film.webm", "webm", "libvpx-vp9", "yuv420p"),
        ("film.gif", "gif", "gif", "rgb8"),
        ("film.apng", "apng", "apng", "rgb24"),
    ],
)  # fmt: skip
def test_any_kind_of_file_moves(
    name: str, form: str, codec: str, pixels: str, tmp_path: Path
) -> None:
    quiet = {"x265-params": "log-level=none"} if codec == "libx265" else {}
    source = film(
        tmp_path / name, form=form, codec=codec, pixels=pixels, rate=25, seconds=2, options=quiet
    )
    seen = levels(played(source, tmp_path))
    assert len(seen) == 10 * RATE
    assert np.ptp(seen[:20]) > 140
    assert np.corrcoef(seen[:20], range(20))[0, 1] > 0.95
    np.testing.assert_allclose(seen[:80], seen[20:], atol=3)


def test_a_stream_without_times_goes_by_its_own_rate(tmp_path: Path) -> None:
    for rate in (25, 50):
        source = film(
            tmp_path / f"{rate}.h264",
            form="h264",
            rate=rate,
            seconds=2,
            options={"bf": "3"},
        )
        assert rises(played(source, tmp_path), 20), rate


@pytest.mark.parametrize(
    "time",
    [lambda index: index + 2500, lambda index: index - 20, lambda index: index],
    ids=["late", "negative", "from zero"],
)
def test_it_begins_with_its_first_picture(time: Any, tmp_path: Path) -> None:
    assert rises(played(film(tmp_path / "film.mkv", seconds=2, time=time), tmp_path), 20)


def test_a_frame_rate_that_varies(tmp_path: Path) -> None:
    source = film(tmp_path / "film.mkv", seconds=2, time=lambda index: index * 2 + (index > 10) * 8)
    seen = levels(played(source, tmp_path))
    # Every picture stays for two ticks, the eleventh for ten.
    assert [seen[at] - seen[at - 1] > 2 for at in range(1, 20)] == [
        at % 2 == 0 for at in range(1, 20)
    ]
    assert len(set(seen[20:30])) == 1
    assert seen[30] > seen[29]


def test_a_lone_picture_stays(tmp_path: Path) -> None:
    for source in (
        film(tmp_path / "one.mp4", seconds=0.1),
        still(tmp_path / "one.png", codec="png", pixels="rgb24"),
    ):
        pictures = shown(played(source, tmp_path))
        assert len(pictures) == 10 * RATE
        assert alike(corners(pictures[50]), UPRIGHT)


# ---------------------------------------------------------------- what is broken


def test_what_does_not_decode_is_left_out(tmp_path: Path) -> None:
    whole = film(tmp_path / "whole.mp4", seconds=4, form_options={"movflags": "faststart"})
    data = bytearray(whole.read_bytes())
    cut, spoilt = tmp_path / "cut.mp4", tmp_path / "spoilt.mp4"
    cut.write_bytes(data[: len(data) * 2 // 3])
    at = len(data) * 2 // 3
    data[at : at + 200] = bytes(200)
    spoilt.write_bytes(data)
    for source in (cut, spoilt):
        clip = played(source, tmp_path)
        assert alike(corners(shown(clip)[0]), UPRIGHT)
        assert np.ptp(levels(clip)) > 80


def test_a_title_in_another_alphabet(tmp_path: Path) -> None:
    source = titled(tmp_path / "title.avi", "Köln é".encode("latin-1"))
    assert alike(corners(shown(played(source, tmp_path))[0]), UPRIGHT)
    assert [track.kind for track in tracks_of(source.read_bytes())] == ["video"]


def test_the_track_that_a_player_shows(tmp_path: Path) -> None:
    source = tmp_path / "two.mkv"
    with av.open(str(source), "w") as container:
        tracks = [container.add_stream("ffv1", rate=5) for _ in range(2)]
        for track, default in zip(tracks, (False, True), strict=True):
            track.width, track.height, track.pix_fmt = 320, 240, "yuv420p"
            track.disposition = av.stream.Disposition.default if default else 0
        for track, upright in zip(tracks, (False, True), strict=True):
            pixels = picture(320, 240, 100)[:: 1 if upright else -1]
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
            container.mux([*track.encode(frame), *track.encode(None)])
    assert alike(corners(shown(played(source, tmp_path))[0]), UPRIGHT)


@pytest.mark.parametrize(
    "name",
    [" a b.mp4", "-dash.mp4", "ünïcode 映画.mp4", "100%d a%03d.mp4", "12:30.mp4", "http:x.mp4"],
)
def test_any_name(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    film(tmp_path / "film.mp4", seconds=0.2).rename(tmp_path / name)
    for source in (Path(name), tmp_path / name):
        assert alike(corners(shown(played(source, tmp_path))[0]), UPRIGHT)


def test_files_that_are_no_films(tmp_path: Path) -> None:
    whole = film(tmp_path / "whole.mp4").read_bytes()
    cases = {
        "empty.mp4": (b"", "not a clip that PyAV reads: Invalid data"),
        "no_moov.mp4": (whole[: len(whole) // 2], "not a clip that PyAV reads: Invalid data"),
        "unknown.mp4": (whole.replace(b"avc1", b"zzzz"), "not a clip that PyAV reads: Decoder not"),
        "list.m3u8": (
            b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nwhole.ts\n#EXT-X-ENDLIST\n",
            "a list of other files: name the clip itself",
        ),
        "list.ffconcat": (b"ffconcat version 1.0\nfile whole.ts\n", "a list of other files: name"),
    }
    film(tmp_path / "whole.ts")
    for name, (content, expected) in cases.items():
        (tmp_path / name).write_bytes(content)
        assert refusal(tmp_path / name, tmp_path).startswith(expected), name


def test_an_encrypted_film(tmp_path: Path) -> None:
    key = {"encryption_key": "76a6c65c5ea762046bd749a2e632ccbb", "encryption_kid": 32 * "a"}
    source = film(tmp_path / "film.mp4", form_options={"encryption_scheme": "cenc-aes-ctr", **key})
    assert refusal(source, tmp_path) == "not a clip that PyAV reads: it is encrypted"


def test_a_cover_is_no_film(tmp_path: Path) -> None:
    cover = still(tmp_path / "cover.jpg", codec="mjpeg", pixels="yuvj420p")
    voice = tone(tmp_path / "voice.mp3", codec="libmp3lame", form="mp3")
    said = refusal(with_cover(tmp_path / "song.mp3", voice, cover), tmp_path)
    assert said == "no video in it, only a cover picture"
    assert refusal(voice, tmp_path) == "no video in it"
