"""ICE, DTLS and SRTP with one browser: the only module that uses aiortc's private names.

aiortc's transports are used without its peer connection, receivers and senders, as those decode.
Datagrams are demultiplexed where they arrive (RFC 7983): aiortc handles STUN and DTLS; SRTP is
decrypted and passed on at once, in the socket's own callback, without a queue or a task.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

import pylibsrtp
from aioice.candidate import Candidate as AioiceCandidate
from aioice.ice import StunProtocol
from aiortc import (
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
    RTCIceGatherer,
    RTCIceParameters,
    RTCIceTransport,
)

from infra.embedded_kurento.webrtc.candidates import (
    PEER_REFLEXIVE_PRIORITY,
    Candidate,
    local_candidate,
)
from infra.embedded_kurento.webrtc.negotiation import RemotePeer

DATAGRAM_BYTES = 4096
"""More than any packet that a browser sends (they keep below 1500)."""

CONNECT_TIMEOUT_S = 60.0
"""For ICE and DTLS together; a browser that is later needs a new endpoint."""


class TransportListener(Protocol):
    """Called about the state of the connection, on the event loop's thread."""

    def pair_selected(self) -> None:
        """ICE has selected a pair: `PeerTransport.selected_pair`."""

    def connected(self) -> None:
        """DTLS is done: media may flow."""

    def ended(self, reason: str) -> None:
        """The connection failed, or the browser is gone. Not called after `close`."""


class MediaReceiver(Protocol):
    """Gets decrypted packets."""

    def rtp_received(self, data: bytes) -> None: ...

    def rtcp_received(self, data: bytes) -> None: ...


