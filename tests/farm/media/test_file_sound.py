"""What microphones hear of sounds as people have them: all channels in one, in pitch and length."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from farm.errors import BadInput
from farm.media import Clip, check_clips, prepare
from farm.model.experiment import MediaSettings
from farm.model.setting import Size
from tests.farm.media.made_films import film, joined, loudness, pitch, sound_of, tone, wav

SIZE = Size(64, 64)
SECOND = 48_000
QUARTER = 0.25 / np.sqrt(2)
"""How loud a tone is at a quarter of full scale."""


def clip_of(source: Path, tmp_path: Path) -> Clip:
    """What the doctor accepts, as the run plays it."""
    media = MediaSettings(frame_rate=1, audio=str(source))
    check_clips(media, SIZE, tmp_path / "doctor")
    return prepare(media, SIZE, tmp_path / "run")


def refusal(source: Path, tmp_path: Path) -> str:
    """With which both refuse it."""
    media = MediaSettings(frame_rate=1, audio=str(source))
    said = []
    for look in (check_clips, prepare):
        with pytest.raises(BadInput) as refused:
            look(media, SIZE, tmp_path / "cache")
        said.append(str(refused.value))
    assert said[0] == said[1]
    return said[0].removeprefix(f"media.audio: {source}: ")


@pytest.mark.parametrize("form", ["adts", "mpegts"])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("mono", 48_000), ("stereo", 48_000)),
        (("stereo", 48_000), ("mono", 48_000)),
        (("stereo", 48_000), ("stereo", 32_000)),
        (("5.1", 44_100), ("mono", 22_050)),
    ],
    ids=["mono to stereo", "stereo to mono", "another rate", "both"],
)
def test_channels_and_rate_that_change(
    first: tuple[str, int], second: tuple[str, int], form: str, tmp_path: Path
) -> None:
    parts = [
        tone(tmp_path / f"{at}.aac", hertz=hertz, layout=layout, rate=rate, form=form)
        for at, (hertz, (layout, rate)) in enumerate(((440, first), (880, second)))
    ]
    samples = sound_of(clip_of(joined(tmp_path / "both.aac", *parts), tmp_path))
    assert len(samples) == 10 * SECOND
    assert pitch(samples[SECOND // 2 : SECOND * 3 // 2]) == pytest.approx(440, abs=2)
    assert pitch(samples[SECOND * 5 // 2 : SECOND * 7 // 2]) == pytest.approx(880, abs=2)


@pytest.mark.parametrize(
    ("codec", "form", "layout", "rate"),
    [
        ("aac", "adts", "stereo", 44_100),
        ("aac", "ipod", "5.1", 48_000),
        ("libopus", "ogg", "stereo", 48_000),
        ("libopus", "webm", "5.1", 48_000),
        ("libmp3lame", "mp3", "mono", 44_100),
        ("flac", "flac", "stereo", 96_000),
        ("ac3", "ac3", "5.1", 48_000),
        ("pcm_s16le", "wav", "stereo", 8_000),
        ("pcm_mulaw", "wav", "mono", 8_000),
        ("libopencore_amrnb", "amr", "mono", 8_000),
    ],
)
def test_any_kind_of_file_is_heard(
    codec: str, form: str, layout: str, rate: int, tmp_path: Path
) -> None:
    source = tone(tmp_path / f"voice.{form}", codec=codec, form=form, layout=layout, rate=rate)
    samples = sound_of(clip_of(source, tmp_path))
    assert len(samples) == 10 * SECOND
    assert pitch(samples[:SECOND]) == pytest.approx(440, abs=2)
    assert loudness(samples[SECOND // 2 : SECOND]) == pytest.approx(QUARTER, rel=0.3)


@pytest.mark.parametrize("channels", [1, 2, 3, 6, 9, 16, 20])
def test_every_channel_is_heard(channels: int, tmp_path: Path) -> None:
    """A recorder's file says nothing of where its channels were: none of them is left out."""
    for spoken in {0, channels - 1}:
        rows = np.zeros((channels, SECOND))
        rows[spoken] = np.sin(2 * np.pi * 440 * np.arange(SECOND) / SECOND) / 4
        clip = clip_of(wav(tmp_path / f"{channels}-{spoken}.wav", rows), tmp_path)
        samples = sound_of(clip)[:SECOND]
        assert pitch(samples) == pytest.approx(440, abs=1)
        assert loudness(samples) == pytest.approx(QUARTER / channels, rel=0.05)


