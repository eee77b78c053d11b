"""H.264 pictures that refer to one key frame and to nothing else, however often and in any order.

x264 writes pairs: an IDR picture, and a P picture that refers to it. Their headers are replaced
here (ITU-T H.264, 7.3), their macroblocks stay as they are:

- The IDR picture becomes a long-term reference (7.4.3.3), which no later picture displaces. It is
  made twice, since two in a row must differ in `idr_pic_id` (7.4.3).
- Each P picture puts that long-term reference in front of its list (8.2.4.3.2), and is a reference
  itself, though an unused one: two pictures in a row may not both be non-reference pictures where
  output is in decoding order (`pic_order_cnt_type` 2, 8.2.1.3).
- `frame_num` increases with each P picture: the sender writes it into the 16 bits that begin at the
  bit `FRAME_NUM_BIT` of the NAL unit. The bits around it are such that no value of it makes a start
  code, or needs an emulation prevention byte (7.4.1).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from farm.model.setting import Size

START_CODE = b"\0\0\0\1"
SLICE, IDR, SEI, SPS, PPS = 1, 5, 6, 7, 8

FRAME_NUM_BIT = 11
"""Counted from the NAL unit's first byte: its header, and three bits of the slice's header."""

_FRAME_NUM_BITS = 16
_BASELINE, _CONSTRAINED = 66, 0xC0
_LEVELS = ((1620, 30), (3600, 31), (8192, 40), (36864, 51))
"""Macroblocks of a picture, and the level that carries them 30 times a second (A.3.1)."""


class BitReader:
    """Bits of an RBSP, the first byte's highest first."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self.left = 8 * len(data)

    def u(self, bits: int) -> int:
        self.left -= bits
        return self._value >> self.left & (1 << bits) - 1

    def ue(self) -> int:
        zeros = 0
        while not self.u(1):
            zeros += 1
        return (1 << zeros) - 1 + self.u(zeros)

    def rest(self) -> Bits:
        """The remaining bits, up to and with the stop bit."""
        value = self._value & (1 << self.left) - 1
        zeros = (value & -value).bit_length() - 1
        return Bits(value >> zeros, self.left - zeros)


