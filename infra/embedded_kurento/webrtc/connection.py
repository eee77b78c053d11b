"""RTP and RTCP of all streams from and to one browser.

It stands between the transport (bytes) and the streams (pure): it demultiplexes, sends NACKs, key
frame requests, reports and REMB, and reads the browser's. Compound packets go out once a second
(RFC 3550 6.1, RFC 4585 3.1), feedback at once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    AnyRtcpPacket,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSourceInfo,
    RtcpSrPacket,
    clamp_packets_lost,
    pack_remb_fci,
    unpack_remb_fci,
)

from infra.embedded_kurento.media import MediaKind, MediaSource, SenderClock
from infra.embedded_kurento.webrtc.bitrate import SenderAllowance, remb_to_sender
from infra.embedded_kurento.webrtc.incoming import POLL_S, IncomingStream, SenderReport
from infra.embedded_kurento.webrtc.outgoing import OutgoingStream, ntp_time

REPORT_S = 1.0
KEY_FRAME_AGAIN_S = 0.5
"""The shortest time between key frame requests to the browser, of all receivers together."""

RTCP_TIMEOUT_S = 5.0
_CNAME = 1


class ConnectionOwner(Protocol):
    """The calls that a connection makes to its endpoint."""

    def rtcp_flows(self, flowing: bool) -> None:
        """RTCP began to arrive, or stopped for `RTCP_TIMEOUT_S` (Kurento's MediaState)."""

    def looked_at(self, now_s: float) -> None:
        """Called once a second."""

    def receive_limits_kbps(self) -> tuple[int, int]:
        """minVideoRecvBandwidth and maxVideoRecvBandwidth."""


class BrowserConnection:
    """The streams of one browser. `send_rtcp` is the transport's.

    `begin` is called when media may flow, `end` when it no longer may.
    """

    def __init__(
        self,
        owner: ConnectionOwner,
        send_rtcp: Callable[[bytes], None],
        cname: str,
        allowance: SenderAllowance,
    ) -> None:
        self.incoming: dict[MediaKind, IncomingStream] = {}
        self.outgoing: dict[MediaKind, OutgoingStream] = {}
        self.remb_bps = 0
        self._owner = owner
        self._send_rtcp = send_rtcp
        self._cname = cname.encode()
        self._allowance = allowance
        self._by_payload_type: dict[int, IncomingStream] = {}
        self._sources: Mapping[MediaKind, MediaSource] = {}
        self._loop = asyncio.get_running_loop()
        self._reporting: asyncio.TimerHandle | None = None
        self._polling: asyncio.TimerHandle | None = None
        self._rtcp_s: float | None = None
        self._clock_offset_s: float | None = None
        self._key_frame_asked_s: dict[MediaKind, float] = {}
        self._allowed_s = self._loop.time()
        self._received_bytes = 0
        self._running = False

    def agree(
        self,
        incoming: Mapping[int, IncomingStream],
        outgoing: Mapping[MediaKind, OutgoingStream],
        sources: Mapping[MediaKind, MediaSource],
    ) -> None:
        """The streams that were negotiated: incoming ones by payload type."""
        self._by_payload_type = dict(incoming)
        self.incoming = {stream.kind: stream for stream in incoming.values()}
        self.outgoing = dict(outgoing)
        self._sources = sources

    def begin(self) -> None:
        self._running = True
        self._report()
        for stream in self.outgoing.values():
            stream.open = True
            if stream.source is not None:
                stream.source.request_key_frame()

    def end(self) -> None:
        self._running = False
        for stream in self.outgoing.values():
            stream.open = False
        for timer in (self._reporting, self._polling):
            if timer is not None:
                timer.cancel()
        self._reporting = self._polling = None
        if self._rtcp_s is not None:
            self._rtcp_s = None
            self._owner.rtcp_flows(False)

    def rtp_received(self, data: bytes) -> None:
        stream = self._by_payload_type.get(data[1] & 0x7F)
        if stream is None:
            return
        first = stream.packets == 0
        lost = stream.receive(data, self._loop.time())
        if lost:
            self._send_nack(stream, lost)
        if stream.waiting and self._polling is None:
            self._polling = self._loop.call_later(POLL_S, self._poll)
        if first and stream.kind is MediaKind.VIDEO and self._running:
            self._report()

    def rtcp_received(self, data: bytes) -> None:
        try:
            packets = RtcpPacket.parse(data)
        except ValueError:
            return
        now_s = self._loop.time()
        if self._rtcp_s is None:
            self._owner.rtcp_flows(True)
        self._rtcp_s = now_s
        for packet in packets:
            self._take(packet, now_s)

    def request_key_frame(self, kind: MediaKind) -> None:
        """Request a key frame from the browser, unless one was requested just now."""
        stream = self.incoming.get(kind)
        now_s = self._loop.time()
        if stream is None or stream.ssrc is None or not self._running:
            return
        if now_s - self._key_frame_asked_s.get(kind, -KEY_FRAME_AGAIN_S) < KEY_FRAME_AGAIN_S:
            return
        self._key_frame_asked_s[kind] = now_s
        stream.key_frames_asked += 1
        self._send_rtcp(
            bytes(RtcpPsfbPacket(RTCP_PSFB_PLI, ssrc=self._own_ssrc, media_ssrc=stream.ssrc))
        )

    @property
    def _own_ssrc(self) -> int:
        return next((stream.ssrc for stream in self.outgoing.values()), 1)

    def _take(self, packet: AnyRtcpPacket, now_s: float) -> None:
        if isinstance(packet, RtcpSrPacket):
            self._take_sender_report(packet, now_s)
        if isinstance(packet, RtcpSrPacket | RtcpRrPacket):
            ntp_now = ntp_time(time.time())
            for report in packet.reports:
                stream = self._outgoing_by_ssrc(report.ssrc)
                if stream is not None:
                    stream.on_report(report, now_s, ntp_now)
        elif isinstance(packet, RtcpRtpfbPacket) and packet.fmt == RTCP_RTPFB_NACK:
            stream = self._outgoing_by_ssrc(packet.media_ssrc)
            if stream is not None:
                stream.on_nack(packet.lost)
        elif isinstance(packet, RtcpPsfbPacket):
            self._take_payload_feedback(packet)

    def _take_payload_feedback(self, packet: RtcpPsfbPacket) -> None:
        if packet.fmt == RTCP_PSFB_APP:
            try:
                bitrate_bps, ssrcs = unpack_remb_fci(packet.fci)
            except (ValueError, IndexError):
                return
            for stream in self.outgoing.values():
                if stream.ssrc in ssrcs:
                    stream.estimate.on_remb(bitrate_bps)
        elif packet.fmt == RTCP_PSFB_PLI:
            wanted = self._outgoing_by_ssrc(packet.media_ssrc)
            if wanted is not None:
                wanted.on_key_frame_request()
        elif packet.fmt == RTCP_PSFB_FIR and len(packet.fci) >= 4:
            wanted = self._outgoing_by_ssrc(int.from_bytes(packet.fci[:4], "big"))
            if wanted is not None:
                wanted.on_key_frame_request()

    def _take_sender_report(self, packet: RtcpSrPacket, now_s: float) -> None:
        for stream in self.incoming.values():
            if stream.ssrc != packet.ssrc:
                continue
            info = packet.sender_info
            stream.last_report = SenderReport(info.ntp_timestamp, info.rtp_timestamp, now_s)
            sent_s = info.ntp_timestamp / (1 << 32)
            if self._clock_offset_s is None:
                self._clock_offset_s = now_s - sent_s
            source = self._sources[stream.kind]
            at_s = sent_s + self._clock_offset_s
            source.clock = SenderClock(packet.ssrc, info.rtp_timestamp, at_s)

    def _outgoing_by_ssrc(self, ssrc: int) -> OutgoingStream | None:
        for stream in self.outgoing.values():
            if stream.ssrc == ssrc:
                return stream
        return None

    def _send_nack(self, stream: IncomingStream, lost: list[int]) -> None:
        self._send_rtcp(
            bytes(
                RtcpRtpfbPacket(
                    RTCP_RTPFB_NACK, ssrc=self._own_ssrc, media_ssrc=stream.ssrc or 0, lost=lost
                )
            )
        )

    def _poll(self) -> None:
        self._polling = None
        now_s = self._loop.time()
        for stream in self.incoming.values():
            lost, gave_up = stream.poll(now_s)
            if lost:
                self._send_nack(stream, lost)
            if gave_up and stream.kind is MediaKind.VIDEO:
                self.request_key_frame(stream.kind)
            if stream.waiting and self._polling is None:
                self._polling = self._loop.call_later(POLL_S, self._poll)

    def _report(self) -> None:
        """Send a compound packet now, and again in `REPORT_S`."""
        if self._reporting is not None:
            self._reporting.cancel()
        self._reporting = self._loop.call_later(REPORT_S, self._report)
        now_s = self._loop.time()
        if self._rtcp_s is not None and now_s - self._rtcp_s > RTCP_TIMEOUT_S:
            self._rtcp_s = None
            self._owner.rtcp_flows(False)
        self._owner.looked_at(now_s)
        self._send_rtcp(b"".join(bytes(packet) for packet in self._compound(now_s)))

    def _compound(self, now_s: float) -> list[AnyRtcpPacket]:
        ntp_now = ntp_time(time.time())
        blocks = [
            _report_block(stream, now_s)
            for stream in self.incoming.values()
            if stream.ssrc is not None
        ]
        packets: list[AnyRtcpPacket] = []
        for stream in self.outgoing.values():
            info = stream.sender_info(now_s, ntp_now)
            if info is not None:
                packets.append(RtcpSrPacket(stream.ssrc, info, blocks))
                blocks = []
        if not packets:
            packets.append(RtcpRrPacket(self._own_ssrc, blocks))
        items: list[tuple[int, bytes]] = [(_CNAME, self._cname)]
        packets.append(RtcpSdesPacket([RtcpSourceInfo(self._own_ssrc, list(items))]))
        video = self.incoming.get(MediaKind.VIDEO)
        if video is not None and video.ssrc is not None:
            self.remb_bps = self._remb(video, now_s)
            fci = pack_remb_fci(self.remb_bps, [video.ssrc])
            packets.append(RtcpPsfbPacket(RTCP_PSFB_APP, self._own_ssrc, 0, fci))
        return packets

    def _remb(self, video: IncomingStream, now_s: float) -> int:
        elapsed_s = max(now_s - self._allowed_s, 1e-3)
        received_bps = 8 * (video.payload_bytes - self._received_bytes) / elapsed_s
        self._allowed_s, self._received_bytes = now_s, video.payload_bytes
        self._allowance.advance(elapsed_s, received_bps, video.fraction_lost)
        receivers_bps = self._sources[MediaKind.VIDEO].limit_bps(now_s)
        limits = self._owner.receive_limits_kbps()
        return remb_to_sender(receivers_bps, self._allowance.bitrate_bps, *limits)


def _report_block(stream: IncomingStream, now_s: float) -> RtcpReceiverInfo:
    last = stream.last_report
    return RtcpReceiverInfo(
        ssrc=stream.ssrc or 0,
        fraction_lost=stream.take_fraction_lost(),
        packets_lost=clamp_packets_lost(stream.packets_lost),
        highest_sequence=stream.highest_sequence,
        jitter=stream.jitter,
        lsr=last.ntp >> 16 & 0xFFFFFFFF if last else 0,
        dlsr=int((now_s - last.arrived_s) * 65536) if last else 0,
    )
