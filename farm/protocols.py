"""The interfaces by which a trial acts on the world; edges implement them, tests hand in fakes."""

from __future__ import annotations

from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Mapping,
    Sequence,
)
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from farm.model.call_files import RecordedFile
from farm.model.clock_reading import ClockReading
from farm.model.driver import Driver
from farm.model.experiment import MediaSettings, ProbeSettings
from farm.model.host_samples import HostFacts, HostSample
from farm.model.janus_samples import JanusSample
from farm.model.kurento_samples import KurentoSample, KurentoTopology
from farm.model.page_opening import PageOpening
from farm.model.page_samples import Joined, PageReport, ProbeEvent
from farm.model.server_samples import Footprint, Gap, ResetReport, ServerFacts, ServerSample
from farm.model.trial_evidence import Fault, JoinOutcome, TrialEvidence
from farm.model.trial_plan import Phase, ProbePlan, TrialPlan
from farm.model.trial_result import TrialResult

Evidence = PageReport | HostSample | ProbeEvent

StepsWatched = Literal["no", "timed", "pictured"]
"""Whether each step of a driver is an event, and has a screenshot (`farm driver check`)."""


@dataclass(frozen=True, slots=True)
class HostKit:
    """What a host needs before its first probe.

    `app_url` may name a user and a password, with which its pages are requested. An `http` origin
    that is not loopback is treated as secure, which cameras need, and so are those that its pages
    `led_to`. `screenshots` is the folder for screenshots (absolute). `poll_s` is the getStats
    period. `opening` is a trial's own: it holds secrets of its probes. `steps_watched`: what
    becomes of each step of the driver is an event.
    """

    app_url: str
    accept_self_signed: bool
    driver: Driver
    media: MediaSettings
    probes: ProbeSettings
    poll_s: float
    screenshots: Path
    led_to: tuple[str, ...] = ()
    opening: PageOpening = field(default_factory=PageOpening)
    steps_watched: StepsWatched = "no"


class Clock(Protocol):
    def run_s(self) -> float:
        """Seconds since the start of the run."""

    def wall_s(self) -> float:
        """Seconds since 1970 (UTC)."""

    async def sleep_until(self, run_s: float) -> None: ...


class Probe(Protocol):
    """One page acting as one user, in its host's process."""

    async def open(self, plan: ProbePlan) -> None:
        """Make the page, with our hooks in it. Raises BrowserError."""

    async def join(self) -> None:
        """The driver's `join` steps. Raises JoinError."""

    async def joined(self) -> Joined:
        """The driver's `joined` steps. Raises JoinError."""

    async def after_join(self, number: int) -> None:
        """The driver's `after_join` steps of that number. Raises JoinError, and goes on."""

    async def leave(self) -> None: ...

    async def screenshot(self, name: str) -> Path | None: ...

    def evidence(self) -> AsyncIterator[PageReport | ProbeEvent]:
        """Polls, console lines, closed sockets, a crash, as they come; ends after `close`."""

    async def close(self) -> None:
        """Idempotent; nothing of the page is left."""


class Host(Protocol):
    """A machine that runs probes."""

    @property
    def name(self) -> str: ...

    async def open(self, kit: HostKit) -> HostFacts: ...

    async def start(self, plan: ProbePlan) -> None:
        """Open the probe's page. Raises BrowserError."""

    async def join(self, probe: str) -> None:
        """The role's `join` steps; the controller orders the roles. Raises JoinError."""

    async def joined(self, probe: str) -> Joined:
        """Wait until the probe is in. Raises JoinError."""

    async def after_join(self, probe: str, number: int) -> None:
        """The role's `after_join` steps of that number, in the hold. Raises JoinError; the probe
        stays in its call."""

    async def leave(self, probe: str) -> None:
        """The role's `leave` steps, then the page is closed. Never raises for a dead page."""

    async def screenshot(self, probe: str, name: str) -> Path | None: ...

    def evidence(self) -> AsyncIterator[Evidence]:
        """What probes report and the host samples, as it comes; ends at `close`.

        Raises HostLost, GeneratorError.
        """

    async def clock(self) -> ClockReading:
        """Its monotonic clock as run time. Raises GeneratorError where it cannot be read."""

    async def close(self) -> None:
        """Idempotent; nothing of ours runs afterwards."""


