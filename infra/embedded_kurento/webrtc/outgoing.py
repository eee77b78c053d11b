"""One stream to a browser, made of the packets of one connected source after another.

The SSRC is the endpoint's own, sequence numbers and timestamps go on where they were when the
source changes, payload types are those this browser agreed to, and abs-send-time is written anew,
for the browser measures its bandwidth by it. What was sent is kept, encrypted, to answer NACKs.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from struct import Struct

from aiortc.rtp import RtcpReceiverInfo, RtcpSenderInfo

from infra.embedded_kurento.media import Codec, MediaKind, MediaSink, RtpPacket
from infra.embedded_kurento.webrtc.bitrate import ReceiverEstimate
from infra.embedded_kurento.webrtc.key_frames import begins_key_frame

HISTORY_PACKETS = 256
"""Packets kept to answer NACKs: some 4 s of 500 kbit/s video. A power of two."""

_PLAIN = Struct("!BBHLL")
_EXTENDED = Struct("!BBHLLHHL")
"""The RTP header with one extension in the one-byte form of RFC 8285: abs-send-time."""

_NTP_UNIX_S = 2208988800

Send = Callable[[bytes], bytes | None]
"""Encrypts and sends a packet; returns the sent bytes, None without a connection."""


def ntp_time(wall_s: float) -> int:
    """Seconds since 1970 as a 64-bit NTP timestamp (RFC 3550 4)."""
    return int((wall_s + _NTP_UNIX_S) * (1 << 32))


class OutgoingStream(MediaSink):
    """The media of one kind that one browser receives. `send` and `resend` are the transport's.

    Packets are ignored, and the source is not limited, until the owner sets `open`. `limits_kbps`
    gives the endpoint's minVideoSendBandwidth and maxVideoSendBandwidth; `unsupported` is called
    once for each codec that the browser did not agree to.
    """

    def __init__(
        self,
        kind: MediaKind,
        *,
        ssrc: int,
        send: Send,
        resend: Callable[[bytes], None],
        limits_kbps: Callable[[], tuple[int, int]],
        unsupported: Callable[[Codec], None],
    ) -> None:
        super().__init__(kind)
        self.ssrc = ssrc
        self.open = False
        self.estimate = ReceiverEstimate()
        self.packets = 0
        self.payload_bytes = 0
        self.nacks_received = 0
        self.key_frames_asked = 0
        self.fraction_lost = 0.0
        self.packets_lost = 0
        self.round_trip_s = 0.0
        self.rate_bps = 0.0
        self._send = send
        self._resend = resend
        self._limits_kbps = limits_kbps
        self._unsupported = unsupported
        self._codecs: Mapping[int, Codec] = {}
        self._payload_types: dict[Codec, int | None] = {}
        self._extension = 0
        self._stream: int | None = None
        self._sequence = random.randrange(1 << 15)  # noqa: S311 - RFC 3550 5.1, encrypted anyway
        self._timestamp = random.randrange(1 << 31)  # noqa: S311
        self._sequence_offset = 0
        self._timestamp_offset = 0
        self._sent_s = 0.0
        self._clock_rate_hz = 1
        self._history: list[tuple[int, bytes] | None] = [None] * HISTORY_PACKETS
        self._rate_mark = (0.0, 0)

    def agree(self, codecs: Mapping[int, Codec], abs_send_time_id: int | None) -> None:
        """Set what was negotiated: payload types to send, and the id of abs-send-time if any."""
        self._codecs = codecs
        self._payload_types = {}
        self._extension = 0 if abs_send_time_id is None else (abs_send_time_id << 4 | 2) << 24

    def attached(self) -> None:
        self._stream = None

    def push(self, packet: RtpPacket) -> bool:
        if not self.open:
            return False
        if packet.stream != self._stream and not self._begin(packet):
            return False
        payload_type = self._payload_type(packet.codec)
        if payload_type is None:
            return False
        sequence = packet.sequence + self._sequence_offset
        timestamp = packet.timestamp + self._timestamp_offset & 0xFFFFFFFF
        first = 0xA0 if packet.padded else 0x80
        second = payload_type | 0x80 if packet.marker else payload_type
        number = sequence & 0xFFFF
        if self._extension:
            send_time = int(packet.arrived_s * 262144) & 0xFFFFFF
            header = _EXTENDED.pack(
                first | 0x10,
                second,
                number,
                timestamp,
                self.ssrc,
                0xBEDE,
                1,
                self._extension | send_time,
            )
        else:
            header = _PLAIN.pack(first, second, number, timestamp, self.ssrc)
        sent = self._send(header + packet.payload)
        if sent is None:
            self._stream = None
            return False
        self._sequence = sequence
        self._timestamp = timestamp
        self._sent_s = packet.arrived_s
        self.packets += 1
        length = len(packet.payload)
        self.payload_bytes += length - packet.payload[-1] if packet.padded else length
        if self.kind is MediaKind.VIDEO:
            self._history[number % HISTORY_PACKETS] = (number, sent)
        return True

    def limit_bps(self, now_s: float) -> float | None:  # noqa: ARG002
        if self.kind is not MediaKind.VIDEO or not self.open:
            return None
        return self.estimate.limit_bps(*self._limits_kbps())

    def on_nack(self, numbers: Iterable[int]) -> None:
        """Retransmit packets that are still in the history, on the same SSRC, without RTX."""
        for number in numbers:
            self.nacks_received += 1
            kept = self._history[number % HISTORY_PACKETS]
            if kept is not None and kept[0] == number & 0xFFFF:
                self._resend(kept[1])

    def on_key_frame_request(self) -> None:
        self.key_frames_asked += 1
        if self.source is not None:
            self.source.request_key_frame()

    def on_report(self, report: RtcpReceiverInfo, now_s: float, ntp_now: int) -> None:
        """Take a receiver report block about this stream (RFC 3550 6.4.1)."""
        self.fraction_lost = report.fraction_lost / 256
        self.packets_lost = report.packets_lost
        if report.lsr:
            elapsed = ((ntp_now >> 16) - report.lsr - report.dlsr) & 0xFFFFFFFF
            if elapsed < 1 << 31:
                self.round_trip_s = elapsed / 65536
        marked_s, marked_bytes = self._rate_mark
        if now_s - marked_s >= 0.5:
            self.rate_bps = 8 * (self.payload_bytes - marked_bytes) / (now_s - marked_s)
            self._rate_mark = (now_s, self.payload_bytes)
            self.estimate.on_loss(self.fraction_lost, self.rate_bps)

    def sender_info(self, now_s: float, ntp_now: int) -> RtcpSenderInfo | None:
        """The stream's part of a sender report; None before anything was sent."""
        if self._stream is None or self.packets == 0:
            return None
        clock = self.source.clock if self.source else None
        if clock is not None and clock.stream == self._stream:
            at_s, timestamp = clock.at_s, clock.timestamp + self._timestamp_offset
        else:
            at_s, timestamp = self._sent_s, self._timestamp
        return RtcpSenderInfo(
            ntp_timestamp=ntp_now,
            rtp_timestamp=int(timestamp + (now_s - at_s) * self._clock_rate_hz) & 0xFFFFFFFF,
            packet_count=self.packets & 0xFFFFFFFF,
            octet_count=self.payload_bytes & 0xFFFFFFFF,
        )

    def _begin(self, packet: RtpPacket) -> bool:
        """Continue with another stream where the last one ended; video waits for a key frame."""
        if self.kind is MediaKind.VIDEO and not begins_key_frame(packet):
            if self.source is not None:
                self.source.request_key_frame()
            return False
        self._clock_rate_hz = packet.codec.clock_rate_hz
        elapsed_s = packet.arrived_s - self._sent_s if self.packets else 0.0
        resumed = self._timestamp + int(elapsed_s * self._clock_rate_hz)
        self._timestamp_offset = resumed - packet.timestamp
        self._sequence_offset = self._sequence + 1 - packet.sequence
        self._stream = packet.stream
        return True

    def _payload_type(self, codec: Codec) -> int | None:
        try:
            return self._payload_types[codec]
        except KeyError:
            found = next(
                (number for number, own in self._codecs.items() if _same_codec(own, codec)), None
            )
            self._payload_types[codec] = found
            if found is None and self._codecs:
                self._unsupported(codec)
            return found


def _same_codec(own: Codec, other: Codec) -> bool:
    """Whether a browser that agreed to `own` decodes `other` (RFC 6184 8.2.2, RFC 9628 6)."""
    if (own.name, own.clock_rate_hz) != (other.name, other.clock_rate_hz):
        return False
    decisive = {"H264": "packetization-mode", "VP9": "profile-id"}.get(own.name)
    return decisive is None or _parameter(own, decisive) == _parameter(other, decisive)


def _parameter(codec: Codec, name: str) -> str:
    for parameter in codec.parameters.split(";"):
        key, _, value = parameter.strip().partition("=")
        if key == name:
            return value
    return "0"
