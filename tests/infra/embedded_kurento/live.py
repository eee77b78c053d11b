"""Real browsers in front of the embedded server: pages that call, and what they show."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
from playwright.async_api import Browser, Page, async_playwright

from farm.browser.chromium_program import find_chromium
from farm.media import prepare
from farm.media.frame_number import Reading, read_all
from farm.model.experiment import MediaSettings
from farm.model.setting import Size
from tests.fake_camera_flags import ALLOWED, FLAGS

SMALL = Size(320, 240)

SCRIPT = """
window.connection = null;
window.hangUp = () => {
  if (!window.connection) return;
  window.connection.close();
  for (const sender of window.connection.getSenders()) sender.track?.stop();
  document.querySelector('video').remove();
  window.connection = null;
};
window.makeOffer = async (sends, size, frameRate) => {
  window.hangUp();
  const connection = new RTCPeerConnection();
  window.connection = connection;
  const video = document.createElement('video');
  video.muted = true;
  document.body.append(video);
  const received = new MediaStream();
  connection.ontrack = ({track}) => {
    received.addTrack(track);
    video.srcObject = received;
    video.play();
  };
  if (sends) {
    const [width, height] = size;
    const camera = await navigator.mediaDevices.getUserMedia(
      {audio: true, video: {width, height, frameRate}});
    for (const track of camera.getTracks()) connection.addTrack(track, camera);
  } else {
    connection.addTransceiver('audio', {direction: 'recvonly'});
    connection.addTransceiver('video', {direction: 'recvonly'});
  }
  const gathered = new Promise((resolve) => {
    connection.onicegatheringstatechange =
      () => connection.iceGatheringState === 'complete' && resolve();
  });
  await connection.setLocalDescription();
  await gathered;
  return connection.localDescription.sdp;
};
window.takeAnswer = (sdp) => connection.setRemoteDescription({type: 'answer', sdp});
window.addCandidate = (candidate) => connection.addIceCandidate(candidate);
window.grab = async () => {
  const video = document.querySelector('video');
  if (!video || !video.videoWidth) return null;
  const [width, height] = [video.videoWidth, video.videoHeight];
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d');
  context.drawImage(video, 0, 0);
  const pixels = context.getImageData(0, 0, width, height).data;
  const parts = [];
  for (let from = 1; from < pixels.length; from += 65536) {
    let part = '';
    for (let at = from; at < Math.min(from + 65536, pixels.length); at += 4)
      part += String.fromCharCode(pixels[at]);
    parts.push(part);
  }
  return [width, height, btoa(parts.join(''))];
};
window.inbound = async (kind) => {
  for (const stats of (await connection.getStats()).values())
    if (stats.type === 'inbound-rtp' && stats.kind === kind) return stats;
  return {};
};
window.loudness = async () => {
  const context = new AudioContext();
  await context.resume();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(document.querySelector('video').srcObject).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  let loudest = 0;
  for (let i = 0; i < 80; i++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    analyser.getFloatTimeDomainData(samples);
    loudest = Math.max(loudest, ...samples.map(Math.abs));
  }
  await context.close();
  return loudest;
};
"""


@asynccontextmanager
async def cameras(
    cache: Path, *identities: int, size: Size = SMALL, frame_rate: int = 10
) -> AsyncIterator[list[Browser]]:
    """A Chromium for each identity, whose camera shows the clip of that identity."""
    async with async_playwright() as playwright, AsyncExitStack() as stack:
        browsers = []
        for identity in identities:
            clip = prepare(MediaSettings(frame_rate=frame_rate), size, cache, identity)
            browser = await playwright.chromium.launch(
                executable_path=find_chromium(None),
                args=[
                    *FLAGS,
                    ALLOWED,
                    f"--use-file-for-fake-video-capture={clip.video}",
                    f"--use-file-for-fake-audio-capture={clip.audio}",
                ],
            )
            stack.push_async_callback(browser.close)
            browsers.append(browser)
        yield browsers


async def open_page(browser: Browser, directory: Path) -> Page:
    """A page with the script above, where cameras are allowed."""
    blank = directory / "page.html"
    if not blank.exists():
        blank.write_text("<!doctype html><title>call</title><body></body>")
    page = await browser.new_page()
    await page.add_init_script(SCRIPT)
    await page.goto(blank.as_uri())
    return page


async def call(
    page: Page,
    client: Any,
    endpoint: str,
    *,
    sends: bool = True,
    size: Size = SMALL,
    frame_rate: int = 10,
) -> None:
    """Connect the page with a WebRtcEndpoint of the server."""
    offer = await page.evaluate(
        "([sends, size, rate]) => makeOffer(sends, size, rate)",
        [sends, [size.width, size.height], frame_rate],
    )
    await client.value("subscribe", object=endpoint, type="IceCandidateFound")
    answer = await client.invoke(endpoint, "processOffer", offer=offer)
    await page.evaluate("takeAnswer", answer)
    await client.invoke(endpoint, "gatherCandidates")
    given = 0
    async with asyncio.timeout(60):
        while await page.evaluate("connection.connectionState") != "connected":
            found = [
                event["data"]["candidate"]
                for event in list(client.events)
                if event["type"] == "IceCandidateFound" and event["object"] == endpoint
            ]
            for candidate in found[given:]:
                await page.evaluate(
                    "addCandidate",
                    {key: candidate[key] for key in ("candidate", "sdpMid", "sdpMLineIndex")},
                )
            given = len(found)
            await asyncio.sleep(0.05)


async def picture(page: Page) -> np.ndarray | None:
    """The luma (green, for these grey blocks) that the page shows, shape (height, width)."""
    grabbed = await page.evaluate("grab()")
    if grabbed is None:
        return None
    width, height, data = grabbed
    return np.frombuffer(base64.b64decode(data), np.uint8).reshape(height, width)


async def readings(page: Page) -> list[Reading]:
    """Whose clips the page shows now, and at which frame each is."""
    luma = await picture(page)
    return [] if luma is None else read_all(luma)


async def shows(page: Page, identities: set[int], within_s: float = 60.0) -> list[Reading]:
    """Wait until exactly these clips are shown, each moving; the last readings."""
    before: dict[int, int] = {}
    seen: list[Reading] = []
    try:
        async with asyncio.timeout(within_s):
            while True:
                seen = await readings(page)
                now = {each.identity: each.number for each in seen}
                if now.keys() == identities == before.keys():
                    if all(now[each] != before[each] for each in identities):
                        return seen
                else:
                    before = now
                await asyncio.sleep(0.2)
    except TimeoutError:
        raise AssertionError(f"shows {seen}, not {identities} moving") from None
