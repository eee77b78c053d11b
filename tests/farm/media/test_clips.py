"""From a setting to files that Chromium plays."""

from __future__ import annotations

import itertools
import wave
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from multiprocessing import get_context
from pathlib import Path

import av
import numpy as np
import pytest
from playwright.async_api import async_playwright

from farm.browser.chromium_program import find_chromium
from farm.errors import BadInput, MissingTool
from farm.media import Clip, prepare
from farm.media.frame_number import read_frame_number
from farm.model.experiment import MediaSettings
from farm.model.setting import Size

SIZE = Size(160, 120)
MEDIA = MediaSettings(frame_rate=10)


def test_the_camera_is_ten_seconds_of_numbered_frames(tmp_path: Path) -> None:
    clip = prepare(MEDIA, SIZE, tmp_path, identity=7)
    assert (clip.size, clip.frame_rate, clip.duration_s) == (SIZE, 10, 10.0)
    with av.open(str(clip.video)) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height, stream.average_rate) == (160, 120, 10)
        pictures = [frame.to_ndarray()[:120] for frame in container.decode(stream)]
    assert [read_frame_number(picture) for picture in pictures] == list(range(100))


def test_the_voice_is_ten_seconds_of_48_khz_mono(tmp_path: Path) -> None:
    audio = prepare(MEDIA, SIZE, tmp_path).audio
    assert audio is not None
    with wave.open(str(audio)) as file:
        assert file.getparams()[:4] == (1, 2, 48_000, 480_000)


def test_no_audio_is_no_file(tmp_path: Path) -> None:
    clip = prepare(MediaSettings(frame_rate=10, audio="none"), SIZE, tmp_path)
    assert clip.audio is None
    assert [path.suffix for path in tmp_path.iterdir()] == [".y4m"]


def test_a_clip_is_made_once_and_another_setting_makes_another(tmp_path: Path) -> None:
    first = prepare(MEDIA, SIZE, tmp_path)
    made_ns = first.video.stat().st_mtime_ns
    assert prepare(MEDIA, SIZE, tmp_path) == first
    assert first.video.stat().st_mtime_ns == made_ns
    others = {
        prepare(MEDIA, SIZE, tmp_path, identity=1).video,
        prepare(MEDIA, Size(160, 90), tmp_path).video,
        prepare(MediaSettings(frame_rate=5), SIZE, tmp_path).video,
    }
    assert len(others - {first.video}) == 3


def test_two_processes_may_make_it_at_once(tmp_path: Path) -> None:
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        both = [pool.submit(prepare, MEDIA, SIZE, tmp_path) for _ in range(2)]
        clips = [future.result() for future in both]
    assert clips[0] == clips[1]
    assert _frames(clips[0]) == 100
    assert {path.suffix for path in tmp_path.iterdir()} == {".y4m", ".wav"}


def test_a_short_file_is_repeated_up_to_ten_seconds(tmp_path: Path) -> None:
    source = _film(tmp_path / "short.mkv", 320, 240, 25, seconds=2.0)
    clip = prepare(MediaSettings(frame_rate=10, video=str(source)), SIZE, tmp_path / "cache")
    levels = _levels(clip, np.s_[50:70, 70:90])
    assert len(levels) == 100
    assert np.ptp(levels[:20]) > 50
    np.testing.assert_allclose(levels[:80], levels[20:], atol=3)


def test_a_long_file_is_cut_to_its_first_ten_seconds(tmp_path: Path) -> None:
    source = _film(tmp_path / "long.mkv", 64, 64, 5, seconds=12.0)
    clip = prepare(MediaSettings(frame_rate=10, video=str(source)), SIZE, tmp_path / "cache")
    levels = _levels(clip, np.s_[50:70, 70:90])
    assert len(levels) == 100
    assert np.all(np.diff(levels) >= -2)
    assert levels[-1] == pytest.approx(40 + 180 * 49 / 60, abs=6)


def test_a_file_of_another_shape_gets_black_bars(tmp_path: Path) -> None:
    source = _film(tmp_path / "wide.mkv", 320, 120, 5, seconds=1.0)
    clip = prepare(MediaSettings(frame_rate=10, video=str(source)), SIZE, tmp_path / "cache")
    assert _levels(clip, np.s_[:26, :]).max() < 20
    assert _levels(clip, np.s_[94:, :]).max() < 20
    assert _levels(clip, np.s_[34:86, :]).min() > 35


def test_sound_comes_from_any_file_and_is_brought_to_48_khz_mono(tmp_path: Path) -> None:
    source = tmp_path / "tone.wav"
    tone = (8000 * np.sin(2 * np.pi * 440 * np.arange(22_050) / 22_050)).astype("<i2")
    with wave.open(str(source), "wb") as file:
        file.setparams((2, 2, 22_050, 0, "NONE", ""))
        file.writeframes(np.repeat(tone, 2).tobytes())
    audio = prepare(MediaSettings(frame_rate=10, audio=str(source)), SIZE, tmp_path / "cache").audio
    assert audio is not None
    with wave.open(str(audio)) as file:
        assert file.getparams()[:4] == (1, 2, 48_000, 480_000)
        samples = np.frombuffer(file.readframes(48_000), "<i2")
    assert np.argmax(np.abs(np.fft.rfft(samples))) == pytest.approx(440, abs=2)


