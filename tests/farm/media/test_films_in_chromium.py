"""What a page sees and hears of a film, through getUserMedia in a real Chromium."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.async_api import async_playwright

from farm.browser.chromium_program import find_chromium
from farm.media import Clip, check_clips, prepare
from farm.model.experiment import MediaSettings
from farm.model.setting import Size
from tests.farm.media.made_films import (
    BLUE,
    GREEN,
    RED,
    UPRIGHT,
    YELLOW,
    Rgb,
    alike,
    corners,
    film,
    joined,
    tone,
)

pytestmark = pytest.mark.live

SIZE = Size(320, 240)

_SEE_AND_HEAR = """async ({width, height}) => {
  const stream = await navigator.mediaDevices.getUserMedia({video: {width, height}, audio: {
    echoCancellation: false, noiseSuppression: false, autoGainControl: false}});
  const video = document.createElement('video');
  video.muted = true;
  video.srcObject = stream;
  await video.play();
  const canvas = Object.assign(document.createElement('canvas'), {width, height});
  const context = canvas.getContext('2d', {willReadFrequently: true});
  const pictures = [];
  while (pictures.length < 8) {
    await new Promise((resolve) => video.requestVideoFrameCallback(resolve));
    context.drawImage(video, 0, 0);
    const pixels = context.getImageData(0, 0, width, height).data;
    let text = '';
    for (let at = 0; at < pixels.length; at++)
      if (at % 4 < 3) text += pixels[at].toString(16).padStart(2, '0');
    pictures.push(text);
  }
  const listener = new AudioContext({sampleRate: 48000});
  await listener.resume();
  const analyser = new AnalyserNode(listener, {fftSize: 32768, smoothingTimeConstant: 0});
  listener.createMediaStreamSource(stream).connect(analyser);
  const pitches = new Set();
  for (let turn = 0; turn < 24; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    const strengths = new Float32Array(analyser.frequencyBinCount);
    analyser.getFloatFrequencyData(strengths);
    const top = strengths.indexOf(Math.max(...strengths));
    if (strengths[top] > -40) pitches.add(Math.round(top * 48000 / 32768));
  }
  return {pictures, pitches: [...pitches]};
}"""


@pytest.mark.parametrize(
    ("name", "settings", "expected"),
    [
        ("phone.mov", {"turned": (270, False, False)}, (BLUE, RED, YELLOW, GREEN)),
        ("selfie.mp4", {"turned": (0, True, False)}, (GREEN, RED, YELLOW, BLUE)),
        ("raw.h264", {"form": "h264", "options": {"bf": "3"}}, UPRIGHT),
        (
            "hd.mp4",
            {"size": (1280, 720), "convert": {"dst_colorspace": "ITU709"}},
            UPRIGHT,
        ),
    ],
    ids=["turned", "mirrored", "raw", "HD"],
)
async def test_a_page_sees_it_upright_and_moving_and_hears_all_of_it(
    name: str, settings: dict[str, Any], expected: tuple[Rgb, ...], tmp_path: Path
) -> None:
    video = film(tmp_path / name, rate=20, seconds=2, **settings)
    parts = [
        tone(tmp_path / f"{layout}.aac", hertz=hertz, layout=layout)
        for hertz, layout in ((440, "mono"), (880, "stereo"))
    ]
    audio = joined(tmp_path / "both.aac", *parts)
    media = MediaSettings(frame_rate=20, video=str(video), audio=str(audio))
    check_clips(media, SIZE, tmp_path / "cache")
    seen = await _seen(prepare(media, SIZE, tmp_path / "cache"), tmp_path)
    pictures = [
        np.frombuffer(bytes.fromhex(text), np.uint8).reshape(SIZE.height, SIZE.width, 3)
        for text in seen["pictures"]
    ]
    assert all(alike(corners(pixels), expected, within=16) for pixels in pictures)
    middles = [int(pixels[SIZE.height // 2, SIZE.width // 2].mean()) for pixels in pictures]
    assert len(set(middles)) >= 6
    for hertz in (440, 880):
        assert any(abs(pitch - hertz) < 5 for pitch in seen["pitches"]), seen["pitches"]


async def _seen(clip: Clip, tmp_path: Path) -> dict[str, Any]:
    page_file = tmp_path / "page.html"
    page_file.write_text("<!doctype html>")
    flags = [
        "--no-sandbox",
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={clip.video}",
        f"--use-file-for-fake-audio-capture={clip.audio}",
        "--autoplay-policy=no-user-gesture-required",
        "--disable-background-networking",
        "--disable-component-update",
    ]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(None), args=flags)
        page = await browser.new_page()
        await page.goto(page_file.as_uri())
        found: dict[str, Any] = await page.evaluate(
            _SEE_AND_HEAR, {"width": SIZE.width, "height": SIZE.height}
        )
        await browser.close()
    return found
