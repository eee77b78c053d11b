"""Prepared frames of a clip, for probes that send without encoding.

One key frame K, and for each picture of the clip deltas of several sizes (rungs). Every delta
refers to K alone, so that any delta of any rung may follow any other: at a change of rate, at the
loop's seam, after a loss, no frame misses its reference. How that is done depends on the codec
(`vp8_pairs`, `h264_pairs`). Lower rungs renew a smaller part of the picture, always the
frame-number block; the rest stays as K shows it. A frame smaller than its budget is padded with
zeros, which decoders of either codec do not read.

The file: a little-endian uint32 with the length of the JSON that follows, the JSON, and the frames,
each of which it names by `[offset, length]`, counted from the end of the JSON.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from farm.media.camera import Planes
from farm.media.frame_number import block_size
from farm.model.setting import Size

SHARES = (1.0, 0.6, 0.35, 0.18, 0.08, 0.0)
"""The part of the picture that each rung renews; the last only the frame-number block."""

MACROBLOCK = 16
TINY = Size(16, 16)
"""The size of the frames that a light receiver decodes instead of those that it received."""

_Plane = npt.NDArray[np.uint8]


class Pairs(Protocol):
    """Encodes pairs: a key frame, and a delta that refers to it and to nothing else."""

    def pair(self, key: Planes, delta: Planes) -> tuple[tuple[bytes, ...], bytes]:
        """The key frame, in as many forms as needed for one to follow another, and the delta.

        The same pictures always make the same frames.
        """

    def shown(self, key: bytes) -> Planes:
        """The picture that a receiver shows after a key frame."""

    def skip(self, key: Planes, /) -> bytes:
        """A delta of a few bytes that repeats the key frame."""


@dataclass(frozen=True, slots=True)
class LightBank:
    """The frames of a bank: `frames[picture][rung]`, the largest rung first.

    `keys` are the forms of K, to be sent in turn, and `skip` is a delta of a few bytes that repeats
    it. `tiny` are the frames that a light receiver decodes, in turn too.
    """

    size: Size
    frame_rate: int
    keys: tuple[bytes, ...]
    skip: bytes
    frames: tuple[tuple[bytes, ...], ...]
    tiny: tuple[bytes, ...]

    def encoded(self) -> bytes:
        """The content of the file."""
        blob = bytearray()

        def place(frame: bytes) -> list[int]:
            blob.extend(frame)
            return [len(blob) - len(frame), len(frame)]

        places = {
            "width": self.size.width,
            "height": self.size.height,
            "frame_rate": self.frame_rate,
            "keys": [place(key) for key in self.keys],
            "skip": place(self.skip),
            "tiny": [place(tiny) for tiny in self.tiny],
            "frames": [[place(rung) for rung in rungs] for rungs in self.frames],
        }
        head = json.dumps(places, separators=(",", ":")).encode()
        return struct.pack("<I", len(head)) + head + bytes(blob)


def light_bank(
    pictures: Iterable[Planes], size: Size, frame_rate: int, pairs: Callable[[Size], Pairs]
) -> LightBank:
    """The bank of a clip's pictures of this size; takes seconds for ten seconds of 640x480."""
    shown = list(pictures)
    encoder = pairs(size)
    keys, _ = encoder.pair(shown[0], shown[0])
    unchanged = encoder.shown(keys[0])
    frames = []
    for picture in shown:
        rungs = []
        for share in SHARES:
            again, delta = encoder.pair(shown[0], _renewed(unchanged, picture, share))
            if again != keys:
                raise AssertionError("the encoder made two key frames of one picture")
            rungs.append(delta)
        frames.append(tuple(rungs))
    tiny, _ = pairs(TINY).pair(*(2 * (_black(TINY),)))
    return LightBank(size, frame_rate, keys, encoder.skip(shown[0]), tuple(frames), tiny)


def _renewed(unchanged: Planes, picture: Planes, share: float) -> Planes:
    """`unchanged` with a part of `picture` in it: its middle, and the frame number."""
    height, width = picture[0].shape
    block_width, block_height = block_size(height)
    wide = _whole(width * share**0.5)
    high = _whole(height * share**0.5)
    top, left = _whole((height - high) / 2), _whole((width - wide) / 2)
    parts: Sequence[tuple[slice, slice]] = (
        (slice(0, _up(block_height, height)), slice(0, _up(block_width, width))),
        (slice(top, top + high), slice(left, left + wide)),
    )
    if share >= 1:
        parts = ((slice(0, height), slice(0, width)),)
    made = []
    for old, new, halved in zip(unchanged, picture, (1, 2, 2), strict=True):
        plane = old.copy()
        for y, x in parts:
            area = (
                slice(y.start // halved, -(-y.stop // halved)),
                slice(x.start // halved, -(-x.stop // halved)),
            )
            plane[area] = new[area]
        made.append(plane)
    return made[0], made[1], made[2]


def _whole(pixels: float) -> int:
    return int(pixels) // MACROBLOCK * MACROBLOCK


def _up(pixels: int, most: int) -> int:
    return min(most, -(-pixels // MACROBLOCK) * MACROBLOCK)


def _black(size: Size) -> Planes:
    half = (size.height // 2, size.width // 2)
    luma: _Plane = np.full((size.height, size.width), 16, np.uint8)
    return luma, np.full(half, 128, np.uint8), np.full(half, 128, np.uint8)
