"""The rates of simulcast layers: divided as Chromium's own encoder does, and kept to."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page

from farm.media.camera import camera_frames
from farm.media.light_bank import LightBank, light_bank
from farm.media.vp8_pairs import Vp8Pairs
from farm.model.setting import Size

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("light worker")]

PAGES = Path(__file__).parent.parent / "data/pages"
LAYERS = files("browser_scripts").joinpath("light_layers.js").read_text().rstrip()
WORKER = files("browser_scripts").joinpath("light_worker.js").read_text().rstrip()
ENCODINGS_OF = files("browser_scripts").joinpath("light_encodings.js").read_text().rstrip()
HEADERS = 1 + 50 / 1150
WITH_TRANSPORT_CC = (
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=extmap:3 http://www.ietf.org/id/"
    "draft-holmer-rmcat-transport-wide-cc-extensions-01\r\nm=video 9 UDP/TLS/RTP/SAVPF 96"
)
CAMERA = {"width": 1280, "height": 720}
ENCODINGS = [{"scaleResolutionDownBy": scale} for scale in (4, 2, 1)]
ID, FRAME_RATE, SIZE = 7, 20, Size(320, 240)
TEMPORAL = (0, 2, 1, 2)

Frame = tuple[float, str, int, int, int]


@pytest.fixture(scope="module")
def bank() -> LightBank:
    pictures = itertools.islice(camera_frames(SIZE, FRAME_RATE, 10.0, 1), 20)
    return light_bank(pictures, SIZE, FRAME_RATE, Vp8Pairs)


async def layers_of(
    page: Page, encodings: Sequence[Mapping[str, Any]], camera: Mapping[str, int], limit: int = 0
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await page.evaluate(
        f"(given) => ({LAYERS})().layersOf(...given)", [encodings, camera, limit]
    )
    return found


async def divided(
    page: Page, layers: Sequence[Mapping[str, Any]], *totals: int
) -> list[tuple[list[float], float]]:
    """What each layer gets of these rates, one after the other, and what is filled up."""
    found = await page.evaluate(
        f"""([layers, totals]) => {{
            let on = null;
            return totals.map((total) => {{
                const made = ({LAYERS})().divided(total, layers, on);
                on = made.on;
                return [made.bps.map(Math.round), Math.round(made.padding_bps)];
            }});
        }}""",
        [layers, totals],
    )
    return [(bps, padding) for bps, padding in found]


async def test_layers_have_the_rates_of_their_true_sizes(page: Page) -> None:
    layers = await layers_of(page, ENCODINGS, CAMERA)
    rates = [[each[f"{name}_bps"] for name in ("least", "usual", "most")] for each in layers]
    assert rates == [
        [30_000, 150_000, 200_000],
        [150_000, 500_000, 700_000],
        [600_000, 2_500_000, 2_500_000],
    ]


async def test_a_small_camera_has_two_layers_of_three(page: Page) -> None:
    assert len(await layers_of(page, ENCODINGS, {"width": 640, "height": 480})) == 2


async def test_a_pages_own_limits_and_pauses_count(page: Page) -> None:
    limits = (100_000, 300_000, 900_000)
    own = [{**each, "maxBitrate": most} for each, most in zip(ENCODINGS, limits, strict=True)]
    layers = await layers_of(page, own, CAMERA)
    assert [each["usual_bps"] for each in layers] == list(limits)
    own[2]["active"] = False
    layers = await layers_of(page, own, CAMERA)
    ((bps, filled),) = await divided(page, layers, 2_000_000)
    assert bps == [100_000, 300_000, 0]
    assert filled == 0
    own[0]["active"] = False  # what is left may be as small as the smallest was
    layers = await layers_of(page, own, CAMERA)
    assert layers[1]["least_bps"] == 30_000
    assert await divided(page, layers, 60_000) == [([0, 60_000, 0], 0)]


async def test_what_the_answer_allows_beyond_goes_to_the_largest(page: Page) -> None:
    layers = await layers_of(page, ENCODINGS, CAMERA, 4_000_000)
    assert layers[2]["most_bps"] == 4_000_000 - 900_000


async def test_layers_come_and_go_with_the_rate(page: Page) -> None:
    layers = await layers_of(page, ENCODINGS, CAMERA)
    assert await divided(
        page, layers, 300_000, 1_000_000, 1_300_000, 1_400_000, 1_300_000, 200_000
    ) == [
        ([150_000, 150_000, 0], 0),
        # What is left over Chromium fills with padding, up to what begins the next layer.
        ([150_000, 700_000, 0], 150_000),
        ([150_000, 700_000, 0], 450_000),
        ([150_000, 500_000, 750_000], 0),
        ([150_000, 500_000, 650_000], 0),
        ([200_000, 0, 0], 0),
    ]


def camera(seconds: float) -> list[Frame]:
    """Tiny encoded frames of three layers at a camera's pace."""
    return [
        (1000 * number / FRAME_RATE, "delta" if number else "key", 40, layer, TEMPORAL[number % 4])
        for number in range(round(seconds * FRAME_RATE))
        for layer in range(3)
    ]


