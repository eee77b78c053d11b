"""Received audio of a light probe: counted, not played, and nothing said of what was not done."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from farm.browser.chromiums import Chromiums
from farm.media import prepare, with_light_banks
from farm.model.experiment import MediaSettings
from farm.model.page_samples import PageReport
from farm.model.setting import Size
from farm.model.webrtc_stats import InboundRtp
from farm.processes import Processes
from farm.protocols import HostKit

pytestmark = pytest.mark.live

NewPage = Callable[..., Awaitable[Any]]

PLAYOUT = (
    "concealedSamples",
    "silentConcealedSamples",
    "concealmentEvents",
    "jitterBufferDelay",
    "jitterBufferTargetDelay",
    "jitterBufferEmittedCount",
    "totalSamplesReceived",
    "totalSamplesDuration",
    "audioLevel",
    "totalAudioEnergy",
)


@pytest.fixture
async def chromiums(kit: HostKit, tmp_path: Path) -> AsyncIterator[Chromiums]:
    clip = with_light_banks(prepare(MediaSettings(frame_rate=10), Size(160, 120), tmp_path))
    async with Processes(tmp_path / "logs") as processes:
        source = Chromiums(processes, lambda _media: clip)
        await source.open(kit)
        yield source
        await source.close()


def audio(report: PageReport) -> InboundRtp | None:
    for connection in report.connections:
        for stat in connection.stats:
            if isinstance(stat, InboundRtp) and stat.kind == "audio":
                return stat
    return None


def arrived(report: PageReport) -> int:
    stat = audio(report)
    return (stat.packetsReceived or 0) if stat else 0


async def test_audio_beside_video_is_counted_but_not_played(
    new_page: NewPage, call_app: str
) -> None:
    probe = await new_page(fidelity="light")
    await probe.goto(f"{call_app}call?calls=1")
    before = await probe.witness.report(lambda r: arrived(r) > 50)
    after = await probe.witness.report(lambda r: arrived(r) > arrived(before) + 100)

    stat = audio(after)
    assert stat is not None
    assert {member: getattr(stat, member) for member in PLAYOUT} == dict.fromkeys(PLAYOUT)
    assert stat.packetsLost == 0
    assert stat.jitter is not None
    (told,) = probe.witness.events("audio")
    assert told.data == {"played": False}
    await probe.do(
        """async () => {
            const element = document.querySelector("#remote");
            const { length } = element.srcObject.getAudioTracks();
            if (length !== 1) throw new Error("the page sees it");
            const before = element.currentTime;
            await new Promise((resolve) => setTimeout(resolve, 1000));
            if (element.paused || element.currentTime <= before) throw new Error("it stands");
        }"""
    )


async def test_audio_alone_is_played_and_told_until_video_joins_it(
    new_page: NewPage, call_app: str
) -> None:
    probe = await new_page(fidelity="light")
    await probe.goto(f"{call_app}call?calls=1")
    await probe.witness.report(lambda r: arrived(r) > 20)
    await probe.do(
        """() => {
            const element = document.querySelector("#remote");
            window.both = element.srcObject;
            window.grown = new MediaStream(both.getAudioTracks());
            element.srcObject = grown;
        }"""
    )
    heard = await probe.witness.report(lambda r: bool(audio(r) and audio(r).audioLevel))
    assert audio(heard).jitterBufferEmittedCount > 0

    await probe.do("() => { grown.addTrack(both.getVideoTracks()[0]); }")
    await probe.witness.report(lambda r: audio(r).totalSamplesReceived is None)
    await probe.do(
        """() => {
            const element = document.querySelector("#remote");
            if (element.srcObject !== grown) throw new Error("not its own");
            if (element.paused) throw new Error("it stopped");
        }"""
    )


async def test_a_full_probe_plays_what_it_receives(new_page: NewPage, call_app: str) -> None:
    probe = await new_page()
    await probe.goto(f"{call_app}call?calls=1")
    heard = await probe.witness.report(lambda r: arrived(r) > 20 and audio(r).audioLevel)
    assert audio(heard).jitterBufferEmittedCount > 0
    assert probe.witness.events("audio") == []
