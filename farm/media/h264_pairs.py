"""H.264 frames that refer to one key frame: from x264, with headers by `h264_bitstream`."""

from __future__ import annotations

from typing import Final

import av

from farm.media.camera import Planes
from farm.media.h264_bitstream import pair_of, skip_of
from farm.media.planes import Encoder, decoded
from farm.model.setting import Size

ENCODER: Final = "libx264"

QUANTIZER, KEY_OVER_DELTA = 30, 0.7
"""x264's quantizer: 640x480 of the drawn camera at 20 frames a second are some 500 kbit/s."""

_PARAMETERS = (
    "keyint=infinite:scenecut=0:ref=1:bframes=0:cabac=0:weightp=0:mbtree=0:rc-lookahead=0:"
    f"ipratio={KEY_OVER_DELTA}:threads=1:sliced-threads=0:repeat-headers=1:annexb=1:aud=0"
)

_OPTIONS = {
    "preset": "superfast",
    "tune": "zerolatency",
    "profile": "baseline",
    "qp": str(QUANTIZER),
    "forced-idr": "1",
    "x264-params": _PARAMETERS,
}


def can_encode() -> bool:
    """Whether this PyAV has x264; it may have been built without it."""
    return ENCODER in av.codecs_available


class H264Pairs:
    """Implements `light_bank.Pairs` with x264: the constrained baseline profile, one slice."""

    def __init__(self, size: Size) -> None:
        self._encoder = Encoder(ENCODER, size, _OPTIONS)
        self._size = size

    def pair(self, key: Planes, delta: Planes) -> tuple[tuple[bytes, ...], bytes]:
        first = self._encoder.encode(key, key=True)
        return pair_of(first, self._encoder.encode(delta, key=False), self._size)

    def shown(self, key: bytes) -> Planes:
        return decoded("h264", key)

    def skip(self, _key: Planes, /) -> bytes:
        return skip_of(self._size)
