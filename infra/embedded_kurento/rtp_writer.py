"""Sends frames that this server encoded as the RTP packets of one stream."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

from infra.embedded_kurento.media import Codec, MediaSource, RtpPacket, SenderClock
from infra.embedded_kurento.vp8 import VP8, payloads


class RtpWriter:
    """Feeds one source; timestamps follow the event loop's clock, which keeps streams in sync."""

    def __init__(self, source: MediaSource, codec: Codec) -> None:
        self._source = source
        self._codec = codec
        self._stream = random.getrandbits(32)
        self._sequence = 0

    def write(self, frame: bytes, at_s: float) -> None:
        """Send a VP8 frame or an Opus packet, captured at `at_s` of the event loop's clock."""
        parts = payloads(frame) if self._codec == VP8 else [frame]
        self._push(parts, at_s)

    def _push(self, parts: Sequence[bytes], at_s: float) -> None:
        timestamp = round(at_s * self._codec.clock_rate_hz) & 0xFFFFFFFF
        now_s = asyncio.get_running_loop().time()
        self._source.clock = SenderClock(self._stream, timestamp, at_s)
        for left, part in zip(range(len(parts) - 1, -1, -1), parts, strict=True):
            packet = RtpPacket(
                self._codec, self._stream, self._sequence, timestamp, left == 0, part, now_s
            )
            self._sequence += 1
            self._source.push(packet)
