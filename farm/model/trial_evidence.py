"""Evidence: figures of a trial, computed from its recording, from which it is judged.

All times called `_s` without another word are run time. `None` is unknown, never 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from farm.model.data_channels import ChannelEnd, DataInterval
from farm.model.host_samples import HostSample
from farm.model.janus_samples import JanusSample
from farm.model.kurento_samples import KurentoSample
from farm.model.page_acts import (
    FailedHoldSteps,
    FailedLeave,
    NoConnection,
    PageAct,
    PageDialog,
    PageLoad,
    Reconnection,
)
from farm.model.server_samples import ResetReport, ServerSample
from farm.model.session_roles import SentMedia
from farm.model.trial_plan import Direction, TrialPlan
from farm.model.webrtc_stats import MediaKind


@dataclass(frozen=True, slots=True)
class Phases:
    """When the phases of a trial began, in run time; `None`: never reached."""

    ramp_s: float | None = None
    settle_s: float | None = None
    hold_s: float | None = None
    leave_s: float | None = None
    done_s: float | None = None


@dataclass(frozen=True, slots=True)
class StreamInterval:
    """One RTP stream of one probe in one window of the hold.

    Inbound is what the probe received. Bitrates are payload (without headers; retransmissions are
    not counted for a sender). `polls` counts the polls of the page: with none all figures are
    unknown; with some, but without the stream, they are those of silence (0 packets, frozen
    throughout). `track` counts the probe's streams of that direction and kind: first those that it
    is owed, then others. `owed` is false of those others, and while a page itself gives nothing to
    send. `edge_payload_bytes` is how much of a sent stream's payload the window's first poll or its
    last one counted, whichever is more. `asked_frame_rate` is what the page asked the camera of a
    sent video for; `is_resized`: its frames had several sizes in the window; `is_taken_over`:
    another stream that existed already continued in its place; `is_screen`: it is owed as a screen,
    which may stand still; `key_frames` were decoded of a received video. `packets_lost` is the
    change of `packetsLost`, of a sent stream the server's (`remote-inbound-rtp`), which tells of
    `packets_reported` packets; late packets reduce it. See "What counts" in docs/method.md for how
    each figure is made.
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
    is_screen: bool = False
    key_frames: int | None = None
    packets_reported: int | None = None


@dataclass(frozen=True, slots=True)
class StreamIdentity:
    """The stream of a track of `StreamInterval`: one that is owed, or another that was seen.

    `senders` are the probes that it may come from, or `SERVER`: one where it is known, none for
    what is sent or mixed. `sent_tracks` are the sender's own tracks of it, each with the time from
    which on it is that one, -1 where unknown. `connection` and `mid` are those it had last, and
    `scalability_mode` how it is encoded (W3C webrtc-svc), empty where unknown; `began_s` and
    `ended_s` are its first and last packet, in run time. A `strange` one is similar to nothing that
    was sent, though others of the probe are similar to what their senders sent. `screen`: it is
    owed as a screen.
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
    screen: bool = False

    @property
    def media(self) -> SentMedia:
        """What it is in words of a plan: its kind, or a screen that is owed."""
        return "screen" if self.screen else self.kind


@dataclass(frozen=True, slots=True)
class LayerInterval:
    """One encoding of a stream that has several (simulcast), in one window of the hold.

    `rid` is the encoding's name, its SSRC where it has none. `bitrate_bps` is payload. The ratios
    are shares of the window's polls: `inactive_ratio` while the page had it inactive, the others
    while the encoder limited it (W3C `qualityLimitationReason`).
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
    target_bitrate_bps: float | None = None
    inactive_ratio: float | None = None
    limited_by_bandwidth_ratio: float | None = None
    limited_by_cpu_ratio: float | None = None
    scalability_mode: str = ""
    codec: str = ""


@dataclass(frozen=True, slots=True)
class EncodingSettings:
    """What a page set of an encoding of a sent video (W3C RTCRtpEncodingParameters), at last.

    `rid` is empty for a stream's only encoding; `None` and an empty text are what it left to the
    browser. `is_changed`: it was different earlier in the hold.
    """

    probe: str
    track: int
    rid: str
    is_active: bool
    scale_resolution_down_by: float | None
    max_bitrate_bps: float | None
    max_frame_rate: float | None
    scalability_mode: str
    is_changed: bool


