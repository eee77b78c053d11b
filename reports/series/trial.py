"""What figures of one trial are drawn from: frozen arrays on run time, NaN where unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from farm.model.trial_evidence import Phases
from farm.model.webrtc_stats import MediaKind
from reports.series.grid import Array, Grid
from reports.series.server_strain import ServerStrain
from reports.series.server_threads import ThreadSeries


@dataclass(frozen=True, slots=True, eq=False)
class ServerSeries:
    """The server's machine and its media server's process, second by second, `(seconds,)` each.

    `cpu_percent` is of the whole machine; `process_cpu_percent` and `busiest_thread_percent` are of
    one core. `held_cpu_percent` is the machine's mean over the hold, as `TrialResult` has it.
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
    held_cpu_percent: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class HostSeries:
    """One machine of the generator, second by second, `(seconds,)` each.

    `busiest_thread_percent` is of one core. `used` are how many of its `cores` each user had, by
    its name; `wait_each_s` is how long a thread of the probes waited for one each time, the mean.
    `held_cpu_percent` is the mean over the hold, of which `TrialResult` has the busiest host's.
    """

    host: str
    time_s: Array
    cpu_percent: Array
    busiest_thread_percent: Array
    cores: int | None
    wait_each_s: Array
    used: Mapping[str, Array]
    held_cpu_percent: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ByProbe:
    """Each probe's figures over the hold, `(probes,)` each, in session order.

    They are of the streams that are owed. Bitrates are payload, of all streams of a kind together;
    `frame_rate` is that of its slowest received video, `slowest` says whose that is where it has
    several (`from p001`). `lost_down` is what it missed after repair of its worst stream, `lost_up`
    what the server says it missed of one.
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
        """What is said beside bitrates: that they are sums, where a probe has several streams."""
        return " together" if any(self.slowest) else ""


@dataclass(frozen=True, slots=True, eq=False)
class SessionWindows:
    """What the worst stream of each session had: `lost[i, j]` of `sessions[i]` in window `j`.

    `probes` are in each session, `absent` those of them that never joined. `lost` is residual loss,
    down, and up as the server's reports have it, `repaired` what came again; `lost_packets` and
    `repaired_packets` are how many packets those are. Of receivers: `stood_still` is the share of
    the window without a new picture, `gap_s` the longest time without a packet, `frames_lacking`
    the share of the frames due that did not come, `missing` whether a stream had no packet at all.
    Streams count while they are owed. NaN where nobody saw it. `start_s` and `end_s` are the
    windows' in run time. `unit` is the word for a row: each viewer of a broadcast may stand for
    itself, named as its probe.
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
    stood_still: Array
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
    """One trial. Grids hold the probes that have such streams, in session order.

    `loss` is residual: lost after repair, over the window that ends with each second. In a `mixed`
    trial nobody receives what another sent, but the server's mix; `partners` is how many others'
    pictures (sounds, where there are none) a probe is owed at most. `asked_frame_rates` are those
    that pages asked their cameras for, the lowest first. Of several videos of a probe `frame_rate`
    has the slowest, of several streams `loss` the worst, and bitrates are all of them together.
    `viewer_windows` are those of a broadcast, whose viewers pass or fail one by one.
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
