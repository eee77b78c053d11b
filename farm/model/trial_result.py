"""The result of one trial, `result.json`: its verdict and figures."""

from __future__ import annotations

from dataclasses import dataclass

from farm.model.trial_evidence import Phases
from farm.model.trial_plan import AccessLink, Purpose
from farm.model.verdict import Verdict


@dataclass(frozen=True, slots=True)
class AccessLinkAchieved:
    """What an emulated access link achieved, medians over its `probes`; `asked` `None`: none.

    The round trip is the one to the server. Bitrates are payload, of all of a probe's streams of
    that direction together.
    """

    asked: AccessLink | None
    probes: int
    round_trip_time_s: float | None
    up_loss_ratio: float | None
    down_loss_ratio: float | None
    video_up_bps: float | None
    video_down_bps: float | None


@dataclass(frozen=True, slots=True)
class KurentoFigures:
    """Figures that Kurento reported in a trial: the most that it had, and what was left afterwards.

    `left_behind` counts pipelines that outlived their sessions, `None` where that is not known.
    """

    pipelines: int
    elements: int
    used_memory_bytes: int | None
    left_behind: int | None


@dataclass(frozen=True, slots=True)
class JanusFigures:
    """Figures that a Janus reported in a trial: the most that it had, and what was left afterwards.

    `lost_ratio` is the share of packets that it lost on the way from probes, of the streams that
    were looked at. `sessions_left` and `handles_left` outlived the trial's; `None`: not known.
    """

    sessions: int
    handles: int
    lost_ratio: float | None
    sessions_left: int | None
    handles_left: int | None


@dataclass(frozen=True, slots=True)
class TrialResult:
    """`result.json`: one trial in figures, means over the hold.

    `server_memory_bytes` is the media server's own, the machine's where its process was not seen.
    `server_cpu_minutes_percent` are means of 60 s, as autoscalers read it; of the whole minutes.
    """

    index: int
    load: int
    purpose: Purpose
    verdict: Verdict
    phases: Phases
    server_cpu_percent: float | None
    server_process_cpu_percent: float | None
    host_cpu_percent: float | None
    video_bitrate_bps: float | None
    residual_loss_ratio: float | None
    frame_rate: float | None
    setup_median_s: float | None
    setup_worst_s: float | None
    lines: tuple[AccessLinkAchieved, ...] = ()
    kurento: KurentoFigures | None = None
    server_memory_bytes: float | None = None
    server_cpu_minutes_percent: tuple[float, ...] = ()
    janus: JanusFigures | None = None
