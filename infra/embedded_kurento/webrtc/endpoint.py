"""WebRtcEndpoint: operations, properties and events of one browser's peer connection."""

from __future__ import annotations

import itertools
import secrets
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from aiortc import RTCCertificate

from infra.embedded_kurento.elements import MediaElement
from infra.embedded_kurento.errors import (
    already_negotiated,
    offer_not_generated,
    wrong_parameter,
)
from infra.embedded_kurento.media import Codec, MediaKind, MediaSource
from infra.embedded_kurento.objects import (
    Json,
    MediaObject,
    ObjectTree,
    complex_type,
    operation,
    reads,
)
from infra.embedded_kurento.webrtc import sdp
from infra.embedded_kurento.webrtc.bitrate import SenderAllowance
from infra.embedded_kurento.webrtc.candidates import Candidate, parse_candidate
from infra.embedded_kurento.webrtc.connection import BrowserConnection
from infra.embedded_kurento.webrtc.defaults import fresh_properties
from infra.embedded_kurento.webrtc.ice_states import STREAM_ID, IceStates
from infra.embedded_kurento.webrtc.incoming import IncomingStream
from infra.embedded_kurento.webrtc.negotiation import (
    Agreement,
    RemotePeer,
    Willingness,
    agree,
    answered_directions,
)
from infra.embedded_kurento.webrtc.outgoing import OutgoingStream
from infra.embedded_kurento.webrtc.stats import inbound_stats, outbound_stats
from infra.embedded_kurento.webrtc.transport import PeerTransport, sha256_fingerprint

_KINDS = (MediaKind.AUDIO, MediaKind.VIDEO)
_descriptions = itertools.count(int(time.time()) + 2208988800)
"""Session numbers for `o=`: as in Kurento from the NTP seconds at the start, upwards."""


@dataclass(frozen=True, slots=True)
class Network:
    """The network settings that all endpoints share.

    `addresses` are offered to browsers; nothing listens at their `unserved_port`.
    """

    addresses: Sequence[str]
    certificate: RTCCertificate
    unserved_port: int


