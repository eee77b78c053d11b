"""A page that shares its screen: granted without a question, moving, in full and light probes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from farm.browser.chromiums import Chromiums
from farm.media import prepare, with_light_banks
from farm.model.driver import Evaluate
from farm.model.experiment import MediaSettings
from farm.model.setting import Size
from farm.model.webrtc_stats import InboundRtp
from farm.processes import Processes
from farm.protocols import HostKit

pytestmark = pytest.mark.live

NewPage = Callable[..., Awaitable[Any]]

SHARE = """async () => {
    const devices = navigator.mediaDevices;
    devices.getUserMedia = () => devices.getDisplayMedia({ video: true });
    calls.push(await call());
}"""


@pytest.fixture
async def chromiums(kit: HostKit, tmp_path: Path) -> AsyncIterator[Chromiums]:
    """Browsers whose cameras show a clip of which there are prepared frames."""
    clip = with_light_banks(prepare(MediaSettings(frame_rate=10), Size(320, 240), tmp_path))
    async with Processes(tmp_path / "logs") as processes:
        source = Chromiums(processes, lambda _media: clip)
        await source.open(kit)
        yield source
        await source.close()


def decoded(report: Any) -> int:
    stats = (stat for connection in report.connections for stat in connection.stats)
    return max(
        (stat.framesDecoded or 0 for stat in stats if isinstance(stat, InboundRtp)), default=0
    )


@pytest.mark.parametrize("fidelity", ["full", "light"])
async def test_a_shared_screen_moves(new_page: NewPage, call_app: str, fidelity: str) -> None:
    probe = await new_page(fidelity=fidelity)
    await probe.goto(f"{call_app}call")
    await probe.page.run(Evaluate(SHARE, "share.js"))
    before = await probe.witness.report(decoded)
    await probe.witness.report(lambda report: decoded(report) > decoded(before) + 20)
    (sender, *_) = probe.witness.events("sender")
    assert sender.data["source"] == "screen"
    assert (sender.data["width"], sender.data["height"]) == (1280, 720)
    told = {event.data["fidelity"] for event in probe.witness.events("fidelity")}
    assert told == ({"light"} if fidelity == "light" else set())
