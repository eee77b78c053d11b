"""ICE candidates: parsed as browsers write them, written as Kurento writes them. Pure.

Kurento announces each address with six candidates: UDP, TCP active and TCP passive, for components
1 and 2. This server serves the first of them; see `announced`.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

_UDP_PRIORITY = 2015363327
_TCP_ACTIVE_PRIORITY = 1015021823
_TCP_PASSIVE_PRIORITY = 1010827519

PEER_REFLEXIVE_PRIORITY = 1853824767
"""Kurento's priority of a remote address that only connectivity checks showed."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One candidate (RFC 8839 5.1). `transport` is in lower case."""

    foundation: str
    component: int
    transport: str
    priority: int
    address: str
    port: int
    type: str

    def __str__(self) -> str:
        return (
            f"candidate:{self.foundation} {self.component} {self.transport.upper()} "
            f"{self.priority} {self.address} {self.port} typ {self.type}"
        )


def parse_candidate(text: str) -> Candidate | None:
    """The candidate in an `IceCandidate.candidate`; None if it is invalid or cannot be used.

    As in Kurento an invalid one is no error. Names (`.local`) are not looked up: the browser's
    own checks show its address.
    """
    parts = text.removeprefix("a=").removeprefix("candidate:").split()
    if len(parts) < 8 or parts[6] != "typ":
        return None
    foundation, component, transport, priority, address, port, _, kind = parts[:8]
    try:
        ipaddress.ip_address(address)
        return Candidate(
            foundation, int(component), transport.lower(), int(priority), address, int(port), kind
        )
    except ValueError:
        return None


def local_candidate(index: int, address: str, port: int) -> Candidate:
    """The UDP candidate of component 1 for the `index`-th address: the one that is served."""
    return Candidate(
        f"{3 * index + 1}", 1, "udp", _UDP_PRIORITY - index * 256, address, port, "host"
    )


def announced(local: list[Candidate], unserved_port: int) -> list[str]:
    """All candidates to announce, in Kurento's order.

    `unserved_port` stands for what this server does not serve: TCP, and component 2, which no
    browser asks with rtcp-mux. It must be a port where nobody listens, and above 1024: Chromium
    refuses candidates below.
    """
    lines = []
    for component in (1, 2):
        for index, candidate in enumerate(local):
            lower = component - 1 + index * 256
            port = candidate.port if component == 1 else unserved_port
            for offset, transport, priority, its_port, suffix in (
                (0, "UDP", _UDP_PRIORITY, port, ""),
                (1, "TCP", _TCP_ACTIVE_PRIORITY, 9, " tcptype active"),
                (2, "TCP", _TCP_PASSIVE_PRIORITY, unserved_port, " tcptype passive"),
            ):
                lines.append(
                    f"candidate:{3 * index + 1 + offset} {component} {transport} "
                    f"{priority - lower} {candidate.address} {its_port} typ host{suffix}"
                )
    return lines
