"""The W3C webrtc-stats dictionaries that the farm keeps, one class a type.

Names are as W3C writes them (https://www.w3.org/TR/webrtc-stats/); a member that a browser did not
report is `None`, never 0. The classes are the one list of fields that page and Python share: the
page sends what `page_fields()` names and nothing else, the recording has a column for each.
`timestamp` is in milliseconds of the page's wall clock, as W3C has it.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal

MediaKind = Literal["audio", "video"]
MEDIA_KINDS: tuple[MediaKind, ...] = ("audio", "video")


@dataclass(frozen=True, slots=True, kw_only=True)
class RtcStats:
    """Members that every dictionary has (RTCStats)."""

    type: ClassVar[str]
    id: str
    timestamp: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RtpStream(RtcStats):
    """RTCRtpStreamStats."""

    ssrc: int | None = None
    kind: str | None = None
    transportId: str | None = None
    codecId: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundRtp(RtpStream):
    """RTCInboundRtpStreamStats: what this probe received from the server."""

    type: ClassVar[str] = "inbound-rtp"
    mid: str | None = None
    trackIdentifier: str | None = None
    remoteId: str | None = None
    packetsReceived: int | None = None
    packetsLost: int | None = None
    packetsDiscarded: int | None = None
    bytesReceived: int | None = None
    headerBytesReceived: int | None = None
    retransmittedPacketsReceived: int | None = None
    retransmittedBytesReceived: int | None = None
    lastPacketReceivedTimestamp: float | None = None
    jitter: float | None = None
    jitterBufferDelay: float | None = None
    jitterBufferTargetDelay: float | None = None
    jitterBufferMinimumDelay: float | None = None
    jitterBufferEmittedCount: int | None = None
    nackCount: int | None = None
    pliCount: int | None = None
    firCount: int | None = None
    framesReceived: int | None = None
    framesDecoded: int | None = None
    framesRendered: int | None = None
    framesDropped: int | None = None
    framesAssembledFromMultiplePackets: int | None = None
    keyFramesDecoded: int | None = None
    framesPerSecond: float | None = None
    frameWidth: int | None = None
    frameHeight: int | None = None
    qpSum: int | None = None
    totalDecodeTime: float | None = None
    totalInterFrameDelay: float | None = None
    totalSquaredInterFrameDelay: float | None = None
    totalProcessingDelay: float | None = None
    freezeCount: int | None = None
    pauseCount: int | None = None
    totalFreezesDuration: float | None = None
    totalPausesDuration: float | None = None
    totalSamplesReceived: int | None = None
    totalSamplesDuration: float | None = None
    concealedSamples: int | None = None
    silentConcealedSamples: int | None = None
    concealmentEvents: int | None = None
    insertedSamplesForDeceleration: int | None = None
    removedSamplesForAcceleration: int | None = None
    audioLevel: float | None = None
    totalAudioEnergy: float | None = None
    estimatedPlayoutTimestamp: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundRtp(RtpStream):
    """RTCOutboundRtpStreamStats: what this probe sent to the server."""

    type: ClassVar[str] = "outbound-rtp"
    mid: str | None = None
    rid: str | None = None
    mediaSourceId: str | None = None
    remoteId: str | None = None
    packetsSent: int | None = None
    bytesSent: int | None = None
    headerBytesSent: int | None = None
    retransmittedPacketsSent: int | None = None
    retransmittedBytesSent: int | None = None
    targetBitrate: float | None = None
    totalEncodedBytesTarget: int | None = None
    framesEncoded: int | None = None
    framesSent: int | None = None
    keyFramesEncoded: int | None = None
    hugeFramesSent: int | None = None
    framesPerSecond: float | None = None
    frameWidth: int | None = None
    frameHeight: int | None = None
    qpSum: int | None = None
    totalEncodeTime: float | None = None
    totalPacketSendDelay: float | None = None
    nackCount: int | None = None
    pliCount: int | None = None
    firCount: int | None = None
    active: bool | None = None
    qualityLimitationReason: str | None = None
    qualityLimitationResolutionChanges: int | None = None
    encoderImplementation: str | None = None
    scalabilityMode: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteInboundRtp(RtpStream):
    """RTCRemoteInboundRtpStreamStats: the server's receiver reports on what we sent."""

    type: ClassVar[str] = "remote-inbound-rtp"
    localId: str | None = None
    packetsLost: int | None = None
    fractionLost: float | None = None
    jitter: float | None = None
    roundTripTime: float | None = None
    totalRoundTripTime: float | None = None
    roundTripTimeMeasurements: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteOutboundRtp(RtpStream):
    """RTCRemoteOutboundRtpStreamStats: the server's sender reports."""

    type: ClassVar[str] = "remote-outbound-rtp"
    localId: str | None = None
    packetsSent: int | None = None
    bytesSent: int | None = None
    reportsSent: int | None = None
    remoteTimestamp: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaSource(RtcStats):
    """RTCVideoSourceStats and RTCAudioSourceStats: the camera and the microphone."""

    type: ClassVar[str] = "media-source"
    kind: str | None = None
    trackIdentifier: str | None = None
    width: int | None = None
    height: int | None = None
    frames: int | None = None
    framesPerSecond: float | None = None
    audioLevel: float | None = None
    totalAudioEnergy: float | None = None
    totalSamplesDuration: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidatePair(RtcStats):
    """RTCIceCandidatePairStats."""

    type: ClassVar[str] = "candidate-pair"
    transportId: str | None = None
    localCandidateId: str | None = None
    remoteCandidateId: str | None = None
    state: str | None = None
    nominated: bool | None = None
    packetsSent: int | None = None
    packetsReceived: int | None = None
    bytesSent: int | None = None
    bytesReceived: int | None = None
    totalRoundTripTime: float | None = None
    currentRoundTripTime: float | None = None
    responsesReceived: int | None = None
    consentRequestsSent: int | None = None
    availableOutgoingBitrate: float | None = None
    availableIncomingBitrate: float | None = None
    packetsDiscardedOnSend: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transport(RtcStats):
    """RTCTransportStats."""

    type: ClassVar[str] = "transport"
    packetsSent: int | None = None
    packetsReceived: int | None = None
    bytesSent: int | None = None
    bytesReceived: int | None = None
    iceState: str | None = None
    dtlsState: str | None = None
    selectedCandidatePairId: str | None = None
    selectedCandidatePairChanges: int | None = None
    srtpCipher: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate(RtcStats):
    """RTCIceCandidateStats of either side."""

    address: str | None = None
    port: int | None = None
    protocol: str | None = None
    candidateType: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalCandidate(Candidate):
    type: ClassVar[str] = "local-candidate"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteCandidate(Candidate):
    type: ClassVar[str] = "remote-candidate"


