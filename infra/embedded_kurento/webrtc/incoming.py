"""One stream from a browser: reordering, NACK for missing packets, reception statistics.

Pure: bytes and times in, packets in order out. The caller hands every packet to `receive`, sends
the NACK for the sequence numbers it returns, and calls `poll` every `POLL_S` while `waiting`.

A missing packet holds back those after it until it arrives or `hold_s` is over, as in Kurento's
jitter buffer: a packet that was lost and retransmitted is no loss to receivers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from struct import Struct

from infra.embedded_kurento.media import Codec, MediaKind, RtpPacket

POLL_S = 0.02
NACK_AGAIN_S = 0.1
HOLD_S = {MediaKind.VIDEO: 0.5, MediaKind.AUDIO: 0.04}
RESTART_AFTER = 1000
"""A larger jump in sequence numbers is a new start and no loss."""

_HEADER = Struct("!BBHLL")
_EXTENSION_LENGTH = Struct("!H")


@dataclass(slots=True)
class _Missing:
    since_s: float
    asked_s: float


@dataclass(frozen=True, slots=True)
class SenderReport:
    """The browser's last sender report; `ntp` is the 64-bit NTP timestamp."""

    ntp: int
    timestamp: int
    arrived_s: float


class IncomingStream:
    """Packets of one kind of media. Counters are those of RFC 3550 6.4.1 and A.3."""

    def __init__(
        self,
        kind: MediaKind,
        codecs: Mapping[int, Codec],
        deliver: Callable[[RtpPacket], None],
    ) -> None:
        self.kind = kind
        self.ssrc: int | None = None
        self.packets = 0
        self.payload_bytes = 0
        self.nacks_sent = 0
        self.key_frames_asked = 0
        self.fraction_lost = 0.0
        self.last_report: SenderReport | None = None
        self._codecs = codecs
        self._deliver = deliver
        self._hold_s = HOLD_S[kind]
        self._nacks = kind is MediaKind.VIDEO
        self._first = 0
        self._highest = 0
        self._received = 0
        self._next = 0
        self._held: dict[int, RtpPacket] = {}
        self._missing: dict[int, _Missing] = {}
        self._jitter = 0.0
        self._transit: float | None = None
        self._clock_rate_hz = 1
        self._expected_before = 0
        self._received_before = 0

    @property
    def waiting(self) -> bool:
        """Whether a packet is missing, so that `poll` must be called."""
        return bool(self._missing)

    @property
    def jitter_s(self) -> float:
        return self._jitter / self._clock_rate_hz

    @property
    def packets_lost(self) -> int:
        """Expected less received; negative when packets came twice (RFC 3550 A.3)."""
        return 0 if self.ssrc is None else self._highest - self._first + 1 - self._received

    @property
    def highest_sequence(self) -> int:
        return self._highest & 0xFFFFFFFF

    @property
    def jitter(self) -> int:
        """The jitter in units of the codec's clock, as in reports."""
        return int(self._jitter)

    def receive(self, data: bytes, now_s: float) -> list[int]:
        """Take a decrypted RTP packet; returns the sequence numbers to NACK now."""
        header = _read_header(data)
        if header is None:
            return []
        codec = self._codecs.get(data[1] & 0x7F)
        if codec is None:
            return []
        number, timestamp, ssrc, offset, padding = header
        sequence = self._unwrap(number, ssrc, codec)
        if sequence is None:
            return []
        self.packets += 1
        self.payload_bytes += len(data) - offset - padding
        self._received += 1
        if sequence > self._highest:
            self._measure_jitter(timestamp, now_s)
        asked = self._account(sequence, now_s)
        if asked is None:
            return []
        packet = RtpPacket(
            codec, ssrc, sequence, timestamp, data[1] > 0x7F, data[offset:], now_s, padding > 0
        )
        if sequence == self._next:
            self._next += 1
            self._deliver(packet)
            if self._held:
                self._release()
        elif sequence > self._next:
            self._held[sequence] = packet
        return asked

    def poll(self, now_s: float) -> tuple[list[int], bool]:
        """The sequence numbers to NACK, and whether one was given up (a key frame is needed)."""
        gave_up = False
        while (missing := self._missing.get(self._next)) is not None:
            if now_s - missing.since_s < self._hold_s:
                break
            del self._missing[self._next]
            self._next += 1
            gave_up = True
            self._release()
        asked = []
        if self._nacks:
            for sequence, missing in self._missing.items():
                if now_s - missing.asked_s >= NACK_AGAIN_S:
                    missing.asked_s = now_s
                    asked.append(sequence & 0xFFFF)
            self.nacks_sent += len(asked)
        return asked, gave_up

    def take_fraction_lost(self) -> int:
        """The fraction lost since the last call, in 1/256 (RFC 3550 A.3)."""
        expected = 0 if self.ssrc is None else self._highest - self._first + 1
        expected_now = expected - self._expected_before
        lost = expected_now - (self._received - self._received_before)
        self._expected_before, self._received_before = expected, self._received
        fraction = 0 if expected_now <= 0 or lost <= 0 else min(255, (lost << 8) // expected_now)
        self.fraction_lost = fraction / 256
        return fraction

    def _unwrap(self, number: int, ssrc: int, codec: Codec) -> int | None:
        """The sequence number without its wrap; None for a packet from long ago."""
        if ssrc == self.ssrc:
            ahead = (number - self._highest) & 0xFFFF
            if ahead <= RESTART_AFTER:
                return self._highest + ahead
            if ahead >= 0x10000 - RESTART_AFTER:
                return self._highest - (0x10000 - ahead)
            if ahead >= 0x8000:
                return None
        self.ssrc = ssrc
        self._clock_rate_hz = codec.clock_rate_hz
        self._first = self._next = number
        self._highest = number - 1
        self._received = self._expected_before = self._received_before = 0
        self._held.clear()
        self._missing.clear()
        self._transit = None
        self.last_report = None
        return number

    def _account(self, sequence: int, now_s: float) -> list[int] | None:
        """Note the packets missing before this one; None for a packet that came before."""
        if sequence <= self._highest:
            return [] if self._missing.pop(sequence, None) is not None else None
        gap = range(self._highest + 1, sequence)
        self._highest = sequence
        if not gap:
            return []
        for lost in gap:
            self._missing[lost] = _Missing(now_s, now_s)
        if not self._nacks:
            return []
        self.nacks_sent += len(gap)
        return [lost & 0xFFFF for lost in gap]

    def _release(self) -> None:
        while (packet := self._held.pop(self._next, None)) is not None:
            self._next += 1
            self._deliver(packet)

    def _measure_jitter(self, timestamp: int, now_s: float) -> None:
        transit = now_s * self._clock_rate_hz - timestamp
        if self._transit is not None:
            change = abs(transit - self._transit)
            if change < 10 * self._clock_rate_hz:
                self._jitter += (change - self._jitter) / 16
        self._transit = transit


def _read_header(data: bytes) -> tuple[int, int, int, int, int] | None:
    """Sequence number, timestamp, SSRC, where the payload begins, and how much of it is padding."""
    if len(data) < 12 or data[0] & 0xC0 != 0x80:
        return None
    first, _, number, timestamp, ssrc = _HEADER.unpack_from(data)
    offset = 12 + 4 * (first & 0x0F)
    if first & 0x10:
        if len(data) < offset + 4:
            return None
        offset += 4 + 4 * _EXTENSION_LENGTH.unpack_from(data, offset + 2)[0]
    padding = data[-1] if first & 0x20 else 0
    return None if offset + padding > len(data) else (number, timestamp, ssrc, offset, padding)