async def sent(
    page: Page, bank: LightBank, frames: Sequence[Frame], totals: Sequence[tuple[float, int]]
) -> tuple[list[list[int]], int]:
    """The bytes of each layer's frames, and how often key frames were asked for."""
    layers = await layers_of(page, ENCODINGS, CAMERA)
    given = {
        "code": WORKER,
        "layers": LAYERS,
        "codec": "vp8",
        "bank": base64.b64encode(bank.encoded()).decode(),
    }
    said = [(1000 * at_s, {"id": ID, "target_bps": bps / 0.97}) for at_s, bps in totals]
    options = {"side": "sender", "id": ID, "layers": layers}
    script = (PAGES / "light_worker.js").read_text().rstrip()
    done = await page.evaluate(
        f"([given, work]) => ({script})(given)(work)",
        [given, {"options": options, "frames": frames, "said": said}],
    )
    sizes = [len(base64.b64decode(each or "")) for each in done["made"]]
    return [sizes[layer::3] for layer in range(3)], done["asked"]


async def test_each_layer_is_sent_at_its_rate_and_the_base_layer_is_the_largest(
    page: Page, bank: LightBank
) -> None:
    frames = camera(8.0)
    # Of nearly 3 Mbit/s; what the worker added is taken off its target, as Chromium does.
    layers, asked = await sent(page, bank, frames, [(0.0, 2_000_000)])
    rates = [sum(sizes[2 * FRAME_RATE :]) * 8 / 6 for sizes in layers]
    assert rates[0] == pytest.approx(0.96 * 150_000, rel=0.02)
    assert rates[1] == pytest.approx(0.96 * 500_000, rel=0.02)
    assert rates[2] == pytest.approx(1.005 * (2_000_000 - 650_000), rel=0.02)
    for sizes in layers:
        base, others = sizes[4 * FRAME_RATE :: 4], sizes[4 * FRAME_RATE + 1 :: 4]
        assert sum(base) == pytest.approx(2 * sum(others), rel=0.1)
    assert asked == 0


async def test_a_layer_that_is_not_due_sends_nothing_and_begins_with_a_key_frame(
    page: Page, bank: LightBank
) -> None:
    frames = camera(6.0)
    key_at = 4 * FRAME_RATE + 10
    frames = [
        (at_ms, "key" if number // 3 == key_at else kind, *more)
        for number, (at_ms, kind, *more) in enumerate(frames)
    ]
    (low, _, high), asked = await sent(page, bank, frames, [(0.0, 600_000), (4.0, 2_000_000)])
    assert all(low)
    assert not any(high[:key_at])  # not due for four seconds; then it waits for its key frame
    assert high[key_at] == len(bank.keys[0])
    assert all(high[key_at:])
    assert asked == 1


@pytest.mark.parametrize(
    ("sdp", "audios", "limit_bps", "left_bps"),
    [
        (WITH_TRANSPORT_CC, [32_000], 0, (1_600_000 - 32_000 - 17_600) / HEADERS),
        (WITH_TRANSPORT_CC, [None, 96_000], 0, (1_600_000 - 2 * 17_600 - 128_000) / HEADERS),
        ("m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nm=video 9", [32_000], 0, 1_600_000 / HEADERS),
        (WITH_TRANSPORT_CC, [32_000], 500_000, 500_000),
    ],
)
async def test_the_only_video_is_left_what_audio_and_headers_do_not_take(
    page: Page, sdp: str, audios: list[int | None], limit_bps: int, left_bps: float
) -> None:
    # A list of Python has no undefined, which JavaScript's default values are for.
    found = await page.evaluate(
        f"([sdp, audios, limit]) => ({ENCODINGS_OF})({{shrink: 8}}, ({LAYERS})())"
        ".leftFor(1.6e6, audios.map((each) => each ?? undefined), sdp, limit)",
        [sdp, audios, limit_bps],
    )
    assert found == pytest.approx(left_bps)