class Recorder(Protocol):
    """Records a trial's raw evidence; calls return at once, times are run time."""

    def page_report(self, report: PageReport) -> None: ...

    def event(self, event: ProbeEvent) -> None: ...

    def host_sample(self, sample: HostSample) -> None: ...

    def server_sample(self, sample: ServerSample) -> None: ...

    def gap(self, gap: Gap) -> None: ...

    def kurento_sample(self, sample: KurentoSample) -> None: ...

    def janus_sample(self, sample: JanusSample) -> None: ...

    def topology(self, topology: KurentoTopology) -> None: ...

    def phase(self, phase: Phase, run_s: float) -> None: ...

    def join(self, outcome: JoinOutcome) -> None: ...

    def reset(self, report: ResetReport) -> None: ...

    def fault(self, fault: Fault) -> None: ...

    def clock(self, reading: ClockReading) -> None: ...


class TrialStore(Protocol):
    """Where the trials of a run are kept."""

    def record(self, plan: TrialPlan) -> AbstractAsyncContextManager[Recorder]:
        """Raises RecordingError, NoSpace."""

    def evidence(self, plan: TrialPlan) -> TrialEvidence:
        """What was recorded of a trial that is over. Blocks."""

    def keep(self, plan: TrialPlan, result: TrialResult) -> None:
        """Write the verdict; it is never rewritten."""

    def journal(self, kind: str, /, **facts: Any) -> None:
        """Record a decision; it survives a crash once this returns."""


class Recordings(Protocol):
    """The directory on the media server's machine into which it records calls.

    Each call raises ServerError when the machine cannot be asked.
    """

    async def ready(self) -> int | None:
        """Make the directory, or empty it; returns its free bytes if known.

        Raises BadInput if it cannot be made.
        """

    async def look(self, names: Sequence[str]) -> tuple[RecordedFile, ...]:
        """The files of these names, in this order; also those that are not there."""

    async def put_away(self, trial: str) -> None:
        """Delete what was recorded, or keep it in a folder of this name, as the settings say."""


Restart = Callable[[], Awaitable[None]]
"""Restarts the server's machine from outside, as a cloud can. Raises CloudError."""


class Server(Protocol):
    """The system under test."""

    @property
    def recordings(self) -> Recordings | None:
        """`None` where the farm has no access to the server's machine."""

    @property
    def pid(self) -> int | None:
        """The id of its process on its machine, when last seen; `None` if it never was."""

    async def open(self) -> ServerFacts:
        """Raises ServerUnreachable, HostKeyUnknown, LoginRefused."""

    async def reset(self, like: Footprint | None) -> ResetReport:
        """Bring it to a fresh state, verified against `like`; a dirty one is a value, no error."""

    async def footprint(self) -> Footprint: ...

    async def died(self) -> str:
        """Wait until the sampled process of the media server has ended; returns why."""

    def samples(self) -> AsyncGenerator[ServerSample | Gap]:
        """One a second until closed. Raises ServerLost when 60 s of retries are over."""

    async def close(self) -> None: ...


OwnSample = KurentoSample | JanusSample
"""What a media server reports of itself at one time."""


class ServerView(Protocol):
    """The media server's own figures, read over its own protocol."""

    def samples(self) -> AsyncGenerator[OwnSample]:
        """One every few seconds until closed; none while it does not answer."""

    async def sample(self) -> OwnSample | None:
        """What it holds now; `None` when it does not answer."""

    async def topology(self) -> KurentoTopology | None:
        """A pipeline as it is built; `None` without one."""


@dataclass(frozen=True, slots=True)
class RoleProgress:
    """How far the probes of one role are, and the RTP payload that they receive together."""

    role: str
    planned: int
    joined: int
    failed: int
    received_bps: float | None


@dataclass(frozen=True, slots=True)
class Progress:
    """The last second of a trial, as it is shown to a person.

    `host_cpu_percent` is the busiest host's; `roles` are in the plan's order.
    """

    trial: int
    load: int
    phase: Phase
    joined: int
    failed: int
    received_bps: float | None
    loss_ratio: float | None
    frame_rate: float | None
    server_cpu_percent: float | None
    host_cpu_percent: float | None
    left_s: float | None
    roles: tuple[RoleProgress, ...]
    cpu_percent_by_host: Mapping[str, float | None]


class Observer(Protocol):
    """Shows how a run goes on: a terminal, a JSON stream, a live page."""

    def note(self, text: str) -> None:
        """One line for the user."""

    def run_folder(self, path: Path) -> None:
        """Where this run is recorded."""

    def trial_planned(self, plan: TrialPlan, purpose: str) -> None: ...

    def progress(self, progress: Progress) -> None: ...

    def trial_ended(self, result: TrialResult) -> None: ...


OUTAGE = "outage"
"""The journal's kind of a turn at which the server could not be reached."""
