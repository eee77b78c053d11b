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
from farm.media import Clip, prepare, with_light_banks
from farm.model.experiment import MediaSettings
from farm.model.setting import Size
from farm.model.webrtc_stats import InboundRtp, OutboundRtp
from farm.processes import Processes
from farm.protocols import HostKit
from tests.sfu.own_janus import janus_network

pytestmark = [pytest.mark.live, pytest.mark.measures]

NewPage = Callable[..., Awaitable[Any]]
CAMERA, FRAME_RATE = Size(960, 540), 5
SIZES = {0: (240, 135), 1: (480, 270), 2: (960, 540)}
REMB_BPS = 1_600_000
MOST_OF_MIDDLE_BPS = 450_000  # while nothing larger is sent


@pytest.fixture
async def processes(tmp_path: Path) -> AsyncIterator[Processes]:
    async with Processes(tmp_path / "logs") as each:
        yield each


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    """Prepared frames for a camera that is just large enough for three layers."""
    folder = tmp_path_factory.mktemp("clips")
    return with_light_banks(prepare(MediaSettings(frame_rate=FRAME_RATE), CAMERA, folder))


@pytest.fixture
async def chromiums(kit: HostKit, clip: Clip, processes: Processes) -> AsyncIterator[Chromiums]:
    media = MediaSettings(frame_rate=FRAME_RATE)
    source = Chromiums(processes, lambda _media: clip)
    await source.open(replace(kit, media=media))
    yield source
    await source.close()


@pytest.fixture
async def server(processes: Processes) -> AsyncIterator[Janus]:
    with janus_network():
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


def page_of(app: EchoApp) -> str:
    """The page, with a transform of its own for what it receives: that is really decoded."""
    size = f"width={CAMERA.width}&height={CAMERA.height}&frame_rate={FRAME_RATE}"
    return f"{app.url}?{size}&layers=3&transform=1"


PAUSE = """async ([rid, active]) => {
    const sender = kept.getSenders().find(({ track }) => track.kind === "video");
    const parameters = sender.getParameters();
    parameters.encodings.find((each) => each.rid === rid).active = active;
    await sender.setParameters(parameters);
    const factors = sender.getParameters().encodings.map((each) => each.scaleResolutionDownBy);
    if (factors.join() !== "1,2,4") throw new Error(`it reads ${factors}`);
}"""


async def test_a_layer_that_the_page_pauses_sends_nothing_and_its_rate_goes_to_the_others(
    new_page: NewPage, app: EchoApp
) -> None:
    probe = await new_page(fidelity="light")
    await probe.goto(page_of(app))

    def sends(rid: str, frames: int) -> Callable[[Any], bool]:
        return lambda report: rid in layers(report) and layers(report)[rid].framesSent >= frames

    await probe.witness.report(sends("h", 3 * FRAME_RATE))
    await probe.do(f"() => ({PAUSE})(['h', false])")
    paused = await probe.witness.report(lambda r: not layers(r)["h"].active)
    frames = layers(paused)["m"].framesSent + 4 * FRAME_RATE
    later = await probe.witness.report(sends("m", frames))
    assert layers(later)["h"].framesSent <= layers(paused)["h"].framesSent + 1
    assert layers(later)["m"].targetBitrate == MOST_OF_MIDDLE_BPS
    assert received(later).frameWidth == SIZES[1][0]
    await probe.do(f"() => ({PAUSE})(['h', true])")
    await probe.witness.report(sends("h", layers(later)["h"].framesSent + FRAME_RATE))
    last = await probe.witness.report(
        lambda r: (found := received(r)) and found.frameWidth == CAMERA.width
    )
    assert received(last).packetsLost == 0


async def test_each_layer_that_the_server_chooses_is_decoded_at_its_size(
    new_page: NewPage, server: Janus, app: EchoApp
) -> None:
    probe = await new_page(fidelity="light")
    await probe.goto(page_of(app))
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
