"""Prepared VP8 frames of a clip, for probes that send without encoding.

One key frame K, and for each picture of the clip deltas of several sizes (`Rung`s). Every delta
refers to K alone and changes no reference (the upper of two temporal layers), so that any delta of
any rung may follow any other: at a change of rate, at the loop's seam, after a loss, no frame
misses its reference. Lower rungs renew a smaller part of the picture, always the frame-number
block; the rest stays as K shows it. What a budget leaves over is filled with zeros, which a VP8
decoder does not read (RFC 6386, 9.11: the last partition ends with the frame).

The file: a little-endian uint32 with the length of the JSON that follows, the JSON, and the frames
that it gives places in: `[offset, length]` from the end of the JSON.
"""

from __future__ import annotations

import fractions
import json
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import av
import numpy as np
import numpy.typing as npt
from av.video.frame import PictureType

from farm.experiment import Size
from farm.media.camera import Planes
from farm.media.frame_number import block_size

QUANTIZER = 38
"""Of libvpx (0 to 63): 640x480 of the drawn camera at 20 frames a second are some 500 kbit/s."""

SHARES = (1.0, 0.6, 0.35, 0.18, 0.08, 0.0)
"""The part of the picture that each rung renews; the last only the frame-number block."""

MACROBLOCK = 16
TINY = Size(16, 16)
"""What a light receiver decodes in the place of what it received."""

_LAYERS = (
    "ts_number_layers=2:ts_target_bitrate=4000,5000:ts_rate_decimator=2,1:"
    "ts_periodicity=2:ts_layer_id=0,1:ts_layering_mode=2"
)

_Plane = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class LightBank:
    """`frames[picture][rung]`, the largest rung first; `skip` shows K and costs a few bytes."""

    size: Size
    frame_rate: int
    key: bytes
    skip: bytes
    frames: tuple[tuple[bytes, ...], ...]
    tiny: bytes

    def encoded(self) -> bytes:
        """The file."""
        blob = bytearray()

        def place(frame: bytes) -> list[int]:
            blob.extend(frame)
            return [len(blob) - len(frame), len(frame)]

        places = {
            "width": self.size.width,
            "height": self.size.height,
            "frame_rate": self.frame_rate,
            "key": place(self.key),
            "skip": place(self.skip),
            "tiny": place(self.tiny),
            "frames": [[place(rung) for rung in rungs] for rungs in self.frames],
        }
        head = json.dumps(places, separators=(",", ":")).encode()
        return struct.pack("<I", len(head)) + head + bytes(blob)


def light_bank(pictures: Iterable[Planes], size: Size, frame_rate: int) -> LightBank:
    """The bank of a clip's pictures; `size` is theirs. Takes some seconds for ten of 640x480."""
    shown = list(pictures)
    encoder = _Encoder(size)
    key, _ = encoder.pair(shown[0], shown[0])
    still = _decoded(key)
    _, skip = encoder.pair(shown[0], still)
    frames = []
    for picture in shown:
        rungs = []
        for share in SHARES:
            again, delta = encoder.pair(shown[0], _renewed(still, picture, share))
            if again != key:
                raise AssertionError("libvpx encoded one picture in two ways")
            rungs.append(delta)
        frames.append(tuple(rungs))
    tiny, _ = _Encoder(TINY).pair(*(2 * (_black(TINY),)))
    return LightBank(size, frame_rate, key, skip, tuple(frames), tiny)


class _Encoder:
    """Encodes pairs: a key frame, and a delta that refers to it and to nothing else."""

    def __init__(self, size: Size) -> None:
        context = av.CodecContext.create("libvpx", "w")
        context.width, context.height, context.pix_fmt = size.width, size.height, "yuv420p"
        context.time_base = fractions.Fraction(1, 1000)
        context.thread_count = 1
        context.gop_size = 1_000_000
        context.bit_rate = 5_000_000
        context.options = {
            "deadline": "realtime",
            "cpu-used": "-5",  # below 0: the same effort each time, whatever time it takes
            "lag-in-frames": "0",
            "auto-alt-ref": "0",
            "error-resilient": "default",  # no delta changes the probabilities that others need
            "qmin": str(QUANTIZER),
            "qmax": str(QUANTIZER),
            "ts-parameters": _LAYERS,
        }
        self._context = context
        self._size = size
        self._count = 0

    def pair(self, key: Planes, delta: Planes) -> tuple[bytes, bytes]:
        (first,) = self._encode(key, forced=True)
        (second,) = self._encode(delta, forced=False)
        return first, second

    def _encode(self, planes: Planes, *, forced: bool) -> Iterator[bytes]:
        frame = av.VideoFrame(self._size.width, self._size.height, "yuv420p")
        for plane, rows in zip(frame.planes, planes, strict=True):
            padded = np.zeros((rows.shape[0], plane.line_size), np.uint8)
            padded[:, : rows.shape[1]] = rows
            plane.update(padded.tobytes())
        frame.pts = self._count
        self._count += 1
        if forced:
            frame.pict_type = PictureType.I
        return (bytes(packet) for packet in self._context.encode(frame))


def _decoded(key: bytes) -> Planes:
    """What a receiver shows after the key frame."""
    (frame,) = av.CodecContext.create("vp8", "r").decode(av.Packet(key))
    planes = []
    for index, halved in enumerate((1, 2, 2)):
        source = frame.planes[index]
        rows = np.frombuffer(bytes(source), np.uint8).reshape(-1, source.line_size)
        planes.append(rows[: frame.height // halved, : frame.width // halved].copy())
    return planes[0], planes[1], planes[2]


def _renewed(still: Planes, picture: Planes, share: float) -> Planes:
    """`still` with a part of `picture` in it: its middle, and the frame number."""
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
    for old, new, halved in zip(still, picture, (1, 2, 2), strict=True):
        plane = old.copy()
        for y, x in parts:
            area = (
                slice(y.start // halved, y.stop // halved),
                slice(x.start // halved, x.stop // halved),
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
