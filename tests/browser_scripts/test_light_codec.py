"""A light probe: prepared frames go out, tiny ones are decoded, and the page does not notice."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import av
import pytest

from farm.browser.chromiums import Chromiums
from farm.media import prepare, with_light_banks
from farm.media.frame_number import read_all
from farm.model.experiment import MediaSettings
from farm.model.setting import Size
from farm.model.webrtc_stats import InboundRtp, OutboundRtp
from farm.processes import Processes
from farm.protocols import HostKit

pytestmark = pytest.mark.live

NewPage = Callable[..., Awaitable[Any]]
SIZE, FRAME_RATE = Size(320, 240), 10
LOOP = FRAME_RATE * 10
SEEN = 12
RATE_WITHIN = 0.15  # on a machine that is busy with other things


@pytest.fixture
def prepared() -> tuple[str, ...]:
    """Codecs of which there are prepared frames; a test's parameter of that name overrides it."""
    return ("vp8", "h264")


@pytest.fixture
async def chromiums(
    kit: HostKit, tmp_path: Path, prepared: tuple[str, ...]
) -> AsyncIterator[Chromiums]:
    """Browsers whose cameras show a clip of which there are prepared frames."""
    media = MediaSettings(frame_rate=FRAME_RATE)
    clip = with_light_banks(prepare(media, SIZE, tmp_path))
    clip = replace(clip, light_banks={codec: clip.light_banks[codec] for codec in prepared})
    async with Processes(tmp_path / "logs") as processes:
        source = Chromiums(processes, lambda _media: clip)
        await source.open(kit)
        yield source
        await source.close()


def of(report: Any, wanted: type, kind: str = "video") -> list[Any]:
    stats = (stat for connection in report.connections for stat in connection.stats)
    return [stat for stat in stats if isinstance(stat, wanted) and stat.kind == kind]


def decoded(report: Any) -> int:
    return max((stat.framesDecoded or 0 for stat in of(report, InboundRtp)), default=0)


def sent(report: Any) -> list[Any]:
    return [stat for stat in of(report, OutboundRtp) if stat.targetBitrate]


@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_prepared_frames_go_out_at_the_target_and_true_sizes_are_told(
    new_page: NewPage, call_app: str, codec: str
) -> None:
    probe = await new_page(fidelity="light")
    await probe.goto(f"{call_app}call?calls=1&codec={codec}")
    before = await probe.witness.report(lambda r: decoded(r) > 60 and sent(r))
    after = await probe.witness.report(lambda r: decoded(r) > decoded(before) + 40)

    told = probe.witness.events("fidelity")
    assert {event.data["fidelity"] for event in told} == {"light"}
    (first,), (last,) = sent(before), sent(after)
    seconds = (last.timestamp - first.timestamp) / 1000
    rate_bps = (last.bytesSent - first.bytesSent) * 8 / seconds
    low, high = sorted((first.targetBitrate, last.targetBitrate))
    assert low * (1 - RATE_WITHIN) < rate_bps < high * (1 + RATE_WITHIN)
    assert rate_bps > 100_000  # the tiny picture alone would be far below
    (received,) = of(after, InboundRtp)
    assert (received.frameWidth, received.frameHeight) == (SIZE.width, SIZE.height)
    assert received.packetsLost == 0
    assert last.frameWidth is None
    assert last.qualityLimitationReason is None
    assert last.framesPerSecond is None


async def test_a_page_that_may_load_nothing_but_its_own_script_is_light(
    new_page: NewPage, call_app: str
) -> None:
    probe = await new_page(fidelity="light")
    policy = "default-src 'none'; script-src 'unsafe-inline'; worker-src 'none'"
    await probe.goto(f"{call_app}call?calls=1&policy={quote(policy)}")
    report = await probe.witness.report(lambda r: decoded(r) > 20 and sent(r))
    assert {event.data["fidelity"] for event in probe.witness.events("fidelity")} == {"light"}
    assert of(report, InboundRtp)[0].frameWidth == SIZE.width


