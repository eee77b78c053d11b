"""The benchmark's capture distinguishes RTP from RTCP, and sockets that send."""

from __future__ import annotations

import struct

from benchmarks.echo_servers import with_candidates
from benchmarks.wire import Packet, parsed, sent_beside


def ip(port: int, payload: bytes) -> bytes:
    """An IPv4 packet with UDP in it, with the fields that are read."""
    udp = struct.pack(">HHHH", port, 40000, 8 + len(payload), 0) + payload
    return struct.pack(">BBHHHBBHII", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, 0, 0) + udp


def rtp(ssrc: int, length: int) -> bytes:
    return struct.pack(">BBHII", 0x80, 96, 1, 0, ssrc) + bytes(length - 12)


def rtcp(kind: int, ssrc: int, length: int = 32) -> bytes:
    return struct.pack(">BBHI", 0x80, kind, 6, ssrc) + bytes(length - 8)


def test_rtp_and_rtcp_are_distinguished_and_the_rest_is_ignored() -> None:
    assert parsed(ip(5000, rtp(7, 100)), 1.0) == Packet(1.0, "rtp", 5000, 7, 100)
    assert parsed(ip(5000, rtcp(200, 7)), 1.0) == Packet(1.0, "SR", 5000, 7, 32)
    assert parsed(ip(5000, rtcp(206, 7)), 1.0) == Packet(1.0, "PLI or REMB", 5000, 7, 32)
    stun = struct.pack(">HHI", 1, 8, 0x2112A442) + bytes(20)
    assert parsed(ip(5000, stun), 1.0) is None


def test_all_that_the_socket_of_a_stream_sent_is_its_probes() -> None:
    packets = [
        Packet(1.0, "rtp", 5000, 7, 100),
        Packet(1.5, "rtp", 5000, 8, 50),  # its retransmissions: another SSRC, the same socket
        Packet(2.0, "RR", 5000, 9, 32),
        Packet(2.0, "rtp", 6000, 70, 100),  # of another socket
        Packet(9.0, "rtp", 5000, 7, 100),  # too late
    ]
    traffic = sent_beside(packets, [7], 0.0, 5.0)
    assert (traffic.bytes, traffic.packets, dict(traffic.rtcp)) == (150, 2, {"RR": 1})


def test_candidates_go_into_the_first_section_of_an_answer() -> None:
    answer = "v=0\r\nm=audio 9 X 0\r\na=mid:0\r\nm=video 9 X 96\r\na=mid:1\r\n"
    given = with_candidates(answer, ["candidate:1 1 UDP 1 192.0.2.1 9 typ host"])
    first, second = given.split("m=video")
    assert first.endswith("a=mid:0\r\na=candidate:1 1 UDP 1 192.0.2.1 9 typ host\r\n")
    assert "candidate" not in second
