"""Arrays for the figures of one trial, on run time, NaN where unknown. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from farm.model.trial_evidence import Phases
from farm.model.webrtc_stats import MediaKind
from reports.series.grid import Array, Grid
from reports.series.janus_view import JanusSeries
from reports.series.server_strain import ServerStrain
from reports.series.server_threads import ThreadSeries


@dataclass(frozen=True, slots=True, eq=False)
class ServerSeries:
    """The server's machine and its media server's process, second by second, `(seconds,)` each.

    `cpu_percent` is of the whole machine; `process_cpu_percent` and `busiest_thread_percent` are of
    one core. `hold_cpu_percent` is the machine's mean over the hold, as `TrialResult` has it.
    """

    time_s: Array
    cpu_percent: Array
    process_cpu_percent: Array
    busiest_thread_percent: Array
    steal_percent: Array
    process_rss_bytes: Array
    process_threads: Array
    process_descriptors: Array
    received_bps: Array
    sent_bps: Array
    hold_cpu_percent: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class HostSeries:
    """One machine of the generator, second by second, `(seconds,)` each.

    `busiest_thread_percent` is of one core. `used` has the cores that each program used, by its
    name; `wait_each_s` is the mean time that a thread of the probes waited for a core each time.
    `hold_cpu_percent` is the mean over the hold, of which `TrialResult` has the busiest host's.
    """

    host: str
    time_s: Array
    cpu_percent: Array
    busiest_thread_percent: Array
    cores: int | None
    wait_each_s: Array
    used: Mapping[str, Array]
    hold_cpu_percent: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ByProbe:
    """Each probe's figures over the hold, `(probes,)` each, in session order.

    Only streams that are owed count. Bitrates are payload, the sum of all streams of a kind;
    `frame_rate` is that of its slowest received video, `slowest` names that video's sender where it
    receives several (`from p001`). `lost_down` is the post-repair loss of its worst received
    stream, `lost_up` that of its worst sent one by the server's reports.
    """

    probes: tuple[str, ...]
    sessions: tuple[str, ...]
    roles: tuple[str, ...]
    sent_bps: Mapping[MediaKind, Array]
    received_bps: Mapping[MediaKind, Array]
    lost_down: Array
    lost_up: Array
    frame_rate: Array
    slowest: tuple[str, ...]

    @property
    def together(self) -> str:
        """Words beside bitrates that are sums, where a probe has several streams of a kind."""
        return " together" if any(self.slowest) else ""


@dataclass(frozen=True, slots=True, eq=False)
class SessionWindows:
    """The worst stream of each session by window: `lost[i, j]` of `sessions[i]` in window `j`.

    `probes` are in each session, `absent` those of them that never joined. `lost` is post-repair
    loss, down, and up by the server's reports, `repaired` the NACK / retransmission ratio;
    `lost_packets` and `repaired_packets` are numbers of packets. Of receivers: `frozen` is the
    freeze ratio beyond what switches of speakers may take, `gap_s` the longest time without a
    packet, `frames_lacking` the share of the frames due that did not come, `missing` whether a
    stream had no packet at all. Streams count while they are owed. NaN where unknown. `start_s` and
    `end_s` are the windows' in run time. `unit` is the word for a row: in a broadcast a row may be
    a viewer, named by its probe.
    """

    sessions: tuple[str, ...]
    probes: tuple[tuple[str, ...], ...]
    absent: tuple[tuple[str, ...], ...]
    start_s: Array
    end_s: Array
    lost: Array
    lost_packets: Array
    repaired: Array
    repaired_packets: Array
    frozen: Array
    gap_s: Array
    frames_lacking: Array
    missing: NDArray[np.bool_]
    unit: str = "session"


@dataclass(frozen=True, slots=True, eq=False)
class SetupTimes:
    """How long each expected stream took from offer to first media; NaN: it never came."""

    probes: tuple[str, ...]
    kinds: tuple[MediaKind, ...]
    setup_s: Array


@dataclass(frozen=True, slots=True, eq=False)
class TrialSeries:
    """All arrays of one trial. Grids hold the probes that have such streams, in session order.

    `loss` is post-repair loss over the window that ends with each second. In a `mixed` trial each
    probe receives the server's mix; `partners` is the largest number of videos (audios, where there
    are none) of others that a probe is owed. `asked_frame_rates` are those that pages asked their
    cameras for, the lowest first. Of several videos of a probe `frame_rate` has the slowest, of
    several streams `loss` the worst, and bitrates are sums. `viewer_windows` are those of a
    broadcast, whose viewers pass or fail one by one.
    """

    phases: Phases
    window_s: float
    mixed: bool
    partners: int
    asked_frame_rates: tuple[float, ...]
    sent_bps: Mapping[MediaKind, Grid]
    received_bps: Mapping[MediaKind, Grid]
    loss: Grid
    frame_rate: Grid
    server: ServerSeries | None
    threads: ThreadSeries | None
    hosts: tuple[HostSeries, ...]
    by_probe: ByProbe
    session_windows: SessionWindows
    viewer_windows: SessionWindows | None
    setups: SetupTimes
    strain: ServerStrain | None = None
    janus: JanusSeries | None = None