@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_a_key_frame_is_sent_when_asked_for_and_the_page_reads_what_it_set(
    new_page: NewPage, call_app: str, codec: str
) -> None:
    probe = await new_page(fidelity="light")
    await probe.goto(f"{call_app}call?calls=1&codec={codec}")
    before = await probe.witness.report(lambda r: decoded(r) > 20)
    await probe.do(
        """async () => {
            const senders = calls[0].near.getSenders();
            const sender = senders.find(({ track }) => track.kind === "video");
            const parameters = sender.getParameters();
            if (parameters.encodings[0].scaleResolutionDownBy !== 1) throw new Error("not its own");
            if ("maxBitrate" in parameters.encodings[0]) throw new Error("a limit it never set");
            parameters.encodings[0].scaleResolutionDownBy = 1.5;
            await sender.setParameters(parameters, { encodingOptions: [{ keyFrame: true }] });
            const own = sender.getParameters().encodings[0].scaleResolutionDownBy;
            if (own !== 1.5) throw new Error(`the page set 1.5 and reads ${own}`);
        }"""
    )
    after = await probe.witness.report(
        lambda r: any(
            (stat.keyFramesDecoded or 0) > (of(before, InboundRtp)[0].keyFramesDecoded or 0)
            for stat in of(r, InboundRtp)
        )
    )
    assert (of(after, InboundRtp)[0].frameWidth, of(after, InboundRtp)[0].frameHeight) == (320, 240)


async def test_what_has_no_prepared_frames_stays_full_and_says_why(
    new_page: NewPage, call_app: str
) -> None:
    probe = await new_page(fidelity="light")
    await probe.goto(f"{call_app}call")
    await probe.do(
        """async () => {
            const { stream } = await call({ codec: "VP9" });
            const [track] = stream.getVideoTracks();
            calls.push(await call({ codec: "H264 packetization-mode=0" }));
            const other = new RTCPeerConnection();
            const send = (...sendEncodings) =>
                other.addTransceiver(track.clone(), { sendEncodings });
            const thirds = [1, 3].map((by) => ({ rid: `by${by}`, scaleResolutionDownBy: by }));
            send(...thirds);
            send({ scalabilityMode: "L3T3_KEY" });
            const { sender } = send({ rid: "a" }, { rid: "b" });
            const parameters = sender.getParameters();
            parameters.encodings[0].scaleResolutionDownBy = 8;
            await sender.setParameters(parameters);
            const [{ scaleResolutionDownBy }] = sender.getParameters().encodings;
            if (scaleResolutionDownBy !== 8) throw new Error(`it reads ${scaleResolutionDownBy}`);
            window.kept = [other];
        }"""
    )
    await probe.witness.report(
        lambda r: sum((stat.framesDecoded or 0) > 5 for stat in of(r, InboundRtp)) == 2
    )
    reasons = {
        event.data["reason"]
        for event in probe.witness.events("fidelity")
        if event.data["fidelity"] == "full"
    }
    assert reasons == {
        "a simulcast layer with scaleResolutionDownBy 3",
        "a simulcast layer with scaleResolutionDownBy 8",
        "no prepared frames for spatial layers (L3T3_KEY)",
        "no prepared frames for video/VP9",
        "no prepared frames for video/H264 with packetization-mode=0",
    }


@pytest.mark.parametrize("prepared", [("vp8",)])
async def test_h264_is_full_where_the_farm_could_not_prepare_any(
    new_page: NewPage, call_app: str
) -> None:
    probe = await new_page(fidelity="light")
    await probe.goto(f"{call_app}call?calls=1&codec=H264")
    report = await probe.witness.report(
        lambda r: decoded(r) > 5 and any(s.frameWidth == SIZE.width for s in of(r, OutboundRtp))
    )
    assert of(report, InboundRtp)[0].packetsLost == 0
    reasons = [event.data["reason"] for event in probe.witness.events("fidelity")]
    assert reasons == ["", "no prepared frames for video/H264"]


