"""VP8 frames that refer to one key frame; deltas are of the upper of two temporal layers."""

from __future__ import annotations

from farm.media.camera import Planes
from farm.media.planes import Encoder, decoded
from farm.model.setting import Size

QUANTIZER = 38
"""libvpx's quantizer (0 to 63): 640x480 of the drawn camera at 20 frames a second are some 500
kbit/s."""

_LAYERS = (
    "ts_number_layers=2:ts_target_bitrate=4000,5000:ts_rate_decimator=2,1:"
    "ts_periodicity=2:ts_layer_id=0,1:ts_layering_mode=2"
)

_OPTIONS = {
    "g": "1000000",
    "b": "5000000",
    "deadline": "realtime",
    "cpu-used": "-5",  # below 0: the same effort each time, whatever time it takes
    "lag-in-frames": "0",
    "auto-alt-ref": "0",
    "error-resilient": "default",  # no delta changes the probabilities that others need
    "qmin": str(QUANTIZER),
    "qmax": str(QUANTIZER),
    "ts-parameters": _LAYERS,
}


class Vp8Pairs:
    """Implements `light_bank.Pairs` with libvpx."""

    def __init__(self, size: Size) -> None:
        self._encoder = Encoder("libvpx", size, _OPTIONS)

    def pair(self, key: Planes, delta: Planes) -> tuple[tuple[bytes, ...], bytes]:
        first = self._encoder.encode(key, key=True)
        return (first,), self._encoder.encode(delta, key=False)

    def shown(self, key: bytes) -> Planes:
        return decoded("vp8", key)

    def skip(self, key: Planes, /) -> bytes:
        unchanged = self.shown(self._encoder.encode(key, key=True))
        # The first two still correct the encoder's loop filter at the edges of unchanged blocks.
        return [self._encoder.encode(unchanged, key=False) for _ in range(3)][-1]
