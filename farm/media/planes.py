"""Pictures as planes of pixels, into and out of PyAV's codecs."""

from __future__ import annotations

import fractions
from collections.abc import Mapping
from typing import Literal

import av
import numpy as np
from av.video.frame import PictureType
from av.video.reformatter import Interpolation

from farm.media.camera import Planes
from farm.model.setting import Size


class Encoder:
    """Encodes pictures one by one; only those for which it is asked become key frames."""

    def __init__(
        self, codec: Literal["libvpx", "libx264"], size: Size, options: Mapping[str, str]
    ) -> None:
        context = av.CodecContext.create(codec, "w")
        context.width, context.height, context.pix_fmt = size.width, size.height, "yuv420p"
        context.time_base = fractions.Fraction(1, 1000)
        context.thread_count = 1
        context.options = dict(options)
        self._context = context
        self._count = 0

    def encode(self, planes: Planes, *, key: bool) -> bytes:
        frame = _frame_of(planes)
        frame.pts = self._count
        self._count += 1
        if key:
            frame.pict_type = PictureType.I
        (packet,) = self._context.encode(frame)
        return bytes(packet)


def _frame_of(planes: Planes) -> av.VideoFrame:
    """A frame of PyAV's, to be encoded or scaled."""
    height, width = planes[0].shape
    frame = av.VideoFrame(width, height, "yuv420p")
    for plane, rows in zip(frame.planes, planes, strict=True):
        padded = np.zeros((rows.shape[0], plane.line_size), np.uint8)
        padded[:, : rows.shape[1]] = rows
        plane.update(padded.tobytes())
    return frame


def scaled(planes: Planes, size: Size) -> Planes:
    """The picture at another size, each of its pixels the mean of an area."""
    frame = _frame_of(planes).reformat(size.width, size.height, interpolation=Interpolation.AREA)
    return _planes_of(frame)


def decoded(codec: Literal["vp8", "h264"], key: bytes) -> Planes:
    """The picture that a decoder of PyAV's makes of a key frame."""
    (frame,) = av.CodecContext.create(codec, "r").decode(av.Packet(key))
    return _planes_of(frame)


def _planes_of(frame: av.VideoFrame) -> Planes:
    planes = []
    for index, halved in enumerate((1, 2, 2)):
        source = frame.planes[index]
        rows = np.frombuffer(bytes(source), np.uint8).reshape(-1, source.line_size)
        planes.append(rows[: -(-frame.height // halved), : -(-frame.width // halved)].copy())
    return planes[0], planes[1], planes[2]
