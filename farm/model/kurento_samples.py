"""What Kurento reports of itself: endpoints, elements, pipelines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from farm.model.webrtc_stats import MediaKind


@dataclass(frozen=True, slots=True)
class EndpointStats:
    """One of the statistics that Kurento's `WebRtcEndpoint.getStats` gives; counters are totals.

    `inbound` is what the server received from the probe.
    """

    endpoint: str
    direction: Literal["inbound", "outbound"]
    kind: MediaKind
    packets: int | None
    octets: int | None
    packets_lost: int | None
    nacks: int | None
    plis: int | None
    jitter_s: float | None
    round_trip_time_s: float | None
    remb_bps: int | None


@dataclass(frozen=True, slots=True)
class KurentoSample:
    """The objects that the media server reports to have; `elements` counts them by type.

    `endpoints` are a few of all, others in the next sample.
    """

    received_s: float
    pipelines: int
    elements: tuple[tuple[str, int], ...]
    used_cpu_percent: float | None
    used_memory_bytes: int | None
    endpoints: tuple[EndpointStats, ...] = ()


@dataclass(frozen=True, slots=True)
class KurentoElement:
    """An object of a pipeline; the id of a hub's port begins with the hub's."""

    id: str
    type: str


@dataclass(frozen=True, slots=True)
class KurentoConnection:
    """A connection with media; `transcoded` `None`: the server does not report it."""

    source: str
    sink: str
    kind: MediaKind
    transcoded: bool | None


@dataclass(frozen=True, slots=True)
class KurentoTopology:
    """The elements and connections of a pipeline."""

    elements: tuple[KurentoElement, ...]
    connections: tuple[KurentoConnection, ...]
