"""A number drawn into a picture comes back after codec and mixer, or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from farm.media.camera import Planes, camera_frames
from farm.media.frame_number import Luma, draw_block, read_all, read_frame_number
from farm.model.setting import Size


@given(identity=st.integers(0, 15), number=st.integers(0, 4095))
def test_every_identity_and_number_reads_as_drawn(identity: int, number: int) -> None:
    picture = np.full((240, 320), 90, np.uint8)
    draw_block(picture, identity, number)
    (reading,) = read_all(picture)
    assert (reading.identity, reading.number) == (identity, number)


@pytest.mark.parametrize("size", [(160, 120), (320, 180), (640, 480), (1280, 720)], ids=str)
def test_pictures_of_any_usual_size_carry_it(size: tuple[int, int]) -> None:
    picture = np.full(size[::-1], 90, np.uint8)
    draw_block(picture, 5, 1234)
    assert read_frame_number(picture) == 1234


@given(seed=st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_noise_reads_as_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 2, (30, 40)).astype(np.uint8) * 255
    assert read_frame_number(np.kron(coarse, np.ones((8, 8), np.uint8))) is None


@given(row=st.integers(0, 2), bit=st.integers(0, 7), number=st.integers(0, 4095))
def test_a_cell_gone_wrong_reads_as_nothing(row: int, bit: int, number: int) -> None:
    picture = np.full((480, 640), 90, np.uint8)
    draw_block(picture, 1, number)
    cell, height = 20, 25
    y, x = cell + row * height, cell + (5 + bit) * cell
    picture[y : y + height, x : x + cell] = 250 - picture[y : y + height, x : x + cell]
    assert read_frame_number(picture) is None


def test_a_grey_cell_is_not_guessed() -> None:
    picture = np.full((480, 640), 90, np.uint8)
    draw_block(picture, 1, 77)
    picture[20:45, 120:140] = 126
    assert read_frame_number(picture) is None


def test_two_clips_in_one_picture_are_no_single_number() -> None:
    pair = np.hstack([_first_frame(0), _first_frame(1)])
    assert read_frame_number(pair) is None
    assert [reading.identity for reading in read_all(pair)] == [0, 1]


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(ValueError, match="out of range"):
        draw_block(np.zeros((240, 320), np.uint8), 16, 0)
    with pytest.raises(ValueError, match="too small"):
        draw_block(np.zeros((240, 100), np.uint8), 0, 0)


def test_it_survives_vp8_at_100_kbit_s() -> None:
    size, frame_rate = Size(320, 240), 20
    decoded = list(_through_vp8(camera_frames(size, frame_rate, 4.0, 3), size, frame_rate, 100_000))
    assert [read_frame_number(luma) for luma in decoded] == list(range(80))


@pytest.mark.slow
@pytest.mark.parametrize("member", [Size(320, 240), Size(640, 360), Size(320, 180)], ids=str)
def test_four_members_read_in_a_mixed_picture(member: Size) -> None:
    """Each goes through VP8 to the mixer, is shown at a quarter of 800x600, and is coded again."""
    frame_rate = 10
    uplinks = [
        _through_vp8(camera_frames(member, frame_rate, 3.0, i), member, frame_rate, 150_000)
        for i in range(4)
    ]
    mix = [_two_by_two(tiles) for tiles in zip(*uplinks, strict=True)]
    grey = np.full((300, 400), 128, np.uint8)
    shown = list(
        _through_vp8(((luma, grey, grey) for luma in mix), Size(800, 600), frame_rate, 300_000)
    )
    for number, luma in enumerate(shown):
        readings = read_all(luma)
        assert [(r.identity, r.number) for r in readings] == [(i, number) for i in range(4)]
        lefts = [r.box.left for r in readings]
        assert lefts[0] < 400 <= lefts[1]


def _first_frame(identity: int) -> Luma:
    return next(camera_frames(Size(320, 240), 20, 1.0, identity))[0]


def _through_vp8(
    frames: Iterable[Planes], size: Size, frame_rate: int, bits_per_second: int
) -> Iterator[Luma]:
    encoder = av.CodecContext.create("libvpx", "w")
    encoder.width, encoder.height = size.width, size.height
    encoder.pix_fmt = "yuv420p"
    encoder.time_base = Fraction(1, frame_rate)
    encoder.bit_rate = bits_per_second
    rate = str(bits_per_second)
    encoder.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
    encoder.options |= {"minrate": rate, "maxrate": rate, "bufsize": rate}
    decoder = av.CodecContext.create("vp8", "r")
    for index, planes in enumerate(frames):
        packed = np.concatenate([plane.ravel() for plane in planes])
        frame = av.VideoFrame.from_ndarray(
            packed.reshape(size.height * 3 // 2, size.width), format="yuv420p"
        )
        frame.pts = index
        for packet in encoder.encode(frame):
            for picture in decoder.decode(packet):
                yield picture.to_ndarray()[: size.height]


def _two_by_two(tiles: Iterable[Luma]) -> Luma:
    mosaic = np.full((600, 800), 16, np.uint8)
    for index, luma in enumerate(tiles):
        height = 400 * luma.shape[0] // luma.shape[1] // 2 * 2
        tile = av.VideoFrame.from_ndarray(np.ascontiguousarray(luma), format="gray")
        tile = tile.reformat(width=400, height=height)
        y, x = index // 2 * 300 + (300 - height) // 2, index % 2 * 400
        mosaic[y : y + height, x : x + 400] = tile.to_ndarray()
    return mosaic
