"""The values of a trial: what was planned, what it came to, what it was judged to be.

All times called `_s` without another word are run time: seconds of the controller's monotonic clock
since the start of the run. Ratios are 0 to 1, percentages 0 to 100; `None` is unknown, never 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from farm.experiment import Fidelity
from farm.observations import HostSample
from farm.server_observations import KurentoSample, ResetReport, ServerSample
from farm.webrtc_stats import MediaKind

Direction = Literal["inbound", "outbound"]
Purpose = Literal["single", "baseline", "search", "drift", "watch"]
Phase = Literal["reset", "ramp", "settle", "hold", "leave", "done"]

# ---------------------------------------------------------------- what is planned


@dataclass(frozen=True, slots=True)
class Line:
    """What Chromium emulates between a probe and the world; `latency_s` is added one way.

    `profile` is the name it came from. Without a limit a rate is `None`.
    """

    profile: str
    latency_s: float = 0.0
    loss_ratio: float = 0.0
    up_kbps: int | None = None
    down_kbps: int | None = None


@dataclass(frozen=True, slots=True)
class ProbePlan:
    """One browser page: who it is and what it has to do.

    `sends` and `receives` have the kind of each stream that is owed: `receives` of a member of a
    forwarded room of three is audio, audio, video, video.
    `variables` fill the templates of the driver's steps. `poll_phase` (0 to 1) is the share of the
    poll's period after which this probe polls, so that they do not all poll at once. `start_s`
    counts from the start of its session: the viewers of a broadcast come one after the other.
    `recorded_as` is the name of the file that the server makes of what it sends; `None`: it is not
    recorded, or the farm does not know the name.
    """

    probe: str
    session: str
    role: str
    host: str
    poll_phase: float
    variables: Mapping[str, str]
    sends: tuple[MediaKind, ...]
    receives: tuple[MediaKind, ...]
    line: Line | None = None
    start_s: float = 0.0
    recorded_as: str | None = None
    fidelity: Fidelity = "full"


@dataclass(frozen=True, slots=True)
class SessionPlan:
    """One call, room or broadcast. `start_s` counts from the start of the ramp."""

    session: str
    start_s: float
    probes: tuple[ProbePlan, ...]


@dataclass(frozen=True, slots=True)
class TrialPlan:
    """One load. Streams of a `mixed` scenario are not what a partner sent, but the server's mix.

    `own_app`: the page is our demo app's, part of the generator. `media_assumed`: neither the
    experiment nor the driver says whether a room is mixed; it is taken for forwarded.
    """

    index: int
    load: int
    purpose: Purpose
    sessions: tuple[SessionPlan, ...]
    mixed: bool = False
    own_app: bool = False
    media_assumed: bool = False

    @property
    def probes(self) -> tuple[ProbePlan, ...]:
        return tuple(probe for session in self.sessions for probe in session.probes)

    @property
    def folder(self) -> str:
        """`000-load-002`."""
        return f"{self.index:03d}-load-{self.load:03d}"


# ---------------------------------------------------------------- what it comes to


@dataclass(frozen=True, slots=True)
class Phases:
    """When the parts of a trial began, in run time; `None`: never reached."""

    ramp_s: float | None = None
    settle_s: float | None = None
    hold_s: float | None = None
    leave_s: float | None = None
    done_s: float | None = None


@dataclass(frozen=True, slots=True)
class StreamInterval:
    """One RTP stream of one probe in one window of the hold.

    Inbound is what the probe received. Bitrates are payload (no headers; what is sent again is not
    counted for a sender). `polls` counts the polls of the page: with none all figures are unknown;
    with some, but without the stream, they are those of silence (0 packets, stalled throughout).
    `track` counts the probe's streams of that direction and kind: first those that it is owed, then
    others. `owed` is false of those others, and while a page itself gives nothing to send.
    `edge_payload_bytes` is how much of a sent stream's payload the window's first poll or its last
    one counted, whichever is more. `asked_frame_rate` is what the page asked the camera of a sent
    video for; `is_resized`: its pictures had several sizes in the window; `is_taken_over`: another
    stream that was there already went on in its place. `packets_lost` is what `packetsLost` moved,
    of a sent stream the server's (`remote-inbound-rtp`); it falls where late packets came. See
    "What counts" in docs/method.md for how each figure is made.
    """

    probe: str
    session: str
    role: str
    direction: Direction
    kind: MediaKind
    window: int
    start_s: float
    end_s: float
    polls: int
    packets: int | None = None
    payload_bytes: int | None = None
    edge_payload_bytes: int | None = None
    bitrate_bps: float | None = None
    residual_loss_ratio: float | None = None
    repair_ratio: float | None = None
    frame_rate: float | None = None
    frame_width: int | None = None
    frame_height: int | None = None
    stalled_ratio: float | None = None
    gap_s: float | None = None
    target_bitrate_bps: float | None = None
    capture_frame_rate: float | None = None
    round_trip_time_s: float | None = None
    jitter_s: float | None = None
    packets_lost: int | None = None
    quality_limited_by_cpu_ratio: float | None = None
    track: int = 0
    owed: bool = True
    asked_frame_rate: float | None = None
    is_resized: bool = False
    is_taken_over: bool = False


@dataclass(frozen=True, slots=True)
class StreamIdentity:
    """What a track of `StreamInterval` is: a stream that is owed, or another that was seen.

    `senders` are the probes that it may come from: one where it is known, none for what is sent or
    mixed. `sent_tracks` are the sender's own tracks of it, each with the time from which on it is
    that one, -1 where nobody knows which. `connection` and `mid` are those it had
    last, and `scalability_mode` how it is encoded (W3C webrtc-svc), empty where unknown; `began_s`
    and `ended_s` are its first and last packet, in run time. A `strange` one is like nothing that
    was sent, though others of the probe are like what their senders sent.
    """

    probe: str
    direction: Direction
    kind: MediaKind
    track: int
    owed: bool
    seen: bool
    senders: tuple[str, ...] = ()
    sent_tracks: tuple[tuple[float, int], ...] = ()
    connection: str = ""
    mid: str = ""
    scalability_mode: str = ""
    began_s: float | None = None
    ended_s: float | None = None
    strange: bool = False


@dataclass(frozen=True, slots=True)
class LayerInterval:
    """One encoding of a stream that has several (simulcast), in one window of the hold.

    `rid` is the encoding's name, its SSRC where it has none. `bitrate_bps` is payload.
    """

    probe: str
    kind: MediaKind
    track: int
    rid: str
    window: int
    bitrate_bps: float | None
    frame_rate: float | None
    frame_width: int | None
    frame_height: int | None


PAUSED = "paused all its encodings"
"""An act of a page that sends what it is asked for: it owes nothing then, and is owed all."""


@dataclass(frozen=True, slots=True)
class PageAct:
    """A page stopped sending or receiving of its own accord at `at_s`; `what` says how.

    `on_one_connection`: on one of several, while it went on on another.
    """

    probe: str
    kind: MediaKind
    at_s: float
    what: str
    on_one_connection: bool = False


@dataclass(frozen=True, slots=True)
class StreamSetup:
    """How long an owed stream took from offer to first media; `None`: it never came.

    `late_s` is the part of it for which somebody could have sent: a sender who joined later than
    the receiver made its offer is waited for only from then on.
    """

    probe: str
    session: str
    role: str
    kind: MediaKind
    setup_s: float | None
    track: int = 0
    late_s: float | None = None

    @property
    def waited_s(self) -> float | None:
        """What counts against the limit; `None`: it never came."""
        return self.setup_s if self.late_s is None else self.late_s


@dataclass(frozen=True, slots=True)
class JoinOutcome:
    """`reason` and `message` are the join error's when it did not join."""

    probe: str
    session: str
    joined: bool
    join_s: float | None = None
    reason: str | None = None
    message: str = ""
    at_s: float | None = None


