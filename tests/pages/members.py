"""Members of a room in a real Chromium without the farm, and what each receives from whom."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from playwright.async_api import Page, async_playwright

from farm.browser.chromium_program import find_chromium
from farm.drivers import read_driver
from farm.drivers.steps import step_for
from farm.model.driver import Click, Fill, Goto, RoleSteps, Step, WaitFor
from farm.model.setting import Size
from tests.fake_camera_flags import ALLOWED, FLAGS
from tests.infra.embedded_kurento.live import SMALL

WITHIN_S = 40.0
LOOK_S = 1.5

STREAMS = """
window.connections = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...words) { super(...words); connections.push(this); }
};
window.inbound = async () => {
  const names = new Map();
  for (const video of document.querySelectorAll('video')) {
    for (const track of video.srcObject?.getTracks() ?? [])
      names.set(track, video.title || video.id.replace('video-', ''));
  }
  const streams = [];
  for (const connection of connections.filter((each) => each.signalingState !== 'closed')) {
    for (const {receiver} of connection.getTransceivers()) {
      for (const stats of (await receiver.getStats()).values())
        if (stats.type === 'inbound-rtp')
          streams.push({...stats, from: names.get(receiver.track)});
    }
  }
  return streams;
};
window.outbound = async () => {
  const streams = [];
  for (const connection of connections.filter((each) => each.signalingState !== 'closed')) {
    for (const stats of (await connection.getStats()).values())
      if (stats.type === 'outbound-rtp') streams.push(stats);
  }
  return streams;
};
"""


@dataclass
class Member:
    """One page of a room; what it throws fails the test."""

    page: Page
    steps: RoleSteps
    variables: Mapping[str, str]
    thrown: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("pageerror", lambda error: self.thrown.append(str(error)))

    @property
    def name(self) -> str:
        return self.variables["probe"]

    async def inbound(self, partner: str, kind: str) -> list[dict[str, Any]]:
        """The `inbound-rtp` of what a partner sends, of connections that are open."""
        streams = await self.page.evaluate("inbound()")
        return [each for each in streams if (each["from"], each["kind"]) == (partner, kind)]

    async def outbound(self, kind: str = "video") -> list[dict[str, Any]]:
        """The `outbound-rtp` of all its connections that are open."""
        return [each for each in await self.page.evaluate("outbound()") if each["kind"] == kind]

    async def rate(self, partner: str, kind: str) -> float:
        """Frames decoded, of audio packets received, a second: of all that a partner sends."""
        figure = "framesDecoded" if kind == "video" else "packetsReceived"

        async def counts() -> dict[str, tuple[float, float]]:
            """By stream how many there were, and when by the page's clock."""
            return {
                each["id"] + str(each["ssrc"]): (each.get(figure, 0), each["timestamp"] / 1000)
                for each in await self.inbound(partner, kind)
            }

        before = await counts()
        await asyncio.sleep(LOOK_S)
        return sum(
            (count - before[each][0]) / (at_s - before[each][1])
            for each, (count, at_s) in (await counts()).items()
            if each in before and at_s > before[each][1]
        )

    async def until(self, right: Callable[[], Awaitable[object]], what: str) -> None:
        """Wait until something is so."""
        try:
            async with asyncio.timeout(WITHIN_S):
                while not await right():
                    assert not self.thrown, self.thrown
                    await asyncio.sleep(0.1)
        except TimeoutError:
            shown = await self.page.inner_text("body")
            raise AssertionError(f"{self.name}: never {what}; it shows {shown!r}") from None

    async def until_receives(
        self, *partners: str, kinds: Sequence[str] = ("audio", "video")
    ) -> None:
        """Wait until each kind of media of these partners moves."""

        async def one(partner: str, kind: str) -> None:
            async def moves() -> bool:
                return await self.rate(partner, kind) > 1

            await self.until(moves, f"received {kind} of {partner}")

        await asyncio.gather(*(one(partner, kind) for partner in partners for kind in kinds))

    async def until_silent(self, partner: str, kind: str) -> None:
        """Wait until nothing of a partner's media moves any more."""

        async def silent() -> bool:
            return await self.rate(partner, kind) == 0

        await self.until(silent, f"without {kind} of {partner}")

    async def leave(self) -> None:
        await self.perform(self.steps.leave)

    async def perform(self, steps: Sequence[Step]) -> None:
        """Do these steps of its driver."""
        for step in steps:
            match step_for(step, self.variables):
                case Goto(url):
                    await self.page.goto(url)
                case Fill(selector, text):
                    await self.page.fill(selector, text)
                case Click(selector):
                    await self.page.click(selector)
                case WaitFor(str(selector)):
                    await self.page.wait_for_selector(selector)
                case WaitFor(function=function):
                    condition = f"() => {{ try {{ return ({function}) }} catch {{}} }}"
                    await self.until(partial(self.page.evaluate, condition), f"{function}")
                case other:
                    raise NotImplementedError(f"no test's driver has had {other}")


@asynccontextmanager
async def room_of(
    members: int, url: str, driver: Path, size: Size = SMALL
) -> AsyncIterator[list[Member]]:
    """Members p000, p001, ... of room s000, in their call by the steps of `driver`."""
    steps = read_driver(str(driver)).roles["member"]
    async with async_playwright() as playwright, AsyncExitStack() as stack:
        browser = await playwright.chromium.launch(
            executable_path=find_chromium(None), args=[*FLAGS, ALLOWED]
        )
        stack.push_async_callback(browser.close)

        async def opened(index: int) -> Member:
            context = await browser.new_context(permissions=["camera", "microphone"])
            page = await context.new_page()
            await page.add_init_script(STREAMS)
            variables = {
                "app_url": url,
                "session": "s000",
                "probe": f"p{index:03}",
                "members": str(members),
                "width": str(size.width),
                "height": str(size.height),
                "frame_rate": "20",
                "sends": "audio,video",
            }
            return Member(page, steps, variables)

        made = [await opened(index) for index in range(members)]
        await asyncio.gather(*(each.perform(steps.join) for each in made))
        await asyncio.gather(*(each.perform(steps.joined) for each in made))
        yield made
