"""paramiko's transport, with our order of host keys and the server's disconnect message."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from typing import cast

import paramiko

from farm.ssh.first_words import GreetingRecorder

Way = socket.socket | paramiko.Channel
"""What carries the bytes of a connection: a socket, or a channel of the hop before."""


class Transport(paramiko.Transport):
    """A paramiko transport that keeps what the server says of itself.

    `farewell` is the text of the server's disconnect message, else empty; `greeting` has its first
    bytes; `peer_address` is the address connected to, `None` if that is no Internet socket, or is
    gone.
    """

    server_extensions: dict[str, bytes]

    def __init__(self, way: Way, host_key_algorithms: Sequence[str]) -> None:
        self.greeting = GreetingRecorder(way)
        super().__init__(cast(Way, self.greeting))
        self._host_key_algorithms = tuple(host_key_algorithms)
        self.peer_address = _peer_address(way)
        self.farewell = ""

    @property
    def preferred_keys(self) -> Sequence[str]:
        """Algorithms of host keys, those of certificates among them, the preferred ones first."""
        return self._host_key_algorithms

    @property
    def here(self) -> bool:
        """Whether the other end is this machine, by its address."""
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
    except OSError:  # the handshake will fail with a message
        return None
    return address
