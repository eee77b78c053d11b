"""Pictures as planes of pixels, into and out of PyAV's codecs."""

from __future__ import annotations

from typing import Literal

import av
import numpy as np

from farm.media.camera import Planes


def frame_of(planes: Planes) -> av.VideoFrame:
    """A picture to be encoded."""
    height, width = planes[0].shape
    frame = av.VideoFrame(width, height, "yuv420p")
    for plane, rows in zip(frame.planes, planes, strict=True):
        padded = np.zeros((rows.shape[0], plane.line_size), np.uint8)
        padded[:, : rows.shape[1]] = rows
        plane.update(padded.tobytes())
    return frame


def decoded(codec: Literal["vp8", "h264"], key: bytes) -> Planes:
    """What a decoder of PyAV's shows after a key frame."""
    (frame,) = av.CodecContext.create(codec, "r").decode(av.Packet(key))
    planes = []
    for index, halved in enumerate((1, 2, 2)):
        source = frame.planes[index]
        rows = np.frombuffer(bytes(source), np.uint8).reshape(-1, source.line_size)
        planes.append(rows[: frame.height // halved, : frame.width // halved].copy())
    return planes[0], planes[1], planes[2]
