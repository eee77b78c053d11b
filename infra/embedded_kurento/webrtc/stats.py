"""Counters of one stream as Kurento's stats types, with the members it was recorded to send."""

from __future__ import annotations

import time

from infra.embedded_kurento.media import MediaKind
from infra.embedded_kurento.objects import Json, complex_type
from infra.embedded_kurento.webrtc.incoming import IncomingStream
from infra.embedded_kurento.webrtc.outgoing import OutgoingStream


def inbound_stats(stats_id: str, stream: IncomingStream, remb_bps: int) -> Json:
    """Stats of a stream from the browser, with the REMB sent to it; bytes are payload only."""
    return complex_type(
        "RTCInboundRTPStreamStats",
        **_common(stats_id, "inboundrtp", stream.ssrc or 0),
        bytesReceived=stream.payload_bytes,
        firCount=0,
        fractionLost=stream.fraction_lost,
        jitter=stream.jitter_s,
        nackCount=stream.nacks_sent,
        packetsLost=stream.packets_lost,
        packetsReceived=stream.packets,
        pliCount=stream.key_frames_asked,
        remb=remb_bps if stream.kind is MediaKind.VIDEO else 0,
    )


def outbound_stats(stats_id: str, stream: OutgoingStream) -> Json:
    """Stats of a stream to the browser, with the REMB that it sent last, 0 before the first."""
    return complex_type(
        "RTCOutboundRTPStreamStats",
        **_common(stats_id, "outboundrtp", stream.ssrc),
        bytesSent=stream.payload_bytes,
        firCount=0,
        fractionLost=stream.fraction_lost,
        nackCount=stream.nacks_received,
        packetsLost=stream.packets_lost,
        packetsSent=stream.packets,
        pliCount=stream.key_frames_asked,
        remb=stream.estimate.remb_bps or 0,
        roundTripTime=stream.round_trip_s,
        targetBitrate=0.0,
    )


def _common(stats_id: str, kind: str, ssrc: int) -> dict[str, Json]:
    return {
        "associateStatsId": "",
        "codecId": "",
        "id": stats_id,
        "isRemote": False,
        "mediaTrackId": "",
        "sliCount": 0,
        "ssrc": str(ssrc),
        "timestampMillis": int(time.time() * 1000),
        "transportId": "",
        "type": kind,
    }