@dataclass(frozen=True, slots=True)
class ReceivedLayer:
    """A span of the hold, in run time, in which a receiver was given one layer of a sender's video.

    `layer` is the encoding's rid, with a spatial and a temporal layer (`h S1 T0`, W3C webrtc-svc)
    where it has several of them and the highest is not given; where it is empty `why` says why it
    is unknown. A span begins at the poll that showed it. The size is that of the first frame seen.
    """

    probe: str
    track: int
    sender: str
    begin_s: float
    end_s: float
    layer: str
    why: str
    frame_width: int | None
    frame_height: int | None


@dataclass(frozen=True, slots=True)
class StreamSetup:
    """The time of an owed stream from offer to first media; `None`: it never came.

    `late_s` is the part of it in which a sender had joined, where the sender joined after the
    receiver's offer.
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
        """The time that is compared with the limit; `None`: it never came."""
        return self.setup_s if self.late_s is None else self.late_s


@dataclass(frozen=True, slots=True)
class JoinOutcome:
    """Whether a probe joined; else `reason` and `message` are the join error's."""

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
    "light_probe",  # it had to be a full one, and its browser refused that; or it lost its frames
    "sampling_lost",
    "recording_missing",  # of a session: a file not there, empty, too short, or without a track
    "recordings_unknown",
]


@dataclass(frozen=True, slots=True)
class Fault:
    """A failure of server or generator, with its code in docs/method.md."""

    what: FaultKind
    at_s: float
    message: str
    session: str | None = None


@dataclass(frozen=True, slots=True)
class FirstToFall:
    """The receiver whose low bandwidth estimate lowered a sender's target for all receivers.

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
    """The evidence of a trial, computed from its recording.

    `streams` identifies the tracks of `intervals`, `layers` are the encodings of them, `encodings`
    what pages set of these, and `received_layers` what receivers were given of layers, those of a
    stream in the order of time. `data` are data channels in windows, `channel_ends` those that
    ended before the hold did. `left` has the pages that closed their connections in the hold, with
    the time, `reloaded` those that loaded by themselves in it, whose streams ended with that;
    `reconnections` are connections that pages replaced in the hold; `never_connected` has for a
    probe the last `connectionState` of each connection that was never connected; `no_connection`
    are the probes whose pages never had one. `all_left_s` is when the last of the probes that had
    joined left; `None`: not all were seen to. `stayed_full` are light probes, each with the reason
    why a stream of theirs was coded in full; `without_key_frame` are those whose browser refused to
    make a key frame, with its reason; `unplayed` are probes that did not play the audio that they
    received. `left_after` is the driver's step in the hold after which a probe's page left, for
    those for which there is one.
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
    without_key_frame: tuple[tuple[str, str], ...] = ()
    unplayed: tuple[str, ...] = ()
    first_to_fall: FirstToFall | None = None
    streams: tuple[StreamIdentity, ...] = ()
    layers: tuple[LayerInterval, ...] = ()
    received_layers: tuple[ReceivedLayer, ...] = ()
    encodings: tuple[EncodingSettings, ...] = ()
    data: tuple[DataInterval, ...] = ()
    channel_ends: tuple[ChannelEnd, ...] = ()
    acts: tuple[PageAct, ...] = ()
    left: Mapping[str, float] = field(default_factory=dict)
    left_after: Mapping[str, str] = field(default_factory=dict)
    reloaded: Mapping[str, float] = field(default_factory=dict)
    reconnections: tuple[Reconnection, ...] = ()
    never_connected: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    failed_hold_steps: tuple[FailedHoldSteps, ...] = ()
    page_loads: tuple[PageLoad, ...] = ()
    dialogs: tuple[PageDialog, ...] = ()
    failed_leaves: tuple[FailedLeave, ...] = ()
    janus_samples: tuple[JanusSample, ...] = ()
    all_left_s: float | None = None
    no_connection: Mapping[str, NoConnection] = field(default_factory=dict)
