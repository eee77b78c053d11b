"""What pages of probes report: polls of their statistics, and events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from farm.model.webrtc_stats import MediaKind, RtcStats


@dataclass(frozen=True, slots=True)
class FirstMedia:
    """The first decoded frame (video) or packet (audio) of a received track, in page time."""

    track: str
    kind: MediaKind
    page_time_s: float


@dataclass(frozen=True, slots=True)
class ConnectionProgress:
    """How far a connection without media came: `ice` and `gathering` are W3C's states of them.

    `answered`: both descriptions are set; `receives`: a transceiver was negotiated to receive.
    Candidates are not counted any more once ICE is connected.
    """

    ice: str
    gathering: str
    answered: bool
    receives: bool
    local_candidates: int | None
    remote_candidates: int | None


@dataclass(frozen=True, slots=True)
class ConnectionReport:
    """One `RTCPeerConnection` of a page at one poll.

    `connection` is unique among its probe's. `offered_s` is the page time of its first
    `createOffer` or `setLocalDescription`. `progress` is reported until it is connected and has its
    first media, for join errors; it is not recorded.
    """

    connection: str
    state: str
    offered_s: float | None
    first_media: tuple[FirstMedia, ...]
    stats: tuple[RtcStats, ...]
    progress: ConnectionProgress | None = None


@dataclass(frozen=True, slots=True)
class PageReport:
    """One poll of one page.

    `page_time_s` is the page's wall clock, the host's two clocks were read when it arrived.
    `late_s` is how much after its schedule the page polled.
    """

    probe: str
    page_time_s: float
    host_monotonic_s: float
    host_wall_s: float
    late_s: float
    connections: tuple[ConnectionReport, ...]


CANCELLED = "cancelled"
EMPTY = "answered with an empty text"
"""Answers to dialogs, as their events have them behind "was"."""

MOST_DIALOGS = 50
MOST_OF_ONE_DIALOG = 10
"""So many dialogs of a probe are recorded, and so many times the same one."""

MOST_CONSOLE_LINES = 100
"""So many lines of a probe's consoles are recorded."""

EventKind = Literal[
    "opened",  # page loaded, hooks in
    "joining",  # the driver's first step
    "joined",  # the driver's last `joined` step
    "loaded",  # a tab loaded a document: data holds url, tab, after_step_s (0: within a step)
    "skipped",  # a step of the driver that was not due, such as if_visible: data holds place
    "after_join",  # steps of the hold: data holds number, place, took_s; where one failed reason,
    # screenshot
    "setup",  # first media of a received track: data holds kind, setup_s
    "failed",  # could not join: data holds reason, screenshot
    "left",
    "console",  # console.error and warnings
    "page_error",  # an uncaught exception
    "dialog",  # the farm answered an alert, confirm, prompt or beforeunload: data holds type, text,
    # answer, unexpected (no step had said how), step (the driver's last), after_step_s (0: in it)
    "socket_closed",  # a WebSocket of the page: data holds code, url
    "connection",  # an RTCPeerConnection changed its state: data holds by_page (its close()),
    # its tab (0: the probe's own) and frame (empty: the tab's document)
    "candidate_error",  # a STUN or TURN server gave no candidate: data holds connection, url, code
    "sender",  # what an RTCRtpSender is given to send, at first and whenever it changed: data holds
    # connection, mid, kind, track, source, state, failed, enabled, active, direction, its settings
    "receiver",  # a page does not want what comes on an m-line any more, or does again: data holds
    # connection, mid, kind, wanted, direction
    "channel",  # a data channel opened, closed or failed: data holds connection, id, label, state,
    # by_page, error
    "fidelity",  # of a stream of a light probe: data holds fidelity (tiny: it should be full, but
    # its browser refused that; lost: its frames were), and the reason why it is not simply light
    "audio",  # what becomes of received audio: data holds played
    "crashed",  # a renderer, or its whole browser
    "screenshot",  # data holds file
    "step",  # of a driver, in `farm driver check`: data holds part, number, took_s, reason, file
]


@dataclass(frozen=True, slots=True)
class ProbeEvent:
    """An event of a probe, on its host's monotonic clock."""

    probe: str
    kind: EventKind
    host_monotonic_s: float
    message: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Joined:
    """A probe has joined its session, in seconds from the driver's first step."""

    probe: str
    join_s: float


CpuUser = Literal["probes", "farm", "media_server", "others"]
"""The owner of a process on a host: `farm` is the controller, or its service there, with the farm's
own demo app."""
