"""The traffic between browsers and a server on loopback: RTP by stream, RTCP by kind.

SRTCP does not encrypt the first header of a packet (RFC 3711, 3.4): a compound packet counts as its
first part, a reduced-size one (RFC 5506) as what it is.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.loopback import LoopbackCapture, udp_header, udp_payload

KINDS = {200: "SR", 201: "RR", 205: "NACK or transport-cc", 206: "PLI or REMB", 207: "XR"}


@dataclass(frozen=True, slots=True)
class Packet:
    """An RTP or RTCP packet; `kind` is `rtp` or one of RTCP; `port` is the sender's."""

    at_s: float
    kind: str
    port: int
    ssrc: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Traffic:
    """The packets that one side sent in a time: RTP by stream, RTCP by kind."""

    bytes: int
    packets: int
    rtcp: Counter[str]


class Wire(LoopbackCapture):
    """Captures on `lo` while its block runs; times are those of the monotonic clock."""

    def __init__(self) -> None:
        self.packets: list[Packet] = []
        self._ahead_s = time.time() - time.monotonic()
        super().__init__(self._keep)

    def _keep(self, ip: bytes, wall_s: float) -> None:
        packet = parsed(ip, wall_s - self._ahead_s)
        if packet is not None:
            self.packets.append(packet)


def parsed(ip: bytes, at_s: float) -> Packet | None:
    """The RTP or RTCP packet in a packet of UDP; `None` without one."""
    payload = udp_payload(ip)
    if len(payload) < 12 or payload[0] >> 6 != 2:
        return None
    header = udp_header(ip)
    rtcp = 192 <= payload[1] <= 223  # RFC 7983
    kind = KINDS.get(payload[1], "other RTCP") if rtcp else "rtp"
    port = int.from_bytes(ip[header : header + 2])
    ssrc = int.from_bytes(payload[4:8] if rtcp else payload[8:12])
    return Packet(at_s, kind, port, ssrc, len(payload))


def sent_of(packets: Iterable[Packet], ssrc: int, start_s: float, end_s: float) -> Traffic:
    """The RTP packets of one stream that were sent between two times."""
    sizes = [
        packet.bytes
        for packet in packets
        if packet.kind == "rtp" and packet.ssrc == ssrc and start_s <= packet.at_s < end_s
    ]
    return Traffic(sum(sizes), len(sizes), Counter())


def sent_beside(
    packets: Iterable[Packet], ssrcs: Iterable[int], start_s: float, end_s: float
) -> Traffic:
    """All packets, RTCP too, that the socket of these streams sent between two times."""
    streams = frozenset(ssrcs)
    inside = [packet for packet in packets if start_s <= packet.at_s < end_s]
    ports = {packet.port for packet in inside if packet.kind == "rtp" and packet.ssrc in streams}
    own = [packet for packet in inside if packet.port in ports]
    media = [packet for packet in own if packet.kind == "rtp"]
    rtcp = Counter(packet.kind for packet in own if packet.kind != "rtp")
    return Traffic(sum(packet.bytes for packet in media), len(media), rtcp)
