"""What cameras show of films as people have them: upright, in shape and colour, in time."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tests.farm.media.made_films import (
    BLUE,
    GREEN,
    RED,
    UPRIGHT,
    YELLOW,
    alike,
    box,
    corners,
    film,
    joined,
    played,
    rises,
    shown,
    still,
)

BT709, BT2020, LIMITED, FULL, PQ = 1, 9, 1, 2, 16
HDR10 = {"colorspace": BT2020, "color_range": LIMITED, "color_trc": PQ, "color_primaries": BT2020}

PORTRAIT = (180, 240)
QUARTER = (90, False, False)
SHOWN = {
    (0, False, False): ((320, 240), UPRIGHT),
    (90, False, False): (PORTRAIT, (GREEN, YELLOW, RED, BLUE)),
    (180, False, False): ((320, 240), (YELLOW, BLUE, GREEN, RED)),
    (270, False, False): (PORTRAIT, (BLUE, RED, YELLOW, GREEN)),
    (0, True, False): ((320, 240), (GREEN, RED, YELLOW, BLUE)),
    (90, True, False): (PORTRAIT, (YELLOW, GREEN, BLUE, RED)),
    (180, True, False): ((320, 240), (BLUE, YELLOW, RED, GREEN)),
    (270, False, True): (PORTRAIT, (YELLOW, GREEN, BLUE, RED)),
}
"""By the turn of the display matrix: anticlockwise, then mirrored or upside down."""

EXIF = {
    1: UPRIGHT,
    2: (GREEN, RED, YELLOW, BLUE),
    3: (YELLOW, BLUE, GREEN, RED),
    4: (BLUE, YELLOW, RED, GREEN),
    5: (RED, BLUE, GREEN, YELLOW),
    6: (BLUE, RED, YELLOW, GREEN),
    7: (YELLOW, GREEN, BLUE, RED),
    8: (GREEN, YELLOW, RED, BLUE),
}


# ---------------------------------------------------------------- upright, whole


@pytest.mark.parametrize("turned", SHOWN, ids=str)
@pytest.mark.parametrize("name", ["phone.mp4", "phone.mov", "phone.mkv"])
def test_a_phone_that_was_turned(name: str, turned: tuple[int, bool, bool], tmp_path: Path) -> None:
    clip = played(film(tmp_path / name, turned=turned, seconds=0.5), tmp_path)
    first = shown(clip)[0]
    shape, colours = SHOWN[turned]
    assert box(first) == pytest.approx(shape, abs=3)
    assert alike(corners(first), colours)


@pytest.mark.parametrize("orientation", EXIF)
def test_a_photograph_by_its_exif(orientation: int, tmp_path: Path) -> None:
    plain = still(tmp_path / "plain.jpg", codec="mjpeg", pixels="yuvj420p").read_bytes()
    entry = struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0)
    exif = b"Exif\0\0MM\0*" + struct.pack(">IH", 8, 1) + entry + bytes(4)
    source = tmp_path / "photo.jpg"
    source.write_bytes(
        plain[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + plain[2:]
    )
    pictures = shown(played(source, tmp_path))
    assert alike(corners(pictures[0]), EXIF[orientation])
    np.testing.assert_array_equal(pictures[0], pictures[-1])


@pytest.mark.parametrize(
    ("settings", "shape"),
    [
        ({"context": {"sample_aspect_ratio": Fraction(2)}}, (320, 120)),
        ({"context": {"sample_aspect_ratio": Fraction(1, 2)}}, (160, 240)),
        ({"context": {"sample_aspect_ratio": Fraction(2)}, "turned": QUARTER}, (90, 240)),
        ({"size": (322, 98), "codec": "ffv1", "pixels": "yuv444p"}, (320, 98)),
        ({"size": (161, 241), "codec": "ffv1", "pixels": "yuv444p"}, (160, 240)),
        ({"size": (4096, 4096), "codec": "mjpeg", "pixels": "yuvj420p"}, (240, 240)),
    ],
    ids=["wide pixels", "narrow pixels", "wide pixels, turned", "wide", "odd", "huge"],
)  # fmt: skip
def test_its_shape_is_kept(
    settings: dict[str, Any], shape: tuple[int, int], tmp_path: Path
) -> None:
    first = shown(played(film(tmp_path / "film.mkv", **settings), tmp_path))[0]
    assert box(first) == pytest.approx(shape, abs=3)
    assert alike(corners(first), SHOWN[settings.get("turned", (0, False, False))][1])


def test_a_size_that_changes_in_the_stream(tmp_path: Path) -> None:
    """As a phone that is turned during a call is recorded; times begin anew in the second part."""
    parts = (
        film(tmp_path / "a.ts", seconds=1),
        film(tmp_path / "b.ts", seconds=1, size=(240, 320)),
    )
    clip = played(joined(tmp_path / "both.ts", *parts), tmp_path)
    pictures = shown(clip)
    assert [box(pictures[at]) for at in (0, 9)] == [(320, 240), (320, 240)]
    assert [box(pictures[at]) for at in (10, 19)] == [(180, 240), (180, 240)]
    assert box(pictures[20]) == (320, 240)
    assert rises(clip, 10)


# ---------------------------------------------------------------- colours


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"context": {"colorspace": BT709, "color_range": LIMITED},
         "convert": {"dst_colorspace": "ITU709"}},
        {"size": (1280, 720), "seconds": 0.2, "convert": {"dst_colorspace": "ITU709"}},
        {"context": {"color_range": FULL}, "convert": {"dst_color_range": "JPEG"}},
        {"pixels": "yuv420p10le"},
        {"pixels": "yuv444p"},
        {"codec": "prores_ks", "pixels": "yuv422p10le"},
        {"codec": "prores_ks", "pixels": "yuva444p10le"},
        {"codec": "libvpx-vp9", "pixels": "yuva420p"},
        {"codec": "libx264rgb", "pixels": "rgb24"},
        {"codec": "qtrle", "pixels": "argb"},
        {"codec": "mjpeg", "pixels": "yuvj422p"},
    ],
    ids=[
        "plain", "BT.709", "HD that says nothing", "full range", "10 bits", "4:4:4", "4:2:2",
        "alpha", "VP9 with alpha", "RGB", "ARGB", "JPEG",
    ],
)  # fmt: skip
def test_colours_are_those_that_were_filmed(settings: dict[str, Any], tmp_path: Path) -> None:
    name = "film.mov" if settings.get("codec") in ("prores_ks", "qtrle") else "film.mkv"
    clip = played(film(tmp_path / name, **settings), tmp_path)
    assert alike(corners(shown(clip)[0]), UPRIGHT)


@pytest.mark.slow
def test_hdr_is_brought_to_what_screens_show(tmp_path: Path) -> None:
    """BT.2020 in PQ, as phones film: a grey of 203 cd/m2 is its white, and dark stays dark."""

    def grey(width: int, height: int, _: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
        pixels = np.full((height, width, 3), 148, np.uint8)
        pixels[height // 2 :] = 38
        return pixels

    source = film(
        tmp_path / "hdr.mkv",
        seconds=0.2,
        codec="libx265",
        pixels="yuv420p10le",
        options={"x265-params": "log-level=none"},
        context=HDR10,
        convert={"dst_colorspace": "BT2020"},
        draw=grey,
    )  # fmt: skip
    first = shown(played(source, tmp_path))[0].astype(int)
    light, dark = first[60, 160], first[180, 160]
    assert light.min() > 185
    assert dark.max() < 45
    assert np.ptp(light) <= 6


def test_what_shines_through_is_black(tmp_path: Path) -> None:
    pixels = np.zeros((240, 320, 4), np.uint8)
    pixels[...] = (200, 30, 30, 0)
    pixels[60:180, 80:240, 3] = 255
    source = tmp_path / "logo.png"
    with av.open(str(source), "w", format="image2") as container:
        stream = container.add_stream("png", rate=1)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "rgba"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgba")))
        container.mux(stream.encode(None))
    first = shown(played(source, tmp_path))[0]
    assert box(first) == pytest.approx((160, 120), abs=4)
    assert first[120, 160] == pytest.approx(RED, abs=6)


def test_an_interlaced_film_shows_no_combs(tmp_path: Path) -> None:
    """Its two fields show two times: one of them is shown, and never both at once."""

    def combed(width: int, height: int, _: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
        pixels = np.full((height, width, 3), 180, np.uint8)
        pixels[1::2] = 60
        return pixels

    both = {
        "codec": "mpeg2video",
        "form": "mpeg",
        "draw": combed,
        "context": {"bit_rate": 20_000_000},
    }
    said = film(tmp_path / "tv.mpg", options={"flags": "+ildct+ilme"}, **both)
    first = shown(played(said, tmp_path))[0].astype(int)
    assert first.mean() == pytest.approx(180, abs=4)
    assert np.ptp(first) < 12
    unsaid = film(tmp_path / "film.mpg", **both)
    assert np.ptp(shown(played(unsaid, tmp_path))[0]) > 80
