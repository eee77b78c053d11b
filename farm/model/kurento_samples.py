"""What Kurento reported of itself: endpoints, elements, pipelines."""

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
    """What the media server holds, by its own word; `elements` counts them by type.

    `endpoints` are a few of all, another few in the next sample.
    """

    received_s: float
    pipelines: int
    elements: tuple[tuple[str, int], ...]
    used_cpu_percent: float | None
    used_memory_bytes: int | None
    endpoints: tuple[EndpointStats, ...] = ()


@dataclass(frozen=True, slots=True)
class KurentoElement:
    """An object of a pipeline; of a hub's port the id begins with the hub's."""

    id: str
    type: str


@dataclass(frozen=True, slots=True)
class KurentoConnection:
    """Media that flows; `transcoded` `None`: the server does not say."""

    source: str
    sink: str
    kind: MediaKind
    transcoded: bool | None


@dataclass(frozen=True, slots=True)
class KurentoTopology:
    """A pipeline as it is built."""

    elements: tuple[KurentoElement, ...]
    connections: tuple[KurentoConnection, ...]
