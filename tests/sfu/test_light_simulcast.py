"""A light probe sends three simulcast layers to a Janus, which passes on one and then another."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.echo_app import EchoApp, echo_app
from benchmarks.echo_servers import Janus, janus
from farm.browser.chromiums import Chromiums
from farm.media import prepare, with_light_banks
from farm.model.experiment import MediaSettings
from farm.model.setting import Size
from farm.model.webrtc_stats import InboundRtp, OutboundRtp
from farm.processes import Processes
from farm.protocols import HostKit
from tests.sfu.video_room import _network

pytestmark = [pytest.mark.live, pytest.mark.measures]

NewPage = Callable[..., Awaitable[Any]]
CAMERA, FRAME_RATE = Size(960, 540), 5
SIZES = {0: (240, 135), 1: (480, 270), 2: (960, 540)}
REMB_BPS = 1_600_000


@pytest.fixture
async def processes(tmp_path: Path) -> AsyncIterator[Processes]:
    async with Processes(tmp_path / "logs") as each:
        yield each


@pytest.fixture
async def chromiums(kit: HostKit, tmp_path: Path, processes: Processes) -> AsyncIterator[Chromiums]:
    media = MediaSettings(frame_rate=FRAME_RATE)
    clip = with_light_banks(prepare(media, CAMERA, tmp_path / "clips"))
    source = Chromiums(processes, lambda _media: clip)
    await source.open(replace(kit, media=media))
    yield source
    await source.close()


@pytest.fixture
async def server(processes: Processes) -> AsyncIterator[Janus]:
    with _network():
        async with janus(processes, REMB_BPS, "vp8", 3) as each:
            yield each


@pytest.fixture
async def app(server: Janus) -> AsyncIterator[EchoApp]:
    async with echo_app(server) as each:
        yield each


def received(report: Any) -> InboundRtp | None:
    stats = (stat for connection in report.connections for stat in connection.stats)
    return next((s for s in stats if isinstance(s, InboundRtp) and s.kind == "video"), None)


def layers(report: Any) -> dict[str, OutboundRtp]:
    stats = (stat for connection in report.connections for stat in connection.stats)
    return {s.rid: s for s in stats if isinstance(s, OutboundRtp) and s.rid}


async def test_each_layer_that_the_server_chooses_is_decoded_at_its_size(
    new_page: NewPage, server: Janus, app: EchoApp
) -> None:
    probe = await new_page(fidelity="light")
    size = f"width={CAMERA.width}&height={CAMERA.height}&frame_rate={FRAME_RATE}"
    await probe.goto(f"{app.url}?{size}&layers=3&transform=1")
    await probe.witness.report(
        lambda r: (
            all((layer.targetBitrate or 0) > 0 for layer in layers(r).values())
            and len(layers(r)) == 3
        )
    )
    before = await probe.witness.report(received)
    for layer in (0, 2, 1, 2, 0):
        await server.choose(layer)
        width, height = SIZES[layer]
        seen = await probe.witness.report(
            lambda r, wanted=(width, height): (
                (found := received(r)) and (found.frameWidth, found.frameHeight) == wanted
            )
        )
        decoded = received(seen).framesDecoded
        after = await probe.witness.report(
            lambda r, least=decoded + 2 * FRAME_RATE: received(r).framesDecoded >= least
        )
        assert (received(after).frameWidth, received(after).frameHeight) == (width, height)
    last = await probe.witness.report(received)
    assert {event.data["fidelity"] for event in probe.witness.events("fidelity")} == {"light"}
    assert received(last).packetsLost == received(before).packetsLost
    sizes = {rid: (layer.frameWidth, layer.frameHeight) for rid, layer in layers(last).items()}
    assert sizes == dict(zip(("l", "m", "h"), SIZES.values(), strict=True))
    # The server asked for a key frame of each layer that it changed to.
    assert sum(layer.pliCount or 0 for layer in layers(last).values()) >= 1
    frames = received(last).framesReceived - received(last).framesDecoded
    assert frames < 2 * FRAME_RATE
