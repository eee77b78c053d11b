"""Prepared frames: decodable in any order, legible, and no larger than they should be."""

from __future__ import annotations

import json
import random
import struct
from pathlib import Path

import av
import pytest

from farm.media import prepare, with_light_banks
from farm.media.camera import camera_frames
from farm.media.frame_number import read_all
from farm.media.h264_bitstream import FRAME_NUM_BIT, START_CODE
from farm.media.h264_pairs import H264Pairs
from farm.media.light_bank import SHARES, LightBank, light_bank
from farm.media.vp8_pairs import Vp8Pairs
from farm.model.experiment import MediaSettings
from farm.model.setting import Size

SIZE, FRAME_RATE, IDENTITY = Size(160, 120), 10, 3
CODECS = {"vp8": Vp8Pairs, "h264": H264Pairs}


@pytest.fixture(scope="module", params=CODECS)
def codec(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def bank(codec: str) -> LightBank:
    pictures = list(camera_frames(SIZE, FRAME_RATE, 10.0, IDENTITY))[:40]
    return light_bank(pictures, SIZE, FRAME_RATE, CODECS[codec])


class Receiver:
    """A decoder, and what a sender's worker does to a frame before it goes out."""

    def __init__(self, codec: str) -> None:
        self._codec = codec
        self._deltas = 0
        self._decoder = av.CodecContext.create(codec, "r")
        self._decoder.thread_count = 1

    def key(self, frame: bytes) -> list[tuple[int, int]]:
        self._deltas = 0
        return self._shown(frame)

    def delta(self, frame: bytes) -> list[tuple[int, int]]:
        self._deltas += 1
        if self._codec == "h264":
            frame = numbered(frame, self._deltas % 65536)
        return self._shown(frame)

    def lose(self, deltas: int) -> None:
        self._deltas += deltas

    def _shown(self, frame: bytes) -> list[tuple[int, int]]:
        """Identity and number of each clip in the one picture that a frame becomes, at once."""
        (picture,) = self._decoder.decode(av.Packet(frame))
        readings = read_all(picture.to_ndarray(format="gray"))
        return [(reading.identity, reading.number) for reading in readings]


def numbered(frame: bytes, count: int) -> bytes:
    bits = 8 * (len(frame) - len(START_CODE)) - FRAME_NUM_BIT - 16
    value = int.from_bytes(frame, "big") & ~(0xFFFF << bits) | count << bits
    return value.to_bytes(len(frame), "big")


def test_any_frame_of_any_rung_may_follow_any_other_filled_up_with_zeros(
    codec: str, bank: LightBank
) -> None:
    receiver, rng = Receiver(codec), random.Random(1)
    assert receiver.key(bank.keys[0]) == [(IDENTITY, 0)]
    for _ in range(200):
        number, rung = rng.randrange(len(bank.frames)), rng.randrange(len(SHARES))
        frame = bank.frames[number][rung] + bytes(rng.randrange(2000))
        assert receiver.delta(frame) == [(IDENTITY, number)]
    assert receiver.delta(bank.skip + bytes(300)) == [(IDENTITY, 0)]


def test_what_is_lost_is_not_missed_and_any_frame_may_be_a_key_frame(
    codec: str, bank: LightBank
) -> None:
    receiver = Receiver(codec)
    for turn in range(6):  # key frames also one right after the other
        assert receiver.key(bank.keys[turn % len(bank.keys)]) == [(IDENTITY, 0)]
        for number in range(3 * turn):
            receiver.lose(turn)
            assert receiver.delta(bank.frames[number][turn]) == [(IDENTITY, number)]


def test_rungs_become_smaller(bank: LightBank) -> None:
    for rungs in bank.frames[1:]:
        sizes = [len(rung) for rung in rungs]
        assert sizes == sorted(sizes, reverse=True)
        assert len(bank.skip) < sizes[-1] < sizes[0] < len(bank.keys[0])


def test_the_skip_frame_fits_into_30_kbit_s_at_640x480() -> None:
    (picture,) = list(camera_frames(Size(640, 480), 1, 1.0, IDENTITY))
    for codec, pairs in CODECS.items():
        encoder, receiver = pairs(Size(640, 480)), Receiver(codec)
        skip = encoder.skip(picture)
        assert len(skip) <= 30_000 / 8 / 30
        keys, _ = encoder.pair(picture, picture)
        assert receiver.key(keys[0]) == receiver.delta(skip) == [(IDENTITY, 0)]


def test_what_a_light_receiver_decodes_is_a_key_frame_with_room_after_it(
    codec: str, bank: LightBank
) -> None:
    decoder = av.CodecContext.create(codec, "r")
    for turn, length in enumerate((0, 1000, 5000)):
        tiny = bank.tiny[turn % len(bank.tiny)]
        (picture,) = decoder.decode(av.Packet(tiny + bytes(length)))
        assert (picture.width, picture.height) == (16, 16)
        assert len(tiny) < 64


def test_the_files_give_each_frame_its_place_and_are_made_once(tmp_path: Path) -> None:
    clip = prepare(MediaSettings(frame_rate=10, audio="none"), Size(100, 76), tmp_path)
    banks = with_light_banks(clip).light_banks
    scales = {"vp8": (1, 2, 4), "h264": (1,)}
    assert banks.keys() == {
        codec if scale == 1 else f"{codec}/{scale}"
        for codec, each in scales.items()
        for scale in each
    }
    for name, path in banks.items():
        codec, _, scale = name.partition("/")
        shown = (100 // int(scale or 1), 76 // int(scale or 1))
        data = path.read_bytes()
        (length,) = struct.unpack_from("<I", data)
        places, blob = json.loads(data[4 : 4 + length]), data[4 + length :]
        assert (places["width"], places["height"], places["frame_rate"]) == (*shown, 10)
        assert len(places["frames"]) == 100
        offset, size = places["keys"][0]
        key = av.Packet(blob[offset : offset + size])
        (picture,) = av.CodecContext.create(codec, "r").decode(key)
        assert (picture.width, picture.height) == shown
    before = [path.stat().st_mtime_ns for path in banks.values()]
    assert with_light_banks(clip).light_banks == banks
    assert [path.stat().st_mtime_ns for path in banks.values()] == before
