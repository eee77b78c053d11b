"""What a connection to a browser leaves behind when it is closed before it is there."""

from __future__ import annotations

import asyncio

import psutil
from aiortc import RTCCertificate

from infra.embedded_kurento.webrtc.negotiation import RemotePeer
from infra.embedded_kurento.webrtc.transport import PeerTransport

BROWSER = RemotePeer("ufrag", "a password of twenty two", (("sha-256", "00"),), client=True)


class Deaf:
    """Hears how the connection goes and gets its media; nothing must come of a closed one."""

    def pair_selected(self) -> None:
        raise AssertionError

    def connected(self) -> None:
        raise AssertionError

    def ended(self, reason: str) -> None:
        raise AssertionError(reason)

    def rtp_received(self, data: bytes) -> None:
        raise AssertionError

    def rtcp_received(self, data: bytes) -> None:
        raise AssertionError


def new_transport() -> PeerTransport:
    return PeerTransport(RTCCertificate.generateCertificate(), False, Deaf(), Deaf())


def udp_sockets() -> int:
    return len(psutil.Process().net_connections("udp"))


async def test_closed_while_it_gathers_it_leaves_no_socket_open() -> None:
    before = udp_sockets()
    transport = new_transport()
    gathering = asyncio.create_task(transport.gather(["127.0.0.1"]))
    await asyncio.sleep(0)

    await transport.close()

    assert await gathering == []
    assert udp_sockets() == before


async def test_nothing_is_begun_once_it_is_closed() -> None:
    transport = new_transport()
    await transport.close()
    tasks = asyncio.all_tasks()

    transport.start(BROWSER)

    assert asyncio.all_tasks() == tasks