@dataclass(frozen=True, slots=True)
class PollCount:
    """Polls of a probe in the hold: expected, received, and received late."""

    probe: str
    expected: int
    received: int
    late: int


FaultKind = Literal[
    "server_died",
    "app_died",
    "browser_crashed",
    "host_lost",
    "sampling_lost",
    "recording_missing",  # of a session: a file not there, empty, too short, or without a track
    "recordings_unknown",
]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that broke and is named in the table "what broke" (docs/method.md)."""

    what: FaultKind
    at_s: float
    message: str
    session: str | None = None


@dataclass(frozen=True, slots=True)
class FirstToFall:
    """The receiver whose low estimate a sender was told to keep to, and all other receivers too.

    `at_s` is when the estimate of `probe` fell, `fell_s` when the target of `sender` did, from
    `before_bps` to `after_bps`.
    """

    sender: str
    probe: str
    at_s: float
    estimate_bps: float
    fell_s: float
    before_bps: float
    after_bps: float


@dataclass(frozen=True, slots=True)
class TrialEvidence:
    """All that a verdict is made of, computed from one trial's recording.

    `streams` says what the tracks of `intervals` are, `layers` what encodings they are made of, and
    `left` which pages closed their connections in the hold, and when; `never_connected` has for a
    probe the last `connectionState` of each connection that never was connected.
    `stayed_full` are light probes, each with why a stream of theirs had to be coded after all;
    `unplayed` are probes that did not play the audio that they received.
    """

    plan: TrialPlan
    phases: Phases
    window_s: float
    intervals: Sequence[StreamInterval]
    setups: tuple[StreamSetup, ...]
    joins: tuple[JoinOutcome, ...]
    polls: tuple[PollCount, ...]
    host_samples: tuple[HostSample, ...]
    server_samples: tuple[ServerSample, ...]
    faults: tuple[Fault, ...] = ()
    reset: ResetReport | None = None
    kurento_samples: tuple[KurentoSample, ...] = ()
    stayed_full: tuple[tuple[str, str], ...] = ()
    unplayed: tuple[str, ...] = ()
    first_to_fall: FirstToFall | None = None
    streams: tuple[StreamIdentity, ...] = ()
    layers: tuple[LayerInterval, ...] = ()
    acts: tuple[PageAct, ...] = ()
    left: Mapping[str, float] = field(default_factory=dict)
    never_connected: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


class Outcome(StrEnum):
    """`invalid`: the generator was at fault; the server is not blamed."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    INVALID = "invalid"


