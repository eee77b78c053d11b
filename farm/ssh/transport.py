"""paramiko's transport, with host keys in an order of ours, and with what the server says last."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from typing import cast

import paramiko

from farm.ssh.first_words import Overheard

Way = socket.socket | paramiko.Channel
"""What the bytes of a connection go through: a socket, or a channel of the hop before."""


class Transport(paramiko.Transport):
    """`farewell` is why the server hung up, in its words, if it said so; `overheard` what it said
    at first; `peer_address` whom the socket was connected to, `None` where it is no socket of the
    Internet's, or is gone already."""

    server_extensions: dict[str, bytes]

    def __init__(self, way: Way, host_key_algorithms: Sequence[str]) -> None:
        self.overheard = Overheard(way)
        super().__init__(cast(Way, self.overheard))
        self._host_key_algorithms = tuple(host_key_algorithms)
        self.peer_address = _peer_address(way)
        self.farewell = ""

    @property
    def preferred_keys(self) -> Sequence[str]:
        """Algorithms of host keys, those of certificates among them, the preferred ones first."""
        return self._host_key_algorithms

    @property
    def here(self) -> bool:
        """Whether the other end is this machine, as far as its address says."""
        address = self.peer_address
        return address is not None and ipaddress.ip_address(address).is_loopback

    def _parse_disconnect(self, message: paramiko.Message) -> None:
        """RFC 4253, section 11.1; paramiko only logs it."""
        message.get_int()
        self.farewell = " ".join(message.get_binary().decode(errors="replace").split())


def _peer_address(way: Way) -> str | None:
    if not isinstance(way, socket.socket) or way.family == socket.AF_UNIX:
        return None
    try:
        address: str = way.getpeername()[0]
    except OSError:  # the handshake will fail, and say so
        return None
    return address
