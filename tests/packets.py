"""RTP packets on the loopback interface, counted by SSRC."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field

from benchmarks.loopback import LoopbackCapture, udp_payload


@dataclass
class Stream:
    """Times (wall clock) and lengths (of UDP payload) of the packets of an SSRC."""

    times_s: list[float] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)

    def until(self, wall_s: float) -> tuple[int, int]:
        """Packets and bytes of UDP payload seen so far."""
        packets = bisect_right(self.times_s, wall_s)
        return packets, sum(self.lengths[:packets])


class StreamCapture(LoopbackCapture):
    """Captures RTP by SSRC. Needs root in the network namespace."""

    def __init__(self) -> None:
        self.streams: defaultdict[int, Stream] = defaultdict(Stream)
        super().__init__(self._count)

    def _count(self, ip: bytes, wall_s: float) -> None:
        payload = udp_payload(ip)
        if len(payload) >= 12 and payload[0] >> 6 == 2 and not 192 <= payload[1] <= 223:  # RFC 7983
            stream = self.streams[int.from_bytes(payload[8:12])]
            stream.times_s.append(wall_s)
            stream.lengths.append(len(payload))
