"""RTP as it crossed the loopback interface, counted by SSRC."""

from __future__ import annotations

import socket
import struct
import threading
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

ETHERNET_BYTES = 14
PACKET_OUTGOING = 4
ALL_PROTOCOLS = 0x0003
SO_TIMESTAMPNS = 35
TIMESPEC = struct.Struct("@qq")


@dataclass
class Stream:
    """When each packet of an SSRC was seen (wall clock), and how long its UDP payload was."""

    times_s: list[float] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)

    def until(self, wall_s: float) -> tuple[int, int]:
        """Packets and bytes of UDP payload seen so far."""
        packets = bisect_right(self.times_s, wall_s)
        return packets, sum(self.lengths[:packets])


class LoopbackCapture:
    """Listens on `lo` while its block runs. Needs root in the network namespace."""

    def __init__(self) -> None:
        self.streams: defaultdict[int, Stream] = defaultdict(Stream)
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL_PROTOCOLS))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        # The kernel says when: on a busy machine it is long before we read.
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
                frame, told, _, (_, _, direction, *_) = self._socket.recvmsg(65536, 64)
            except TimeoutError:
                continue
            # Each frame on lo passes twice, on its way out and in.
            if direction == PACKET_OUTGOING:
                ((_, _, at),) = told
                seconds, nanoseconds = TIMESPEC.unpack(at)
                self._see(frame[ETHERNET_BYTES:], seconds + nanoseconds / 1e9)

    def _see(self, ip: bytes, wall_s: float) -> None:
        if len(ip) < 40 or ip[0] >> 4 != 4 or ip[9] != socket.IPPROTO_UDP:
            return
        header = (ip[0] & 15) * 4
        payload = ip[header + 8 : int.from_bytes(ip[2:4])]
        if len(payload) >= 12 and payload[0] >> 6 == 2 and not 192 <= payload[1] <= 223:  # RFC 7983
            stream = self.streams[int.from_bytes(payload[8:12])]
            stream.times_s.append(wall_s)
            stream.lengths.append(len(payload))
