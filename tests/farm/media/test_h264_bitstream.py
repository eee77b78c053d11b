"""Headers of H.264 pictures, written anew."""

from __future__ import annotations

import av
import numpy as np
import pytest

from farm.media.camera import Planes
from farm.media.h264_bitstream import (
    FRAME_NUM_BIT,
    IDR,
    PPS,
    SLICE,
    SPS,
    START_CODE,
    BitReader,
    Bits,
    Nal,
    nals_of,
    skip_of,
)
from farm.media.h264_pairs import H264Pairs
from farm.model.setting import Size


def noise(size: Size, seed: int) -> Planes:
    rng = np.random.default_rng(seed)
    half = (size.height // 2, size.width // 2)
    luma = rng.integers(16, 236, (size.height, size.width), np.uint8)
    return luma, np.full(half, 128, np.uint8), np.full(half, 90, np.uint8)


def test_numbers_are_read_as_they_were_written() -> None:
    numbers = (0, 1, 2, 3, 6, 7, 254, 255, 65534)
    bits = Bits()
    for number in numbers:
        bits = bits.ue(number).u(3, number & 7)
    reader = BitReader(bits.u(1, 1).aligned())
    for number in numbers:
        assert (reader.ue(), reader.u(3)) == (number, number & 7)
    assert reader.rest() == Bits(1, 1)


@pytest.mark.parametrize(
    "rbsp",
    [
        b"\x80",
        b"\0\0\x01\0\0\0\0\x02\x80",
        b"\0\0\x03\0\0\x03\x80",
        b"\x01\0\0\0\0\0\0\x80",
    ],
)
def test_a_unit_never_holds_a_start_code_and_is_read_as_it_was(rbsp: bytes) -> None:
    made = Nal(2, SLICE, rbsp).encoded()
    assert made.startswith(START_CODE)
    assert not any(made.count(code, 4) for code in (b"\0\0\0", b"\0\0\1", b"\0\0\2"))
    assert list(nals_of(made)) == [Nal(2, SLICE, rbsp)]


@pytest.mark.parametrize("size", [Size(64, 64), Size(320, 180), Size(162, 90), Size(1280, 720)])
def test_a_pair_is_of_the_profile_that_browsers_agree_on_and_cropped_as_it_should_be(
    size: Size,
) -> None:
    keys, delta = H264Pairs(size).pair(noise(size, 1), noise(size, 2))
    for key in keys:
        units = list(nals_of(key))
        assert [unit.kind for unit in units] == [SPS, PPS, IDR]
        assert units[0].rbsp[:2] == bytes((66, 0xC0))
        assert units[0].rbsp[2] <= 31
        decoder = av.CodecContext.create("h264", "r")
        (picture,) = decoder.decode(av.Packet(key))
        assert (picture.width, picture.height) == (size.width, size.height)
        (picture,) = decoder.decode(av.Packet(delta))
        assert decoder.has_b_frames is False
        (picture,) = decoder.decode(av.Packet(skip_of(size)))
    assert len(set(keys)) == 2


def test_no_number_of_a_delta_makes_a_start_code() -> None:
    _, delta = H264Pairs(Size(64, 64)).pair(noise(Size(64, 64), 1), noise(Size(64, 64), 2))
    for frame in (delta, skip_of(Size(64, 64))):
        unit = frame[len(START_CODE) :]
        (before,) = nals_of(frame)
        bits = 8 * len(unit) - FRAME_NUM_BIT - 16
        for count in range(1 << 16):
            value = int.from_bytes(unit, "big") & ~(0xFFFF << bits) | count << bits
            numbered = START_CODE + value.to_bytes(len(unit), "big")
            (after,) = nals_of(numbered)
            assert after.rbsp[4:] == before.rbsp[4:]
            assert Nal(after.ref_idc, after.kind, after.rbsp).encoded() == numbered
