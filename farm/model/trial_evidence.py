"""What a trial came to, computed from its recording: all that a verdict is made of.

All times called `_s` without another word are run time. `None` is unknown, never 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from farm.model.host_samples import HostSample
from farm.model.kurento_samples import KurentoSample
from farm.model.server_samples import ResetReport, ServerSample
from farm.model.trial_plan import Direction, TrialPlan
from farm.model.webrtc_stats import MediaKind


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
