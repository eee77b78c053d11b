"""VP8 frames that refer to one key frame: the upper of two temporal layers, no reference to any."""

from __future__ import annotations

import fractions

import av
from av.video.frame import PictureType

from farm.experiment import Size
from farm.media.camera import Planes
from farm.media.planes import decoded, frame_of

QUANTIZER = 38
"""Of libvpx (0 to 63): 640x480 of the drawn camera at 20 frames a second are some 500 kbit/s."""

_LAYERS = (
    "ts_number_layers=2:ts_target_bitrate=4000,5000:ts_rate_decimator=2,1:"
    "ts_periodicity=2:ts_layer_id=0,1:ts_layering_mode=2"
)


class Vp8Pairs:
    """Implements `light_bank.Pairs` with libvpx."""

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
        self._count = 0

    def pair(self, key: Planes, delta: Planes) -> tuple[tuple[bytes, ...], bytes]:
        first = self._encode(key, forced=True)
        return (first,), self._encode(delta, forced=False)

    def shown(self, key: bytes) -> Planes:
        return decoded("vp8", key)

    def skip(self, key: Planes, /) -> bytes:
        still = self.shown(self._encode(key, forced=True))
        # The first two still undo what the encoder's filter does at the edges of still blocks.
        return [self._encode(still, forced=False) for _ in range(3)][-1]

    def _encode(self, planes: Planes, *, forced: bool) -> bytes:
        frame = frame_of(planes)
        frame.pts = self._count
        self._count += 1
        if forced:
            frame.pict_type = PictureType.I
        (packet,) = self._context.encode(frame)
        return bytes(packet)
