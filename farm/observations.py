"""What pages and the machines that run them said: values that hosts hand over, as they came.

Times called `_s` without another word are run time; others name their clock. Ratios are 0 to 1,
percentages 0 to 100; `None` is unknown, never 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from farm.webrtc_stats import MediaKind, RtcStats

# ---------------------------------------------------------------- what a page says


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
    `setLocalDescription`. `progress` is told until it is connected and has its first media,
    for join errors: it is not recorded.
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


EventKind = Literal[
    "opened",  # page loaded, hooks in
    "joining",  # the driver's first step
    "joined",  # the driver's last `joined` step
    "setup",  # first media of a received track: data holds kind, setup_s
    "failed",  # could not join: data holds reason, screenshot
    "left",
    "console",  # console.error and warnings
    "page_error",  # an uncaught exception
    "socket_closed",  # a WebSocket of the page: data holds code, url
    "connection",  # an RTCPeerConnection changed its state: data holds whether by_page, its close()
    "candidate_error",  # a STUN or TURN server gave no candidate: data holds connection, url, code
    "sender",  # what an RTCRtpSender is given to send, at first and whenever it changed: data holds
    # connection, mid, kind, track, source, state, failed, enabled, active, direction, its settings
    "receiver",  # a page does not want what comes on an m-line any more, or does again: data holds
    # connection, mid, kind, wanted, direction
    "fidelity",  # of a stream of a light probe: data holds fidelity, and why where it is full
    "audio",  # what becomes of received audio: data holds played
    "crashed",  # a renderer, or its whole browser
    "screenshot",  # data holds file
]


@dataclass(frozen=True, slots=True)
class ProbeEvent:
    """Something that happened to a probe, on its host's monotonic clock."""

    probe: str
    kind: EventKind
    host_monotonic_s: float
    message: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Joined:
    """A probe is in its session: seconds from the driver's first step."""

    probe: str
    join_s: float


# ---------------------------------------------------------------- what its machine says


@dataclass(frozen=True, slots=True)
class HostFacts:
    host: str
    place: str
    hostname: str
    cores: int
    memory_bytes: int
    kernel: str
    chromium: str


@dataclass(frozen=True, slots=True)
class HostLook:
    """What a machine far away is and has, before anything is started on it.

    `farm` is its code (`farm.own_code`), `free_ports` are UDP ports for browsers. What is wrong is
    in `chromium_trouble`, with no `chromium` then, and `app_trouble`.
    """

    hostname: str
    cores: int
    memory_bytes: int
    kernel: str
    farm: str
    chromium: str | None
    chromium_trouble: str | None
    free_ports: int | None
    free_bytes: int
    app_trouble: str | None


CpuUser = Literal["probes", "farm", "media_server", "others"]
"""Whose a process on a host is: `farm` is the controller, or what stands for it there, with the
farm's own demo app."""


@dataclass(frozen=True, slots=True)
class CpuShare:
    """How many cores a user of a host's CPU had; of others by program, `None`: not seen by name.

    `low_priority`: it leaves its core when it is asked to (nice 10 and up, the idle class).
    """

    user: CpuUser
    program: str | None
    cores: float
    low_priority: bool = False


@dataclass(frozen=True, slots=True)
class CpuWait:
    """Seconds that threads, all together, had a core, seconds in which they were ready to run and
    had none, and how often one was given a core."""

    run_s: float
    wait_s: float
    turns: int


@dataclass(frozen=True, slots=True)
class HostSample:
    """One second of a machine that runs probes; CPU of the cores that it may use.

    `cpu_wait` is of the browsers' threads, `media_server_cpu_wait` of the media server's where it
    runs on this machine, `None` where the kernel does not tell. `cpu_pressure_percent` is the
    share of the time in which something here, or in the control group, waited for a core
    (`/proc/pressure/cpu`, "some"). `cpu_users` are who had the cores, out of `cores`.
    `cpu_limit_cores` is the quota of the control groups that the browsers are in,
    `cpu_throttled_percent` the share of its periods in which it was used up.
    `media_server_cpu_percent` and `media_server_cpu_users` are of the `media_server_cores` on which
    a media server here may run.
    `udp_drops` are packets for which the browsers' sockets had no room, `app_late_s` is how late
    the loop of the farm's own demo app was, where one runs: one host of a trial tells it.
    `run_s` is filled in when a recording is read: the host's clock as run time.
    """

    host: str
    host_monotonic_s: float
    cpu_percent: float | None
    steal_percent: float | None
    busiest_thread: str | None
    busiest_thread_percent: float | None
    memory_available_bytes: int | None
    loop_late_s: float | None
    run_s: float | None = None
    memory_bytes: int | None = None
    udp_drops: int | None = None
    app_late_s: float | None = None
    cores: int | None = None
    cpu_wait: CpuWait | None = None
    cpu_pressure_percent: float | None = None
    cpu_users: tuple[CpuShare, ...] | None = None
    cpu_limit_cores: float | None = None
    cpu_throttled_percent: float | None = None
    media_server_cpu_wait: CpuWait | None = None
    media_server_cores: int | None = None
    media_server_cpu_percent: float | None = None
    media_server_cpu_users: tuple[CpuShare, ...] | None = None


@dataclass(frozen=True, slots=True)
class ClockReading:
    """Add `offset_s` to a source's monotonic clock to get run time; true within `error_s`."""

    source: str
    offset_s: float
    error_s: float
    at_s: float