@dataclass(frozen=True, slots=True)
class Bits:
    value: int = 0
    length: int = 0

    def u(self, bits: int, value: int) -> Bits:
        return Bits(self.value << bits | value, self.length + bits)

    def ue(self, value: int) -> Bits:
        return self.u(2 * (value + 1).bit_length() - 1, value + 1)

    def then(self, more: Bits) -> Bits:
        return self.u(more.length, more.value)

    def aligned(self) -> bytes:
        """The bits as bytes; zeros fill the last byte."""
        missing = -self.length % 8
        return (self.value << missing).to_bytes((self.length + missing) // 8, "big")


@dataclass(frozen=True, slots=True)
class Nal:
    """A NAL unit's header and its RBSP (7.3.1)."""

    ref_idc: int
    kind: int
    rbsp: bytes

    def encoded(self) -> bytes:
        """With a start code in front and emulation prevention bytes in it."""
        made = bytearray(START_CODE)
        made.append(self.ref_idc << 5 | self.kind)
        zeros = 0
        for byte in self.rbsp:
            if zeros >= 2 and byte <= 3:
                made.append(3)
                zeros = 0
            made.append(byte)
            zeros = zeros + 1 if byte == 0 else 0
        return bytes(made)


def nals_of(stream: bytes) -> Iterator[Nal]:
    """The NAL units of a byte stream (Annex B)."""
    for part in stream.split(b"\0\0\1")[1:]:
        unit = part.rstrip(b"\0")
        yield Nal(unit[0] >> 5 & 3, unit[0] & 31, unit[1:].replace(b"\0\0\3", b"\0\0"))


def pair_of(key: bytes, delta: bytes, size: Size) -> tuple[tuple[bytes, bytes], bytes]:
    """Two key frames that may follow each other, and the delta, of a pair as x264 encoded it."""
    of_key = {nal.kind: nal for nal in nals_of(key)}
    numbering = _Numbering.read(of_key[SPS])
    before = Nal(3, SPS, _sequence(size)).encoded() + of_key[PPS].encoded()
    first, second = (
        before + _idr_slice(of_key[IDR], numbering, idr_pic_id).encoded() for idr_pic_id in (1, 2)
    )
    (picture,) = (nal for nal in nals_of(delta) if nal.kind == SLICE)
    return (first, second), _p_slice(picture, numbering).encoded()


def skip_of(size: Size) -> bytes:
    """A delta that repeats the key frame, for pictures whose parameter sets are x264's."""
    macroblocks = _macroblocks(size)
    data = Bits().ue(0).ue(1)  # slice_qp_delta 0, and no deblocking
    data = data.ue(macroblocks[0] * macroblocks[1])  # mb_skip_run
    return Nal(2, SLICE, _p_header().then(data.u(1, 1)).aligned()).encoded()


@dataclass(frozen=True, slots=True)
class _Numbering:
    """The fields of x264's sequence parameter set on which the length of slice headers depends."""

    frame_num_bits: int
    order_bits: int
    """Of `pic_order_cnt_lsb`; 0: `pic_order_cnt_type` is not 0."""

    @classmethod
    def read(cls, sequence: Nal) -> _Numbering:
        bits = BitReader(sequence.rbsp)
        bits.u(24)
        bits.ue()
        frame_num_bits = bits.ue() + 4
        return cls(frame_num_bits, bits.ue() + 4 if bits.ue() == 0 else 0)


def _macroblocks(size: Size) -> tuple[int, int]:
    return -(-size.width // 16), -(-size.height // 16)


def _sequence(size: Size) -> bytes:
    """The sequence parameter set (7.3.2.1.1)."""
    wide, high = _macroblocks(size)
    level = next((level for most, level in _LEVELS if wide * high <= most), 52)
    made = Bits().u(8, _BASELINE).u(8, _CONSTRAINED).u(8, level)
    made = made.ue(0).ue(_FRAME_NUM_BITS - 4).ue(2)
    made = made.ue(2)  # two references: the key frame, and the picture before
    made = made.u(1, 1)  # gaps in frame_num are allowed: after a loss decoders go on
    made = made.ue(wide - 1).ue(high - 1).u(1, 1).u(1, 1)
    right, bottom = wide * 16 - size.width, high * 16 - size.height
    if right or bottom:
        made = made.u(1, 1).ue(0).ue(right // 2).ue(0).ue(bottom // 2)
    else:
        made = made.u(1, 0)
    # Says only that pictures are output in decoding order (E.1.1): none waits for another.
    made = made.u(1, 1).u(4, 0).u(4, 0).u(1, 1)
    made = made.u(1, 1).ue(0).ue(0).ue(16).ue(16).ue(0).ue(2)
    return made.u(1, 1).aligned()


def _idr_slice(nal: Nal, numbering: _Numbering, idr_pic_id: int) -> Nal:
    bits = BitReader(nal.rbsp)
    _before_number(bits, numbering)
    bits.ue()
    bits.u(numbering.order_bits)
    bits.u(2)
    made = Bits().ue(0).ue(7).ue(0).u(_FRAME_NUM_BITS, 0).ue(idr_pic_id)
    made = made.u(1, 0).u(1, 1)  # earlier pictures are output, and it is a long-term reference
    return Nal(3, IDR, made.then(bits.rest()).aligned())


def _p_slice(nal: Nal, numbering: _Numbering) -> Nal:
    bits = BitReader(nal.rbsp)
    _before_number(bits, numbering)
    bits.u(numbering.order_bits)
    if bits.u(1):
        bits.ue()
    if bits.u(1):
        while bits.ue() != 3:
            bits.ue()
    if nal.ref_idc and bits.u(1):
        raise AssertionError("x264 marks references, though its settings forbid it")
    return Nal(2, SLICE, _p_header().then(bits.rest()).aligned())


def _before_number(bits: BitReader, numbering: _Numbering) -> None:
    """Skip the fields of a slice header up to and with `frame_num`."""
    for _ in ("first_mb_in_slice", "slice_type", "pic_parameter_set_id"):
        bits.ue()
    bits.u(numbering.frame_num_bits)


def _p_header() -> Bits:
    """A P slice's header up to and with dec_ref_pic_marking (7.3.3)."""
    made = Bits().ue(0).ue(0).ue(0).u(_FRAME_NUM_BITS, 0)
    made = made.u(1, 0)  # as many references as the picture parameter set says: one
    made = made.u(1, 1).ue(2).ue(0).ue(3)  # and that is long-term reference 0
    return made.u(1, 0)  # the oldest short-term reference goes