ASSUMED_MEDIA, LEFT = "assumed_media", "left"
"""Codes of reasons that are nobody's fault: what is owed is not known; a page left by itself."""

OTHER_PROGRAMS = "other_programs"
"""The code of a reason: programs that are none of the farm's had the CPU of a host."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a unit or a trial is not good: everything needed to find it again.

    `sender` is whom a received stream comes from, or whom it may come from (`p001 or p002`).
    """

    code: str
    message: str
    probe: str | None = None
    session: str | None = None
    stream: str | None = None
    value: float | None = None
    limit: float | None = None
    at_s: float | None = None
    sender: str | None = None


@dataclass(frozen=True, slots=True)
class WorstSession:
    """The session whose users had it worst, its figures over the whole hold.

    Each is that of its worst received stream: no mean of several.
    """

    session: str
    residual_loss_ratio: float | None
    video_bitrate_bps: float | None
    frame_rate: float | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reasons` are sorted, the worst first; a pass may carry remarks in `notes`.

    `windows` is how many of the hold the media were judged by, None in a recording of a farm that
    did not say. `by_last_window`: it failed by what was in the last of them alone, so that nobody
    saw whether it would have gone on.
    """

    outcome: Outcome
    reasons: tuple[Reason, ...]
    units: int
    units_failed: int
    established: int
    worst_session: WorstSession | None = None
    notes: tuple[str, ...] = ()
    windows: int | None = None
    by_last_window: bool = False


@dataclass(frozen=True, slots=True)
class LineAchieved:
    """What an emulated line did to its `probes`, medians over them; `asked` `None`: no emulation.

    The round trip is the one to the server. Bitrates are payload, of all of a probe's streams of
    that way together.
    """

    asked: Line | None
    probes: int
    round_trip_time_s: float | None
    up_loss_ratio: float | None
    down_loss_ratio: float | None
    video_up_bps: float | None
    video_down_bps: float | None


@dataclass(frozen=True, slots=True)
class KurentoFigures:
    """The media server's own view of a trial: the most it held, and what it kept afterwards.

    `left_behind` counts pipelines that outlived their sessions, `None` where that is not known.
    """

    pipelines: int
    elements: int
    used_memory_bytes: int | None
    left_behind: int | None


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
    lines: tuple[LineAchieved, ...] = ()
    kurento: KurentoFigures | None = None
    server_memory_bytes: float | None = None
    server_cpu_minutes_percent: tuple[float, ...] = ()