class PeerTransport:
    """One bundled transport: `gather`, then `start` with the browser's parameters, then `close`.

    `controlling` is the ICE role of the side that made the offer (RFC 8445 6.1.1).
    """

    def __init__(
        self,
        certificate: RTCCertificate,
        controlling: bool,
        listener: TransportListener,
        receiver: MediaReceiver,
    ) -> None:
        self._listener = listener
        self._receiver = receiver
        self._gatherer = RTCIceGatherer(iceServers=[])
        self._connection = self._gatherer._connection
        self._connection.ice_controlling = controlling
        self._ice = RTCIceTransport(self._gatherer)
        self._dtls = RTCDtlsTransport(self._ice, [certificate])
        self._addresses: list[str] = []
        self._receiving: pylibsrtp.Session | None = None
        self._sending: pylibsrtp.Session | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._shutting: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def ufrag(self) -> str:
        return self._connection.local_username

    @property
    def password(self) -> str:
        return self._connection.local_password

    async def gather(self, addresses: Sequence[str]) -> list[Candidate]:
        """Open a UDP socket on each address (aioice itself leaves out 127.0.0.1).

        If it is closed meanwhile, no socket is left open and no candidate is found.
        """
        found = await self._connection.get_component_candidates(1, list(addresses))
        if self._closed:
            await self._connection.close()
            return []
        self._connection._local_candidates += found
        self._connection._local_candidates_start = True
        self._connection._local_candidates_end = True
        self._addresses = [each.host for each in found]
        for protocol in self._connection._protocols:
            self._take_media_from(protocol)
        return self._local_candidates()

    async def add_candidate(self, candidate: Candidate | None) -> None:
        """Add a candidate of the browser, None for the end of them. Only UDP ones are used."""
        if candidate is None:
            if not self._gatherer._remote_candidates_end:
                await self._ice.addRemoteCandidate(None)
        elif not self._gatherer._remote_candidates_end:
            await self._connection.add_remote_candidate(
                AioiceCandidate(
                    foundation=candidate.foundation,
                    component=1,
                    transport="udp",
                    priority=candidate.priority,
                    host=candidate.address,
                    port=candidate.port,
                    type=candidate.type,
                )
            )

    def start(self, peer: RemotePeer) -> None:
        """Begin to connect; the listener is called about it. Does nothing after `close`."""
        if self._closed:
            return
        self._connecting = asyncio.create_task(self._connect(peer))

    def selected_pair(self) -> tuple[Candidate, Candidate] | None:
        """Our candidate and the browser's, None without a connection."""
        pair = self._connection._nominated.get(1)
        if pair is None:
            return None
        host, port = pair.local_addr
        local = local_candidate(self._addresses.index(host), host, port)
        remote = pair.remote_candidate
        reflexive = remote.type == "prflx"
        return local, Candidate(
            foundation="remote1" if reflexive else remote.foundation,
            component=1,
            transport="udp",
            priority=PEER_REFLEXIVE_PRIORITY if reflexive else remote.priority,
            address=remote.host,
            port=remote.port,
            type=remote.type,
        )

    def send_rtp(self, data: bytes) -> bytes | None:
        """Encrypt and send; returns the sent bytes, None if it could not be sent."""
        if self._sending is None:
            return None
        try:
            protected = self._sending.protect(data)
        except (pylibsrtp.Error, ValueError):
            return None
        self.resend(protected)
        return protected

    def resend(self, protected: bytes) -> None:
        """Send once more what `send_rtp` returned."""
        pair = self._connection._nominated.get(1)
        if pair is not None:
            pair.protocol.transport.sendto(protected, pair.remote_addr)

    def send_rtcp(self, data: bytes) -> None:
        if self._sending is not None:
            self.resend(self._sending.protect_rtcp(data))

    async def close(self) -> None:
        self._closed = True
        if self._shutting is None:
            self._shutting = asyncio.create_task(self._shut())
        await self._shutting
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.wait([self._connecting])

    async def _connect(self, peer: RemotePeer) -> None:
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await self._ice.start(RTCIceParameters(peer.ufrag, peer.password))
                if self._ice.state != "completed":
                    self._end("ICE failed")
                    return
                self._listener.pair_selected()
                self._dtls._set_role("server" if peer.client else "client")
                fingerprints = [RTCDtlsFingerprint(*each) for each in peer.fingerprints]
                await self._dtls.start(RTCDtlsParameters(fingerprints))
        except TimeoutError:
            self._end(f"no connection within {CONNECT_TIMEOUT_S:.0f} s")
            return
        if self._dtls.state != "connected" or self._closed:
            self._end("DTLS failed")
            return
        self._receiving = self._dtls._rx_srtp
        self._sending = self._dtls._tx_srtp
        self._dtls.on("statechange", self._dtls_changed)
        self._listener.connected()

    def _dtls_changed(self) -> None:
        if self._dtls.state in {"closed", "failed"}:
            self._end("the browser is gone")

    def _end(self, reason: str) -> None:
        """The connection is over: close the sockets, and call the listener."""
        self._sending = self._receiving = None
        if self._shutting is None:
            self._shutting = asyncio.create_task(self._shut())
        if not self._closed:
            self._listener.ended(reason)

    async def _shut(self) -> None:
        self._sending = self._receiving = None
        await self._dtls.stop()
        await self._ice.stop()
        await self._connection.close()

    def _local_candidates(self) -> list[Candidate]:
        return [
            local_candidate(index, each.host, each.port)
            for index, each in enumerate(self._connection.local_candidates)
        ]

    def _take_media_from(self, protocol: StunProtocol) -> None:
        signalling_received = protocol.datagram_received

        def datagram_received(data: bytes | str, address: tuple[object, ...]) -> None:
            if isinstance(data, bytes) and len(data) > 1 and 128 <= data[0] < 192:
                self._media_received(data)
            else:
                signalling_received(data, address)

        # asyncio makes room for 256 KiB before each read; with 4 KiB a packet costs a tenth less.
        protocol.transport.max_size = DATAGRAM_BYTES  # type: ignore[attr-defined]
        protocol.datagram_received = datagram_received  # type: ignore[method-assign, assignment]

    def _media_received(self, data: bytes) -> None:
        session = self._receiving
        if session is None:
            return
        is_rtcp = 192 <= data[1] <= 223
        try:
            plain = session.unprotect_rtcp(data) if is_rtcp else session.unprotect(data)
        except (pylibsrtp.Error, ValueError):
            return  # forged, repeated or broken: treated as lost
        if is_rtcp:
            self._receiver.rtcp_received(plain)
        else:
            self._receiver.rtp_received(plain)


def sha256_fingerprint(certificate: RTCCertificate) -> str:
    fingerprints = certificate.getFingerprints()
    return next(each.value for each in fingerprints if each.algorithm == "sha-256")
