"""Values: what limited a server, the signs of it, and the resources that the server has. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from farm.attribution.cross_correlation import CrossCorrelation
from farm.attribution.impairment_scope import ImpairmentScope

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
    "driver",
    "unknown",
]


@dataclass(frozen=True, slots=True)
class ServerResources:
    """The resources of the server; None where unknown.

    `process_cores` are those that the media server may use, as far as the experiment says,
    `shared` says that probes ran there, `own_cores` that they ran on other cores than it did.
    `network_bps` is the lower of the rates of its interface and of its type of machine.
    """

    memory_bytes: int | None = None
    cores: int | None = None
    process_cores: int | None = None
    shared: bool = False
    own_cores: bool = False
    network_bps: float | None = None


@dataclass(frozen=True, slots=True)
class SaturationSign:
    """How close a resource was to saturation: from a `share` of 1 on it was saturated.

    `said` is that in a clause; `counted`: a refusal that the kernel counted (a packet dropped, a
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
    """What limited the server; `evidence` is a sentence, `signs` are all, the strongest first.

    `driver`: nothing is known of the server, as steps of the driver failed before anything came.
    `lagged` are the cross-correlations of resources with quality, `company` is the scope of the
    impairment. `at_any_load`: joins fail as often at the smallest load, so that the load is not
    known to be why.
    """

    resource: Resource
    evidence: str
    signs: tuple[SaturationSign, ...] = ()
    moved: NetworkTraffic | None = None
    lagged: tuple[CrossCorrelation, ...] = ()
    company: ImpairmentScope | None = None
    at_any_load: bool = False
