"""RTP and RTCP of one browser, packet by packet."""

from __future__ import annotations

import asyncio
from struct import pack

from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSenderInfo,
    RtcpSrPacket,
    pack_remb_fci,
    unpack_remb_fci,
)

from infra.embedded_kurento.media import Codec, MediaKind, MediaSource
from infra.embedded_kurento.webrtc.bitrate import SenderAllowance
from infra.embedded_kurento.webrtc.connection import BrowserConnection
from infra.embedded_kurento.webrtc.incoming import IncomingStream
from infra.embedded_kurento.webrtc.outgoing import OutgoingStream

VP8 = Codec("VP8", 90000)
BROWSER, OURS = 1111, 42


class Peer:
    """A connection that sends and receives video, and what it sent."""

    def __init__(self) -> None:
        self.rtcp: list[bytes] = []
        self.rtp: list[bytes] = []
        self.rtcp_flow: list[bool] = []
        allowance = SenderAllowance(300_000, 0.04, 0.5)
        self.connection = BrowserConnection(self, self.rtcp.append, "cname", allowance)
        self.key_frames_asked = 0
        self.source = MediaSource(MediaKind.VIDEO)
        self.feeder = MediaSource(MediaKind.VIDEO, self.ask_key_frame)
        self.outgoing = OutgoingStream(
            MediaKind.VIDEO,
            ssrc=OURS,
            send=self.send,
            resend=self.rtp.append,
            limits_kbps=lambda: (100, 500),
            unsupported=lambda codec: None,
        )
        self.outgoing.agree({96: VP8}, None)
        self.feeder.attach(self.outgoing)
        incoming = IncomingStream(MediaKind.VIDEO, {96: VP8}, self.source.push)
        self.connection.agree(
            {96: incoming},
            {MediaKind.VIDEO: self.outgoing},
            {MediaKind.VIDEO: self.source},
        )
        self.connection.begin()
        self.rtcp.clear()

    def send(self, data: bytes) -> bytes:
        self.rtp.append(data)
        return data

    def ask_key_frame(self) -> None:
        self.key_frames_asked += 1

    def rtcp_flows(self, flowing: bool) -> None:
        self.rtcp_flow.append(flowing)

    def looked_at(self, now_s: float) -> None:
        assert now_s > 0

    def receive_limits_kbps(self) -> tuple[int, int]:
        return 100, 0

    def hears(self, sequence: int) -> None:
        header = pack("!BBHLL", 0x80, 96, sequence, 3000 * sequence, BROWSER)
        self.connection.rtp_received(header + b"\x10\x00")

    def said(self, kind: type) -> list[object]:
        """What was sent of one type of RTCP packet."""
        packets = [packet for data in self.rtcp for packet in RtcpPacket.parse(data)]
        return [packet for packet in packets if isinstance(packet, kind)]


async def test_the_first_picture_is_answered_with_the_rate() -> None:
    """REMB goes out at once: what its receivers can take, not a ramp."""
    peer = Peer()
    peer.source.attach(peer.outgoing)

    peer.hears(1)

    (remb,) = peer.said(RtcpPsfbPacket)
    assert isinstance(remb, RtcpPsfbPacket)
    assert remb.fmt == RTCP_PSFB_APP
    bitrate_bps, ssrcs = unpack_remb_fci(remb.fci)
    assert 499_000 < bitrate_bps <= 500_000
    assert ssrcs == [BROWSER]
    (names,) = peer.said(RtcpSdesPacket)
    assert isinstance(names, RtcpSdesPacket)
    assert names.chunks[0].items == [(1, b"cname")]
    peer.connection.end()


async def test_a_picture_that_comes_after_the_end_starts_nothing_again() -> None:
    """Reports would go on for ever, and keep the endpoint from being forgotten."""
    peer = Peer()
    peer.connection.end()

    peer.hears(1)

    assert peer.rtcp == []


async def test_a_gap_is_asked_for() -> None:
    peer = Peer()
    peer.hears(1)

    peer.hears(4)

    (nack,) = peer.said(RtcpRtpfbPacket)
    assert isinstance(nack, RtcpRtpfbPacket)
    assert (nack.fmt, nack.media_ssrc, nack.lost) == (RTCP_RTPFB_NACK, BROWSER, [2, 3])
    peer.connection.end()


async def test_key_frames_are_asked_for_only_so_often() -> None:
    peer = Peer()
    peer.hears(1)

    for _ in range(5):
        peer.connection.request_key_frame(MediaKind.VIDEO)

    asked = [each for each in peer.said(RtcpPsfbPacket) if getattr(each, "fmt", 0) == RTCP_PSFB_PLI]
    assert len(asked) == 1
    peer.connection.end()


async def test_a_browsers_wishes_reach_the_source() -> None:
    peer = Peer()
    asked = peer.key_frames_asked
    full = pack("!LB3x", OURS, 1)

    for feedback in (
        RtcpPsfbPacket(RTCP_PSFB_PLI, BROWSER, OURS),
        RtcpPsfbPacket(RTCP_PSFB_FIR, BROWSER, 0, full),
        RtcpPsfbPacket(RTCP_PSFB_PLI, BROWSER, 999),
        RtcpPsfbPacket(RTCP_PSFB_APP, BROWSER, 0, pack_remb_fci(160_000, [OURS])),
        RtcpPsfbPacket(RTCP_PSFB_APP, BROWSER, 0, b"none"),
    ):
        peer.connection.rtcp_received(bytes(feedback))

    assert peer.key_frames_asked == asked + 2
    assert peer.outgoing.key_frames_asked == 2
    assert peer.feeder.limit_bps(0.0) == 160_000
    peer.connection.end()


async def test_reports_carry_what_was_received_and_sent() -> None:
    peer = Peer()
    report = RtcpSrPacket(BROWSER, RtcpSenderInfo(5 << 32, 90000, 1, 1))
    peer.connection.rtcp_received(bytes(RtcpRrPacket(BROWSER)))
    for sequence in (1, 2, 4):
        peer.hears(sequence)
    peer.connection.rtcp_received(bytes(report))
    peer.rtcp.clear()

    peer.connection.begin()

    (said,) = peer.said(RtcpRrPacket)
    assert isinstance(said, RtcpRrPacket)
    (block,) = said.reports
    assert isinstance(block, RtcpReceiverInfo)
    assert (block.ssrc, block.packets_lost, block.highest_sequence) == (BROWSER, 1, 4)
    assert block.lsr == 5 << 16
    assert peer.source.clock is not None
    assert peer.source.clock.timestamp == 90000
    assert peer.rtcp_flow == [True]

    peer.connection.end()
    assert peer.rtcp_flow == [True, False]


async def test_what_is_no_rtcp_is_left_out() -> None:
    peer = Peer()

    peer.connection.rtcp_received(b"\x80\xc8\x00\x40")

    assert peer.rtcp_flow == []
    peer.connection.end()
    await asyncio.sleep(0)
