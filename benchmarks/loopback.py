"""Captures the packets on the loopback interface."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

ETHERNET_BYTES = 14
PACKET_OUTGOING = 4
ALL_PROTOCOLS = 0x0003
SO_TIMESTAMPNS = 35
TIMESPEC = struct.Struct("@qq")


class LoopbackCapture:
    """Captures on `lo` while its block runs, in a thread of its own. Needs CAP_NET_RAW.

    `see` is called with each packet of UDP in IPv4, from its IP header on, and the kernel's time of
    it (wall clock): on a busy machine it is read much later.
    """

    def __init__(self, see: Callable[[bytes, float], None]) -> None:
        self._see = see
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL_PROTOCOLS))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._socket.bind(("lo", 0))
        self._socket.settimeout(0.2)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._listen)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ending.set()
        self._thread.join()
        self._socket.close()

    def _listen(self) -> None:
        while not self._ending.is_set():
            try:
                frame, control, _, (_, _, direction, *_) = self._socket.recvmsg(65536, 64)
            except TimeoutError:
                continue
            ip = frame[ETHERNET_BYTES:]
            # Each frame on lo passes twice, on its way out and in.
            if direction == PACKET_OUTGOING and _is_udp(ip):
                ((_, _, at),) = control
                seconds, nanoseconds = TIMESPEC.unpack(at)
                self._see(ip, seconds + nanoseconds / 1e9)


def _is_udp(ip: bytes) -> bool:
    return len(ip) >= 28 and ip[0] >> 4 == 4 and ip[9] == socket.IPPROTO_UDP


def udp_payload(ip: bytes) -> bytes:
    """The UDP payload of a packet that `LoopbackCapture` captured."""
    return ip[udp_header(ip) + 8 : int.from_bytes(ip[2:4])]


def udp_header(ip: bytes) -> int:
    """The offset of the UDP header, which begins with the sender's port."""
    return (ip[0] & 15) * 4