def test_a_missing_file_is_named_with_its_setting(tmp_path: Path) -> None:
    with pytest.raises(MissingTool, match=r"^media\.video: /nowhere/clip\.mp4: .*no such file"):
        prepare(MediaSettings(video="/nowhere/clip.mp4"), SIZE, tmp_path)
    with pytest.raises(MissingTool, match=r"^media\.audio: /nowhere/voice\.mp3: .*no such file"):
        prepare(MediaSettings(frame_rate=5, audio="/nowhere/voice.mp3"), SIZE, tmp_path)


def test_a_file_that_is_no_clip_is_named_with_its_setting(tmp_path: Path) -> None:
    text = tmp_path / "notes.mp4"
    text.write_text("not a film\n" * 100)
    with pytest.raises(BadInput, match=r"^media\.video: .*notes\.mp4: not a clip that PyAV reads"):
        prepare(MediaSettings(video=str(text)), SIZE, tmp_path / "cache")
    with pytest.raises(BadInput, match=r"^media\.video: .*not a file"):
        prepare(MediaSettings(video=str(tmp_path)), SIZE, tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_sound_without_pictures_is_no_camera(tmp_path: Path) -> None:
    audio = prepare(MEDIA, SIZE, tmp_path).audio
    with pytest.raises(BadInput, match=r"^media\.video: .*no video in it"):
        prepare(MediaSettings(video=str(audio)), SIZE, tmp_path)


def test_a_silent_film_is_no_sound(tmp_path: Path) -> None:
    source = _film(tmp_path / "silent.mkv", 64, 64, 5, seconds=1.0)
    with pytest.raises(BadInput, match=r"^media\.audio: .*no sound in it"):
        prepare(MediaSettings(frame_rate=5, audio=str(source)), SIZE, tmp_path)


@pytest.mark.parametrize("size", [Size(161, 120), Size(160, 20)], ids=str)
def test_a_size_that_no_camera_has_is_refused(size: Size, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=rf"media\.size: {size}: .*even and at least 64"):
        prepare(MEDIA, size, tmp_path)


@pytest.mark.slow
async def test_chromium_plays_it_and_the_number_moves(tmp_path: Path) -> None:
    clip = prepare(MediaSettings(frame_rate=20), Size(320, 240), tmp_path)
    page_file = tmp_path / "camera.html"
    page_file.write_text("<video muted></video><canvas width=320 height=240></canvas>")
    flags = [
        "--no-sandbox",
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={clip.video}",
        f"--use-file-for-fake-audio-capture={clip.audio}",
        "--disable-background-networking",
        "--disable-component-update",
    ]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(None), args=flags)
        page = await browser.new_page()
        await page.goto(page_file.as_uri())
        settings = await page.evaluate(_OPEN_CAMERA)
        assert (settings["width"], settings["height"]) == (320, 240)
        seen = await page.evaluate(_GRAB, 12)
        loudest = await page.evaluate(_LISTEN)
        await browser.close()
    numbers = [
        read_frame_number(np.array(list(bytes.fromhex(grab)), np.uint8).reshape(240, 320))
        for grab in seen
    ]
    assert None not in numbers
    steps = [(b - a) % 200 for a, b in itertools.pairwise(numbers)]
    assert all(1 <= step < 40 for step in steps)
    assert loudest > 0.1


_OPEN_CAMERA = """async () => {
  const wanted = {video: {width: 320, height: 240, frameRate: 20}, audio: true};
  window.stream = await navigator.mediaDevices.getUserMedia(wanted);
  const video = document.querySelector('video');
  video.srcObject = stream;
  await video.play();
  return stream.getVideoTracks()[0].getSettings();
}"""

_GRAB = """async (count) => {
  const video = document.querySelector('video');
  const context = document.querySelector('canvas').getContext('2d', {willReadFrequently: true});
  const grabs = [];
  while (grabs.length < count) {
    await new Promise((resolve) => video.requestVideoFrameCallback(resolve));
    context.drawImage(video, 0, 0);
    const pixels = context.getImageData(0, 0, 320, 240).data;
    let luma = '';
    for (let i = 1; i < pixels.length; i += 4) luma += pixels[i].toString(16).padStart(2, '0');
    grabs.push(luma);
  }
  return grabs;
}"""

_LISTEN = """async () => {
  const context = new AudioContext();
  await context.resume();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  let loudest = 0;
  for (let i = 0; i < 60 && loudest <= 0.1; i++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    analyser.getFloatTimeDomainData(samples);
    loudest = Math.max(loudest, ...samples.map(Math.abs));
  }
  return loudest;
}"""


def _film(path: Path, width: int, height: int, frame_rate: int, *, seconds: float) -> Path:
    """A grey picture that grows lighter: the level tells the time."""
    count = round(seconds * frame_rate)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=frame_rate)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuvj420p"
        stream.codec_context.time_base = Fraction(1, frame_rate)
        stream.codec_context.qmin = stream.codec_context.qmax = 2
        for index in range(count):
            grey = np.full((height, width, 3), 40 + 180 * index // count, np.uint8)
            frame = av.VideoFrame.from_ndarray(grey, format="rgb24")
            frame.pts = index
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def _levels(clip: Clip, part: tuple[slice, slice]) -> np.ndarray:
    """Mean luma of a part of every frame, on the scale of RGB."""
    with av.open(str(clip.video)) as container:
        return np.array(
            [frame.to_ndarray(format="rgb24")[part].mean() for frame in container.decode(video=0)]
        )


def _frames(clip: Clip) -> int:
    with av.open(str(clip.video)) as container:
        return sum(1 for _ in container.decode(video=0))
