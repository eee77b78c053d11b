"""VP8 cut into packets and put together again, also when some are lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.embedded_kurento.media import RtpPacket
from infra.embedded_kurento.vp8 import PAYLOAD_BYTES, VP8, Vp8Assembler, Vp8Frame, payloads

KEY = b"\x00\x00\x00\x9d\x01\x2a\x80\x02\x68\x01" + bytes(30)
"""The head of a key frame of 640x360 (RFC 6386 9.1)."""
DELTA = b"\x01" + bytes(20)


@given(st.binary(min_size=1, max_size=10_000))
def test_a_frame_cut_into_payloads_comes_back(data: bytes) -> None:
    frame = bytes((data[0] & 0xFE,)) + data[1:]
    parts = payloads(frame)
    assert max(map(len, parts)) <= PAYLOAD_BYTES
    assembler = Vp8Assembler()
    assert [frame] == [each.data for each in _push(assembler, parts, timestamp=7)]


def test_a_key_frame_tells_its_size() -> None:
    key = Vp8Frame(KEY, 1, 0, 0.0)
    assert (key.is_key, key.size) == (True, (640, 360))
    delta = Vp8Frame(DELTA, 1, 0, 0.0)
    assert (delta.is_key, delta.size) == (False, None)


def test_nothing_comes_out_before_the_first_key_frame() -> None:
    assembler = Vp8Assembler()
    assert _push(assembler, payloads(DELTA), timestamp=1) == []
    assert assembler.wants_key_frame
    assert [each.data for each in _push(assembler, payloads(KEY), 1, timestamp=2)] == [KEY]
    assert not assembler.wants_key_frame
    assert [each.data for each in _push(assembler, payloads(DELTA), 2, timestamp=3)] == [DELTA]


def test_after_a_lost_packet_the_next_key_frame_is_waited_for() -> None:
    assembler = Vp8Assembler()
    _push(assembler, payloads(KEY), timestamp=1)
    long = DELTA + bytes(3000)
    parts = payloads(long)
    assert len(parts) == 3
    assert _push(assembler, parts[:1], 1, timestamp=2, marker=False) == []
    assert _push(assembler, parts[2:], 3, timestamp=2) == []
    assert assembler.wants_key_frame
    assert _push(assembler, payloads(DELTA), 4, timestamp=3) == []
    assert len(_push(assembler, payloads(KEY), 5, timestamp=4)) == 1


def test_another_stream_begins_with_a_key_frame() -> None:
    assembler = Vp8Assembler()
    _push(assembler, payloads(KEY), timestamp=1)
    assert _push(assembler, payloads(DELTA), 1, timestamp=2, stream=9) == []
    assert assembler.wants_key_frame


def test_every_form_of_the_payload_descriptor_is_left_out() -> None:
    """RFC 7741 4.2: X with I (7 and 15 bits), L, T and K, in any combination."""
    for extended, fields in (
        (0x80, b"\x11"),
        (0x80, b"\x81\x11"),
        (0x40, b"\x05"),
        (0x20, b"\x40"),
        (0x10, b"\x01"),
        (0xF0, b"\x81\x11\x05\x41"),
    ):
        part = bytes((0x90, extended)) + fields + KEY
        assert [each.data for each in _push(Vp8Assembler(), [part], timestamp=1)] == [KEY]


@pytest.mark.parametrize(
    "cut", [b"", b"\x90", b"\x90\x80", b"\x90\x80\x81", b"\x90\xf0\x81\x11\x05"]
)
def test_a_payload_descriptor_that_is_cut_short_is_no_frame(cut: bytes) -> None:
    assert _push(Vp8Assembler(), [cut], timestamp=1) == []


def test_the_reserved_bit_of_the_payload_descriptor_is_ignored() -> None:
    """RFC 7741 4.2: "MUST be ignored by the receiver"."""
    assert [each.data for each in _push(Vp8Assembler(), [b"\x18" + KEY], timestamp=1)] == [KEY]


def test_only_the_first_partition_begins_a_frame() -> None:
    assert _push(Vp8Assembler(), [b"\x11" + KEY], timestamp=1) == []


def test_padding_is_no_picture() -> None:
    assembler = Vp8Assembler()
    _push(assembler, payloads(KEY), timestamp=1)
    only_padding = RtpPacket(VP8, 1, 1, 1, False, b"\x00\x00\x03", 0.0, padded=True)
    assert assembler.push(only_padding) is None
    padded = RtpPacket(VP8, 1, 2, 2, True, payloads(DELTA)[0] + b"\x00\x00\x03", 0.0, padded=True)
    frame = assembler.push(padded)
    assert frame is not None
    assert frame.data == DELTA


def _push(
    assembler: Vp8Assembler,
    parts: list[bytes],
    sequence: int = 0,
    *,
    timestamp: int,
    stream: int = 1,
    marker: bool = True,
) -> list[Vp8Frame]:
    frames = []
    for index, part in enumerate(parts):
        last = marker and index == len(parts) - 1
        packet = RtpPacket(VP8, stream, sequence + index, timestamp, last, part, 0.0)
        frame = assembler.push(packet)
        if frame is not None:
            frames.append(frame)
    return frames


def test_padding_that_is_not_there_takes_nothing_away() -> None:
    nothing = RtpPacket(VP8, 1, 1, 1, False, b"", 0.0, padded=True)
    assert nothing.content == b""
    too_much = RtpPacket(VP8, 1, 1, 1, False, b"\x00\x09", 0.0, padded=True)
    assert too_much.content == b""
