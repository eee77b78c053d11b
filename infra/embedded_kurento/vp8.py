"""VP8 in RTP (RFC 7741): packets in order to whole frames, whole frames to payloads. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from aiortc.codecs.vpx import VpxPayloadDescriptor

from infra.embedded_kurento.media import Codec, RtpPacket

VP8 = Codec("VP8", 90_000)

PAYLOAD_BYTES = 1200
"""The longest payload of a packet: with its headers it fits any path to a browser."""

_PARTITION_BITS = 0x07
"""Of the partition id as aiortc reads it; the bit above is reserved and ignored (RFC 7741 4.2)."""

_START_CODE = b"\x9d\x01\x2a"


@dataclass(frozen=True, slots=True)
class Vp8Frame:
    """One encoded picture, with the `timestamp` and `stream` of its packets.

    `arrived_s` is when the last of them arrived.
    """

    data: bytes
    stream: int
    timestamp: int
    arrived_s: float

    @property
    def is_key(self) -> bool:
        """Decodable without earlier frames (RFC 6386 9.1)."""
        return self.data[0] & 0x01 == 0

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height, which only key frames state (RFC 6386 9.1)."""
        if not self.is_key or len(self.data) < 10 or self.data[3:6] != _START_CODE:
            return None
        width = int.from_bytes(self.data[6:8], "little") & 0x3FFF
        height = int.from_bytes(self.data[8:10], "little") & 0x3FFF
        return width, height


class Vp8Assembler:
    """Assembles frames from packets.

    While `wants_key_frame` is set (at first, after a lost packet, and when the stream changes) no
    frame is returned before the next key frame.
    """

    def __init__(self) -> None:
        self.wants_key_frame = True
        self._stream: int | None = None
        self._next = 0
        self._parts: list[bytes] = []
        self._timestamp = 0

    def restart(self) -> None:
        """Begin again with a key frame, after the receiver of frames has dropped one."""
        self.wants_key_frame = True
        self._parts.clear()

    def push(self, packet: RtpPacket) -> Vp8Frame | None:
        """The frame that this packet completes, if it does."""
        if packet.stream != self._stream or packet.sequence != self._next:
            self._stream = packet.stream
            self.restart()
        self._next = packet.sequence + 1
        try:
            descriptor, part = VpxPayloadDescriptor.parse(packet.content)
        except ValueError:  # cut short
            return None
        if not part:
            return None
        if descriptor.partition_start and descriptor.partition_id & _PARTITION_BITS == 0:
            self._parts.clear()
            self._timestamp = packet.timestamp
        elif not self._parts or packet.timestamp != self._timestamp:
            return None
        self._parts.append(part)
        if not packet.marker:
            return None
        frame = Vp8Frame(b"".join(self._parts), packet.stream, packet.timestamp, packet.arrived_s)
        self._parts.clear()
        if self.wants_key_frame and not frame.is_key:
            return None
        self.wants_key_frame = False
        return frame


def payloads(frame: bytes) -> list[bytes]:
    """An encoded picture, cut into RTP payloads; the packet of the last one gets the marker bit."""
    room = PAYLOAD_BYTES - 1
    count = -(-len(frame) // room)
    share = -(-len(frame) // count)
    parts = [frame[at : at + share] for at in range(0, len(frame), share)]
    return [
        bytes(VpxPayloadDescriptor(partition_start=int(index == 0), partition_id=0)) + part
        for index, part in enumerate(parts)
    ]
