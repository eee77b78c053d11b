"""What a Janus reports of itself: sessions, handles, and what a handle carries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from farm.model.webrtc_stats import MediaKind


@dataclass(frozen=True, slots=True)
class JanusStream:
    """One direction of an m-line of a handle; counters are totals. `inbound`: Janus receives it.

    `packets_lost` of an outbound one is what its receiver reports (RTCP). `nacks` are those that
    its receiver sent.
    """

    handle: int
    plugin: str
    direction: Literal["inbound", "outbound"]
    kind: MediaKind
    packets: int | None
    octets: int | None
    packets_lost: int | None
    nacks: int | None
    round_trip_time_s: float | None


@dataclass(frozen=True, slots=True)
class JanusSample:
    """The sessions and handles that a Janus has; `streams` are a few of all, others in the next."""

    received_s: float
    sessions: int
    handles: int
    streams: tuple[JanusStream, ...] = ()