def test_long_samples_of_channels_of_no_known_place_are_heard(tmp_path: Path) -> None:
    """PCM of 64 bits, as NumPy and some editors write it."""
    sine = np.sin(2 * np.pi * 440 * np.arange(SECOND) / SECOND) / 4
    rows = np.zeros((9, SECOND))
    rows[8] = sine
    data = (rows.T * 2.0**62).astype("<i8").tobytes()
    pcm = b"\x01\x00\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"
    kind = struct.pack("<HHIIHHHHI", 0xFFFE, 9, SECOND, SECOND * 72, 72, 64, 22, 64, 0) + pcm
    source = tmp_path / "long.wav"
    source.write_bytes(
        struct.pack("<4sI4s4sI", b"RIFF", 20 + len(kind) + len(data), b"WAVE", b"fmt ", len(kind))
        + kind
        + struct.pack("<4sI", b"data", len(data))
        + data
    )
    samples = sound_of(clip_of(source, tmp_path))[:SECOND]
    assert pitch(samples) == pytest.approx(440, abs=1)
    assert loudness(samples) == pytest.approx(QUARTER / 2 / 9, rel=0.05)


def test_a_file_that_breaks_off_is_heard_up_to_there(tmp_path: Path) -> None:
    """FFmpeg reads no Ogg in which another Opus follows with other channels."""
    parts = [
        tone(tmp_path / f"{layout}.opus", hertz=hertz, layout=layout, codec="libopus", form="ogg")
        for hertz, layout in ((440, "mono"), (880, "stereo"))
    ]
    samples = sound_of(clip_of(joined(tmp_path / "chained.opus", *parts), tmp_path))
    assert len(samples) == 10 * SECOND
    assert pitch(samples[: 2 * SECOND]) == pytest.approx(440, abs=1)


def test_what_does_not_decode_is_left_out(tmp_path: Path) -> None:
    data = bytearray(tone(tmp_path / "whole.aac", seconds=4).read_bytes())
    data[len(data) // 2 : len(data) // 2 + 60] = b"\xff" * 60
    source = tmp_path / "spoilt.aac"
    source.write_bytes(data)
    samples = sound_of(clip_of(source, tmp_path))
    assert len(samples) == 10 * SECOND
    assert pitch(samples[SECOND // 2 : SECOND]) == pytest.approx(440, abs=2)


def test_a_second_of_sound_is_heard_ten_times(tmp_path: Path) -> None:
    rows = np.sin(2 * np.pi * 440 * np.arange(44_100) / 44_100)[np.newaxis] / 4
    samples = sound_of(clip_of(wav(tmp_path / "short.wav", rows, rate=44_100), tmp_path))
    assert len(samples) == 10 * SECOND
    np.testing.assert_allclose(samples[:SECOND], samples[SECOND : 2 * SECOND], atol=1e-3)


def test_files_without_sound(tmp_path: Path) -> None:
    silent = film(tmp_path / "silent.mp4")
    assert refusal(silent, tmp_path) == "no sound in it"
    assert refusal(wav(tmp_path / "none.wav", np.zeros((2, 0))), tmp_path) == "no sound in it"
    (tmp_path / "empty.wav").write_bytes(b"")
    assert refusal(tmp_path / "empty.wav", tmp_path).startswith("not a clip that PyAV reads: ")
    # Of a telephone: nothing in it says whether 8,000 or 44,100 samples are a second.
    bare = tone(tmp_path / "call.al", codec="pcm_alaw", form="alaw", rate=8_000)
    assert refusal(bare, tmp_path).startswith("samples without a header, which says their rate: ")