class WebRtcEndpoint(MediaElement):
    """One browser, sending, receiving, or both.

    `recvonly` and `sendonly` are the constructor's: what the endpoint, not the browser, does.
    """

    type_name: ClassVar[str] = "WebRtcEndpoint"

    def __init__(
        self,
        tree: ObjectTree,
        parent: MediaObject,
        object_id: str,
        *,
        network: Network,
        recvonly: bool = False,
        sendonly: bool = False,
        **_unused: Any,
    ) -> None:
        super().__init__(tree, parent, object_id)
        self.values |= fresh_properties()
        self._network = network
        self._willingness = Willingness(sends=not recvonly, receives=not sendonly)
        self._cname = f"user{secrets.randbits(32)}@host-{secrets.token_hex(4)}"
        self._ssrcs = {kind: secrets.randbelow(0xFFFFFFFE) + 1 for kind in _KINDS}
        self._stats_ids = {(way, kind): str(uuid.uuid4()) for way in "io" for kind in _KINDS}
        self._ice = IceStates(self)
        self._connection = BrowserConnection(self, self._send_rtcp, self._cname, self._allowance())
        self._transport: PeerTransport | None = None
        self._remote: RemotePeer | None = None
        self._sections: list[tuple[int, str]] = []
        self._early_candidates: list[Candidate | None] = []
        self._gathered = False
        self._started = False
        self._local_sdp = self._remote_sdp = ""
        self._connection_state = self._media_state = "DISCONNECTED"
        self._outgoing = {kind: self._outgoing_stream(kind) for kind in _KINDS}
        for kind in _KINDS:
            self.take(self._outgoing[kind])
            self.give(MediaSource(kind, partial(self._connection.request_key_frame, kind)))

    async def close(self) -> None:
        await super().close()
        self._ice.close()
        self._connection.end()
        if self._transport is not None:
            await self._transport.close()

    # Operations of clients

    @operation
    async def process_offer(self, offer: str) -> str:
        """Answer a browser's offer."""
        if self._transport is not None:
            raise already_negotiated()
        description = sdp.parse(offer)
        directions = self._willingness.answering(description)
        agreement = agree(description, directions)
        transport = self._open_transport(controlling=False)
        self._local_sdp = sdp.write_answer(description, self._local_media(transport), directions)
        self._remote_sdp = offer
        self._agree(agreement)
        await self._meet(transport, agreement)
        return self._local_sdp

    @operation
    def generate_offer(self, options: dict[str, Any] | None = None) -> str:
        """Make an offer to a browser; `options` can leave out what it may send."""
        if self._transport is not None:
            raise already_negotiated()
        transport = self._open_transport(controlling=True)
        directions = self._willingness.offering(options or {})
        self._sections = [(index, f"{kind.lower()}0") for index, kind in enumerate(directions)]
        self._local_sdp = sdp.write_offer(self._local_media(transport), directions)
        return self._local_sdp

    @operation
    async def process_answer(self, answer: str) -> str:
        """Take the browser's answer to `generateOffer`; returns the offer."""
        if self._transport is None:
            raise offer_not_generated()
        if self._remote is not None:
            raise already_negotiated()
        description = sdp.parse(answer)
        agreement = agree(description, answered_directions(description))
        self._remote_sdp = answer
        self._agree(agreement)
        await self._meet(self._transport, agreement)
        return self._local_sdp

    @operation
    async def gather_candidates(self) -> None:
        """Open sockets and announce their candidates; does nothing before there is an offer."""
        if self._transport is None or self._gathered:
            return
        self._gathered = True
        self._ice.gathering()
        local = await self._transport.gather(self._network.addresses)
        self._ice.gathered(local, self._network.unserved_port, self._sections)
        self._start()

    @operation
    async def add_ice_candidate(self, candidate: dict[str, Any]) -> None:
        """Add a candidate of the browser; an empty one ends them."""
        text = candidate.get("candidate")
        if not isinstance(text, str):
            raise wrong_parameter("candidate", "string")
        parsed = parse_candidate(text)
        if text and (parsed is None or not _usable(parsed)):
            return
        if self._transport is None or self._remote is None:
            self._early_candidates.append(parsed)
        else:
            await self._add(self._transport, parsed)

    @operation
    def request_keyframe(self) -> None:
        self._connection.request_key_frame(MediaKind.VIDEO)

    @operation
    def get_stats(self, media_type: str | None = None) -> Json:
        """The stats of the negotiated streams; None before negotiation."""
        kinds = _KINDS if media_type is None else (MediaKind(media_type),)
        found = {}
        for kind in kinds:
            if kind in self._connection.incoming:
                stats_id = self._stats_ids["i", kind]
                stream, remb_bps = self._connection.incoming[kind], self._connection.remb_bps
                found[stats_id] = inbound_stats(stats_id, stream, remb_bps)
            if kind in self._connection.outgoing:
                stats_id = self._stats_ids["o", kind]
                found[stats_id] = outbound_stats(stats_id, self._connection.outgoing[kind])
        return found or None

    @operation
    def get_local_session_descriptor(self) -> str:
        return self._local_sdp

    @operation
    def get_remote_session_descriptor(self) -> str:
        return self._remote_sdp

    @reads("connectionState")
    def read_connection_state(self) -> str:
        return self._connection_state

    @reads("mediaState")
    def read_media_state(self) -> str:
        return self._media_state

    @reads("IceConnectionState")
    def read_ice_connection_state(self) -> list[Json]:
        return self._ice.connections()

    @reads("ICECandidatePairs")
    def read_ice_candidate_pairs(self) -> list[Json]:
        return self._ice.pairs()

    @reads("DtlsConnectionState")
    def read_dtls_connection_state(self) -> list[Json]:
        connected = self._connection_state == "CONNECTED"
        return [
            complex_type(
                "DtlsConnection",
                componentId="1",
                connectionId=self.id,
                state="CONNECTED" if connected else "NEW",
                streamId=str(STREAM_ID),
            )
        ]

    # Calls of the transport

    def pair_selected(self) -> None:
        pair = self._transport.selected_pair() if self._transport else None
        if pair is not None:
            self._ice.selected(pair)

    def connected(self) -> None:
        self._connection_changed("CONNECTED")
        self._connection.begin()

    def ended(self, reason: str) -> None:  # noqa: ARG002 - Kurento's events have no room for it
        was_connected = self._connection_state == "CONNECTED"
        self._ice.ended("DISCONNECTED" if was_connected else "FAILED")
        self._connection.end()
        self._connection_changed("DISCONNECTED")

    # Calls of the connection

    def rtcp_flows(self, flowing: bool) -> None:
        old, self._media_state = self._media_state, "CONNECTED" if flowing else "DISCONNECTED"
        self.emit("MediaStateChanged", newState=self._media_state, oldState=old)

    def looked_at(self, now_s: float) -> None:  # noqa: ARG002
        self.pair_selected()

    def receive_limits_kbps(self) -> tuple[int, int]:
        return self.values["minVideoRecvBandwidth"], self.values["maxVideoRecvBandwidth"]

    # Internal steps

    def _open_transport(self, controlling: bool) -> PeerTransport:
        self._transport = PeerTransport(
            self._network.certificate, controlling, self, self._connection
        )
        return self._transport

    def _local_media(self, transport: PeerTransport) -> sdp.LocalMedia:
        return sdp.LocalMedia(
            number=next(_descriptions),
            ufrag=transport.ufrag,
            password=transport.password,
            fingerprint=sha256_fingerprint(self._network.certificate),
            cname=self._cname,
            ssrcs=self._ssrcs,
        )

    def _agree(self, agreement: Agreement) -> None:
        """Make the negotiated streams, and start ICE."""
        incoming: dict[int, IncomingStream] = {}
        for kind, agreed in agreement.incoming.items():
            stream = IncomingStream(kind, agreed.codecs, self.sources[kind].push)
            incoming |= dict.fromkeys(agreed.codecs, stream)
        for kind, agreed in agreement.outgoing.items():
            self._outgoing[kind].agree(agreed.codecs, agreed.abs_send_time_id)
        outgoing = {kind: self._outgoing[kind] for kind in agreement.outgoing}
        self._connection.agree(incoming, outgoing, self.sources)
        self._sections = agreement.sections
        self._remote = agreement.remote

    async def _meet(self, transport: PeerTransport, agreement: Agreement) -> None:
        """With the browser known, use the candidates that came early, and start ICE."""
        early, self._early_candidates = self._early_candidates, []
        for candidate in [*filter(_usable, agreement.candidates), *early]:
            await self._add(transport, candidate)
        self._start()

    async def _add(self, transport: PeerTransport, candidate: Candidate | None) -> None:
        await transport.add_candidate(candidate)
        if candidate is not None:
            self.pair_selected()
            self._ice.candidate_added()

    def _start(self) -> None:
        if self._gathered and self._remote and self._transport and not self._started:
            self._started = True
            self._transport.start(self._remote)

    def _send_rtp(self, data: bytes) -> bytes | None:
        return self._transport.send_rtp(data) if self._transport else None

    def _resend(self, protected: bytes) -> None:
        if self._transport is not None:
            self._transport.resend(protected)

    def _send_rtcp(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.send_rtcp(data)

    def _outgoing_stream(self, kind: MediaKind) -> OutgoingStream:
        return OutgoingStream(
            kind,
            ssrc=self._ssrcs[kind],
            send=self._send_rtp,
            resend=self._resend,
            limits_kbps=lambda: (
                self.values["minVideoSendBandwidth"],
                self.values["maxVideoSendBandwidth"],
            ),
            unsupported=self._unsupported,
        )

    def _unsupported(self, codec: Codec) -> None:
        self.emit(
            "Error",
            description=f"The browser did not agree to {codec.name}, and nothing is transcoded",
            errorCode=40111,
        )

    def _allowance(self) -> SenderAllowance:
        remb = self.values["rembParams"]
        return SenderAllowance(
            remb["rembOnConnect"], remb["exponentialFactor"], remb["decrementFactor"]
        )

    def _connection_changed(self, state: str) -> None:
        old, self._connection_state = self._connection_state, state
        if old != state:
            self.emit("ConnectionStateChanged", newState=state, oldState=old)


def _usable(candidate: Candidate) -> bool:
    return candidate.transport == "udp" and candidate.component == 1