@dataclass(frozen=True, slots=True, kw_only=True)
class DataChannel(RtcStats):
    """RTCDataChannelStats, and how long messages took to be answered.

    The last two are no members of W3C's: browser_scripts/watch_channels.js counts them, where a
    driver says what an answer is. They are named as those of RTCRemoteInboundRtpStreamStats.
    """

    type: ClassVar[str] = "data-channel"
    label: str | None = None
    protocol: str | None = None
    dataChannelIdentifier: int | None = None
    state: str | None = None
    messagesSent: int | None = None
    bytesSent: int | None = None
    messagesReceived: int | None = None
    bytesReceived: int | None = None
    roundTripTimeMeasurements: int | None = None
    totalRoundTripTime: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Codec(RtcStats):
    """RTCCodecStats."""

    type: ClassVar[str] = "codec"
    mimeType: str | None = None
    payloadType: int | None = None
    clockRate: int | None = None
    channels: int | None = None
    sdpFmtpLine: str | None = None


STATS_TYPES: Mapping[str, type[RtcStats]] = {
    cls.type: cls
    for cls in (
        InboundRtp,
        OutboundRtp,
        RemoteInboundRtp,
        RemoteOutboundRtp,
        MediaSource,
        CandidatePair,
        Transport,
        LocalCandidate,
        RemoteCandidate,
        Codec,
        DataChannel,
    )
}


def page_fields() -> dict[str, list[str]]:
    """The members that the page sends: `{type: [member, ...]}`."""
    return {name: [field.name for field in fields(cls)] for name, cls in STATS_TYPES.items()}


def columns(cls: type[RtcStats]) -> dict[str, type]:
    """Member names of `cls` with their Python type (`int`, `float`, `str`, `bool`), in order."""
    return {
        name: _scalar(hint)
        for name, hint in typing.get_type_hints(cls).items()
        if _is_field(cls, name)
    }


def parse(report: Mapping[str, Any]) -> RtcStats | None:
    """One dictionary of a `getStats()` report; `None` for a type that the farm does not keep.

    Members that the class does not know are dropped: the page did not send them on purpose.
    """
    cls = STATS_TYPES.get(report.get("type", ""))
    if cls is None:
        return None
    names = _NAMES[cls]
    return cls(**{name: value for name, value in report.items() if name in names})


def _is_field(cls: type[RtcStats], name: str) -> bool:
    return name in _NAMES[cls]


def _scalar(hint: Any) -> type:
    if isinstance(hint, types.UnionType):
        (hint,) = (part for part in typing.get_args(hint) if part is not types.NoneType)
    return typing.cast(type, hint)


_NAMES: Mapping[type[RtcStats], frozenset[str]] = {
    cls: frozenset(field.name for field in fields(cls)) for cls in STATS_TYPES.values()
}
