"""Prepared frames: decodable in any order, legible, and no larger than they should be."""

from __future__ import annotations

import json
import random
import struct
from pathlib import Path

import av
import pytest

from farm.experiment import Media, Size
from farm.media import prepare, with_light_bank
from farm.media.camera import camera_frames
from farm.media.frame_number import read_all
from farm.media.light_bank import SHARES, LightBank, light_bank

SIZE, FRAME_RATE, IDENTITY = Size(160, 120), 10, 3


@pytest.fixture(scope="module")
def bank() -> LightBank:
    pictures = list(camera_frames(SIZE, FRAME_RATE, 10.0, IDENTITY))[:40]
    return light_bank(pictures, SIZE, FRAME_RATE)


def shown(decoder: av.VideoCodecContext, frame: bytes) -> list[tuple[int, int]]:
    """Identity and number of each clip in the picture that a decoder makes of a frame."""
    (picture,) = decoder.decode(av.Packet(frame))
    readings = read_all(picture.to_ndarray(format="gray"))
    return [(reading.identity, reading.number) for reading in readings]


def decoder_after(key: bytes) -> av.VideoCodecContext:
    decoder = av.CodecContext.create("vp8", "r")
    decoder.thread_count = 1
    assert shown(decoder, key) == [(IDENTITY, 0)]
    return decoder


def test_any_frame_of_any_rung_may_follow_any_other_filled_up_with_zeros(bank: LightBank) -> None:
    decoder, rng = decoder_after(bank.key), random.Random(1)
    for _ in range(200):
        number, rung = rng.randrange(len(bank.frames)), rng.randrange(len(SHARES))
        frame = bank.frames[number][rung] + bytes(rng.randrange(2000))
        assert shown(decoder, frame) == [(IDENTITY, number)]
    assert shown(decoder, bank.skip) == [(IDENTITY, 0)]


def test_rungs_become_smaller(bank: LightBank) -> None:
    for rungs in bank.frames[1:]:
        sizes = [len(rung) for rung in rungs]
        assert sizes == sorted(sizes, reverse=True)
        assert len(bank.skip) < sizes[-1] < sizes[0] < len(bank.key)


def test_what_a_light_receiver_decodes_is_a_key_frame_with_room_after_it(bank: LightBank) -> None:
    decoder = av.CodecContext.create("vp8", "r")
    for length in (0, 1000, 5000):
        (picture,) = decoder.decode(av.Packet(bank.tiny + bytes(length)))
        assert (picture.width, picture.height) == (16, 16)


def test_the_file_gives_each_frame_its_place_and_is_made_once(tmp_path: Path) -> None:
    clip = prepare(Media(frame_rate=10, audio="none"), Size(96, 80), tmp_path)
    path = with_light_bank(clip).light_bank
    assert path is not None
    data = path.read_bytes()
    (length,) = struct.unpack_from("<I", data)
    places, blob = json.loads(data[4 : 4 + length]), data[4 + length :]
    assert (places["width"], places["height"], places["frame_rate"]) == (96, 80, 10)
    assert len(places["frames"]) == 100
    offset, size = places["key"]
    (picture,) = av.CodecContext.create("vp8", "r").decode(av.Packet(blob[offset : offset + size]))
    assert (picture.width, picture.height) == (96, 80)
    before = path.stat().st_mtime_ns
    assert with_light_bank(clip).light_bank == path
    assert path.stat().st_mtime_ns == before
