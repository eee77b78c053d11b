"""The plan of a trial: sessions, probes, streams, access links.

Times called `_s` alone are run time: seconds of the controller's monotonic clock
since the start of the run. Ratios are 0 to 1, percentages 0 to 100; `None` is unknown, never 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from farm.model.experiment import Fidelity, ScenarioKind
from farm.model.session_roles import SERVER, SentMedia, kind_of
from farm.model.webrtc_stats import MediaKind

Direction = Literal["inbound", "outbound"]

Purpose = Literal["single", "baseline", "search", "drift", "watch"]

Phase = Literal["reset", "ramp", "settle", "hold", "leave", "done"]


@dataclass(frozen=True, slots=True)
class AccessLink:
    """The access link that Chromium emulates for a probe; `latency_s` is added one way.

    `profile` is its name. A rate without limit is `None`.
    """

    profile: str
    latency_s: float = 0.0
    loss_ratio: float = 0.0
    up_kbps: int | None = None
    down_kbps: int | None = None


@dataclass(frozen=True, slots=True)
class StreamGroup:
    """`count` streams of a medium that a probe is owed, each of another one of `senders`.

    The server's own have `SERVER` as their only sender.
    """

    media: SentMedia
    count: int
    senders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProbePlan:
    """The plan of one probe: its name, host, streams and access link.

    `sends` and `receives` have the kind of each stream that is owed: `receives` of a member of a
    forwarded room of three is audio, audio, video, video. `groups` say whose they are, in that
    order; without any they are of all others of the session who send the kind, or a mix.
    `sends_screen`: the last of the videos that it sends is a screen.
    `variables` fill the templates of the driver's steps. `poll_phase` (0 to 1) is the share of the
    poll's period after which this probe polls, so that they do not all poll at once. `start_s`
    counts from the start of its session: the viewers of a broadcast come one after the other.
    `recorded_as` is the name of the file that the server makes of what it sends; `None`: it is not
    recorded, or the farm does not know the name.
    `sends_data`: it owes messages of data channels; `receives_data` are the probes whose messages
    it is owed, and `SERVER` for some of the server's own.
    """

    probe: str
    session: str
    role: str
    host: str
    poll_phase: float
    variables: Mapping[str, str]
    sends: tuple[MediaKind, ...]
    receives: tuple[MediaKind, ...]
    line: AccessLink | None = None
    start_s: float = 0.0
    recorded_as: str | None = None
    fidelity: Fidelity = "full"
    groups: tuple[StreamGroup, ...] = ()
    sends_screen: bool = False
    sends_data: bool = False
    receives_data: tuple[str, ...] = ()

    @property
    def sent_media(self) -> Mapping[SentMedia, range]:
        """What it sends, each medium with the tracks of its kind that it is."""
        audios, videos = self.sends.count("audio"), self.sends.count("video")
        cameras = videos - self.sends_screen
        tracks: Mapping[SentMedia, range] = {
            "audio": range(audios),
            "video": range(cameras),
            "screen": range(cameras, videos),
        }
        return {media: of for media, of in tracks.items() if of}

    @property
    def kinds_of_server(self) -> frozenset[MediaKind]:
        """The kinds of which it is owed media of the server's own."""
        groups = (group for group in self.groups if group.senders == (SERVER,))
        return frozenset(kind_of(group.media) for group in groups if group.count)

    @property
    def kinds_of_others(self) -> frozenset[MediaKind]:
        """The kinds of which it is owed a stream of another probe's, or a mix."""
        if not self.groups:
            return frozenset(self.receives)
        others = (group for group in self.groups if group.senders != (SERVER,))
        return frozenset(kind_of(group.media) for group in others if group.count)

    @property
    def has_data(self) -> bool:
        """Whether it owes messages of data channels, or is owed any."""
        return self.sends_data or bool(self.receives_data)

    @property
    def takes_part(self) -> bool:
        """Whether it owes anything, or is owed anything: streams, or messages."""
        return bool(self.sends or self.receives) or self.has_data


@dataclass(frozen=True, slots=True)
class SessionPlan:
    """One call, room, broadcast or session of the user's own roles.

    `start_s` counts from the start of the ramp.
    """

    session: str
    start_s: float
    probes: tuple[ProbePlan, ...]


@dataclass(frozen=True, slots=True)
class TrialPlan:
    """The plan of a trial at one load. In a `mixed` one received streams are the server's mix.

    `own_app`: the page is the demo app's, part of the generator. `media_assumed`: neither the
    experiment nor the driver tells whether a room is mixed; it is assumed to be forwarded.
    `scenario` is `None` in older recordings.
    """

    index: int
    load: int
    purpose: Purpose
    sessions: tuple[SessionPlan, ...]
    mixed: bool = False
    own_app: bool = False
    media_assumed: bool = False
    scenario: ScenarioKind | None = None

    @property
    def by_viewer(self) -> bool:
        """Whether each viewer passes or fails by itself, and not each session."""
        if self.scenario is None:
            return any(probe.role == "viewer" for probe in self.probes)
        return self.scenario == "broadcast"

    @property
    def probes(self) -> tuple[ProbePlan, ...]:
        return tuple(probe for session in self.sessions for probe in session.probes)

    def owes(self, kind: MediaKind) -> bool:
        """Whether any probe owes a stream of this kind, or is owed one."""
        return any(kind in probe.sends or kind in probe.receives for probe in self.probes)

    @property
    def sharing(self) -> frozenset[str]:
        """The probes that owe a screen."""
        return frozenset(probe.probe for probe in self.probes if probe.sends_screen)

    @property
    def folder(self) -> str:
        """`000-load-002`."""
        return f"{self.index:03d}-load-{self.load:03d}"