@pytest.mark.measures
@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_a_full_receiver_shows_the_prepared_pictures_in_their_order(
    new_page: NewPage, call_app: str, tmp_path: Path, codec: str
) -> None:
    probe = await new_page(fidelity="light")
    await probe.goto(f"{call_app}call")
    await probe.do(
        f"""async () => {{
            const worker = new Worker(URL.createObjectURL(new Blob([`
                onrtctransform = ({{ transformer }}) => {{
                    transformer.readable.pipeTo(transformer.writable);
                }};`])));
            const transform = () => new RTCRtpScriptTransform(worker);
            calls.push(await call({{ codec: "{codec}", transform }}));
        }}"""
    )
    await probe.witness.report(lambda r: decoded(r) > 20)
    numbers = []
    for picture in range(SEEN):
        path = tmp_path / f"{picture}.png"
        assert await probe.page.screenshot(path)
        numbers += numbers_in(path)
    assert len(numbers) == SEEN
    assert len(set(numbers)) > SEEN // 2
    steps = [(after - before) % LOOP for before, after in itertools.pairwise(numbers)]
    assert all(step < LOOP // 2 for step in steps)  # never back, but over the loop's seam

    after = await probe.witness.report(lambda r: decoded(r) > LOOP + 20)
    (received,) = of(after, InboundRtp)
    assert received.framesReceived - received.framesDecoded < 10
    assert received.packetsLost == 0
    assert received.freezeCount == 0
    assert sum(stat.pliCount for stat in of(after, OutboundRtp)) <= 1
    assert received.keyFramesDecoded <= 2


def numbers_in(path: Path) -> list[int]:
    """What the frame-number block in a screenshot says."""
    with av.open(str(path)) as image:
        (frame,) = image.decode(video=0)
    return [reading.number for reading in read_all(frame.to_ndarray(format="gray"))]


async def test_a_page_with_a_transform_of_its_own_keeps_it(
    new_page: NewPage, call_app: str
) -> None:
    probe = await new_page(fidelity="light")
    await probe.goto(f"{call_app}call")
    await probe.do(
        """async () => {
            const worker = new Worker(URL.createObjectURL(new Blob([`
                onrtctransform = ({ transformer }) => {
                    transformer.readable.pipeTo(transformer.writable);
                };`])));
            const stream = await navigator.mediaDevices.getUserMedia({ video: true });
            const connection = new RTCPeerConnection();
            const { sender } = connection.addTransceiver("video");
            const own = new RTCRtpScriptTransform(worker);
            sender.transform = own;
            await sender.replaceTrack(stream.getVideoTracks()[0]);
            await connection.setLocalDescription();
            if (sender.transform !== own) throw new Error("the page's transform is gone");
            window.kept = connection;
        }"""
    )
    assert probe.witness.events("fidelity") == []


async def test_a_page_that_sets_its_transform_later_sends_full_pictures(
    new_page: NewPage, call_app: str
) -> None:
    probe = await new_page(fidelity="light")
    await probe.goto(f"{call_app}call?calls=1")
    await probe.witness.report(lambda r: decoded(r) > 20)
    await probe.do(
        """async () => {
            const worker = new Worker(URL.createObjectURL(new Blob([`
                onrtctransform = ({ transformer }) => {
                    transformer.readable.pipeTo(transformer.writable);
                };`])));
            const senders = calls[0].near.getSenders();
            const sender = senders.find(({ track }) => track.kind === "video");
            sender.transform = null;
            const own = new RTCRtpScriptTransform(worker);
            sender.transform = own;
            if (sender.transform !== own) throw new Error("the page's transform is gone");
        }"""
    )
    await probe.witness.report(
        lambda r: any(s.frameWidth == SIZE.width for s in of(r, OutboundRtp))
    )
    told = [event.data["reason"] for event in probe.witness.events("fidelity")]
    assert told == ["", "a transform of the page's own"]
