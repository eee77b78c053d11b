"""What limited a server, as a value; what the server had to be limited in. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from farm.attribution.cross_correlation import Lagged
from farm.attribution.impairment_scope import Company

Resource = Literal[
    "cpu_total",
    "cpu_thread",
    "cpu_quota",
    "cpu_steal",
    "memory",
    "disk",
    "network_bits",
    "network_packets",
    "udp_buffers",
    "descriptors",
    "signalling",
    "generator",
    "ceiling",
    "unknown",
]


@dataclass(frozen=True, slots=True)
class ServerResources:
    """What the server had; None where nobody knows.

    `process_cores` are those that the media server may use, as far as the experiment says,
    `shared` says that probes ran there, `own_cores` that they ran on other cores than it did.
    `network_bps` is the slower one of its interface and of what its type of machine may carry.
    """

    memory_bytes: int | None = None
    cores: int | None = None
    process_cores: int | None = None
    shared: bool = False
    own_cores: bool = False
    network_bps: float | None = None


@dataclass(frozen=True, slots=True)
class SaturationSign:
    """How near a resource came to its end: `share` 1 and above is there.

    `said` is half a sentence; `counted`: a refusal that the kernel counted (a packet dropped, a
    process killed), not only a figure near its limit.
    """

    resource: Resource
    share: float
    said: str
    counted: bool = False


@dataclass(frozen=True, slots=True)
class NetworkTraffic:
    """What the server's interface carried, means over the hold of the trial at the capacity."""

    received_bps: float | None
    sent_bps: float | None
    received_packets_per_s: float | None
    sent_packets_per_s: float | None


@dataclass(frozen=True, slots=True)
class LimitedBy:
    """`evidence` is a sentence; `signs` are all that was looked at, the nearest to its end first.

    `lagged` sets each resource against quality, second by second; `company` says which probes
    suffered together.
    """

    resource: Resource
    evidence: str
    signs: tuple[SaturationSign, ...] = ()
    moved: NetworkTraffic | None = None
    lagged: tuple[Lagged, ...] = ()
    company: Company | None = None
