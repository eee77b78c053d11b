"""A world without browsers or servers, for tests of the story: it breaks on cue."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from farm.errors import BrowserError, GeneratorError, HostLost, JoinError, ServerLost
from farm.execution.collector import closed_afterwards
from farm.execution.world import World
from farm.model.call_files import RecordedFile, RecordedTrack
from farm.model.clock_reading import ClockReading
from farm.model.driver import Driver, RoleSteps
from farm.model.host_samples import HostFacts, HostSample
from farm.model.kurento_samples import KurentoSample, KurentoTopology
from farm.model.page_samples import Joined, PageReport, ProbeEvent
from farm.model.server_samples import Footprint, Gap, ResetReport, ServerFacts, ServerSample
from farm.model.trial_evidence import Fault, JoinOutcome
from farm.model.trial_plan import Phase, ProbePlan, SessionPlan, TrialPlan
from farm.model.trial_result import TrialResult
from farm.protocols import Evidence, HostKit, Progress

READING_S = 1e-6
"""What a reading of the clock takes."""


class FakeClock:
    """Time passes when everybody sleeps, and by `READING_S` at each reading: no two are equal."""

    def __init__(self) -> None:
        self._now_s = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def run_s(self) -> float:
        self._now_s += READING_S
        return self._now_s

    def wall_s(self) -> float:
        return 1_800_000_000.0 + self.run_s()

    async def sleep_until(self, run_s: float) -> None:
        if run_s <= self._now_s:
            await asyncio.sleep(0)
            return
        waking: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (run_s, next(self._order), waking))
        await waking

    async def play(self, story: Coroutine[Any, Any, None]) -> None:
        """Run `story` to its end, moving time on whenever nothing else can happen."""
        task = asyncio.ensure_future(story)
        while not task.done():
            for _ in range(100):
                await asyncio.sleep(0)
            if not task.done() and self._sleepers:
                wake_s, _, waking = heapq.heappop(self._sleepers)
                self._now_s = max(self._now_s, wake_s)
                if not waking.done():
                    waking.set_result(None)
        task.result()


@dataclass
class FakeObserver:
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        self.notes.append(text)

    def run_folder(self, path: Path) -> None: ...

    def trial_planned(self, plan: TrialPlan, purpose: str) -> None: ...

    def progress(self, progress: Progress) -> None: ...

    def trial_ended(self, result: TrialResult) -> None: ...


@dataclass
class FakeHost:
    """Does as it is told; `refuse` names probes that cannot join and why, `wait_in_vain` those
    who never get in, by the reason `in_vain`."""

    clock_: FakeClock
    refuse: Mapping[str, str] = field(default_factory=dict)
    name: str = "here"
    did: list[tuple[str, str]] = field(default_factory=list)
    closed: bool = False
    wait_in_vain: set[str] = field(default_factory=set)
    in_vain: str = "timeout"
    pictures_take_s: float = 0.0
    _evidence: asyncio.Queue[Evidence | Exception | None] = field(default_factory=asyncio.Queue)

    async def open(self, kit: HostKit) -> HostFacts:
        raise NotImplementedError

    async def start(self, plan: ProbePlan) -> None:
        self.did.append(("start", plan.probe))

    async def join(self, probe: str) -> None:
        self.did.append(("join", probe))
        if probe in self.refuse:
            raise JoinError("signalling", self.refuse[probe])

    async def joined(self, probe: str) -> Joined:
        self.did.append(("joined", probe))
        if probe in self.wait_in_vain:
            raise JoinError(self.in_vain, "not within 30 s")
        return Joined(probe, 0.5)

    async def leave(self, probe: str) -> None:
        self.did.append(("leave", probe))

    async def screenshot(self, probe: str, name: str) -> Path | None:
        self.did.append(("screenshot", probe))
        await self.clock_.sleep_until(self.clock_.run_s() + self.pictures_take_s)
        return None

    async def evidence(self) -> AsyncIterator[Evidence]:
        while (seen := await self._evidence.get()) is not None:
            if isinstance(seen, Exception):
                raise seen
            yield seen

    def say(self, seen: Evidence) -> None:
        self._evidence.put_nowait(seen)

    def lose(self, error: GeneratorError | None = None) -> None:
        self._evidence.put_nowait(error or HostLost("here does not answer"))

    async def clock(self) -> ClockReading:
        return ClockReading("host:here", 0.0, 0.0, self.clock_.run_s())

    async def close(self) -> None:
        self.closed = True
        self._evidence.put_nowait(None)


@dataclass
class FakeRecordings:
    """Finds what the test put into `files`, by name; `whole` are as long as any call."""

    files: dict[str, RecordedFile] = field(default_factory=dict)
    free: int = 10**12
    lost: bool = False
    did: list[str] = field(default_factory=list)

    @staticmethod
    def whole(name: str, length_s: float = 1000.0) -> RecordedFile:
        tracks = (RecordedTrack("audio", length_s), RecordedTrack("video", length_s))
        return RecordedFile(f"/var/tmp/farm/{name}", 1_000_000, tracks)

    async def ready(self) -> int:
        self.did.append("ready")
        return self.free

    async def look(self, names: Sequence[str]) -> tuple[RecordedFile, ...]:
        if self.lost:
            raise ServerLost("media.example is not reached any more")
        self.did.append("look")
        return tuple(
            self.files.get(name, RecordedFile(f"/var/tmp/farm/{name}", None)) for name in names
        )

    async def put_away(self, trial: str) -> None:
        self.did.append(f"put away {trial}")


@dataclass
class FakeServer:
    clock_: FakeClock
    sampled_for_s: float = float("inf")
    resets: int = 0
    recordings: FakeRecordings | None = field(default_factory=FakeRecordings)

    async def open(self) -> ServerFacts:
        raise NotImplementedError

    async def reset(self, like: Footprint | None) -> ResetReport:
        self.resets += 1
        return ResetReport(done=True, attempts=1, footprint=like)

    async def died(self) -> str:
        await asyncio.Event().wait()
        return ""

    async def footprint(self) -> Footprint:
        return Footprint(1.0, 30_000_000, 20, 40)

    async def samples(self) -> AsyncGenerator[ServerSample | Gap]:
        while True:
            await self.clock_.sleep_until(self.clock_.run_s() + 1)
            if self.clock_.run_s() > self.sampled_for_s:
                raise ServerLost("sshd is gone")
            yield ServerSample(received_s=self.clock_.run_s(), cpu_percent=12.5)

    async def close(self) -> None: ...


@dataclass
class FakeView:
    """What a media server would say of itself."""

    clock_: FakeClock
    pipelines: list[int] = field(default_factory=lambda: [0])
    built: KurentoTopology | None = None

    async def samples(self) -> AsyncGenerator[KurentoSample]:
        while True:
            await self.clock_.sleep_until(self.clock_.run_s() + 5)
            yield KurentoSample(self.clock_.run_s(), 9, (("WebRtcEndpoint", 18),), 40.0, 2**20)

    async def sample(self) -> KurentoSample | None:
        """One after the other of `pipelines`, the last for ever; none when there are none."""
        if not self.pipelines:
            return None
        count = self.pipelines.pop(0) if len(self.pipelines) > 1 else self.pipelines[0]
        return KurentoSample(self.clock_.run_s(), count, (), 1.0, 2**20)

    async def topology(self) -> KurentoTopology | None:
        return self.built


@dataclass
class FakeRecorder:
    phases: list[tuple[Phase, float]] = field(default_factory=list)
    joins: dict[str, JoinOutcome] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    server_samples: list[ServerSample] = field(default_factory=list)
    reports: list[PageReport] = field(default_factory=list)
    resets: list[ResetReport] = field(default_factory=list)
    kurento_samples: list[KurentoSample] = field(default_factory=list)
    topologies: list[KurentoTopology] = field(default_factory=list)

    def page_report(self, report: PageReport) -> None:
        self.reports.append(report)

    def event(self, event: ProbeEvent) -> None: ...

    def host_sample(self, sample: HostSample) -> None: ...

    def server_sample(self, sample: ServerSample) -> None:
        self.server_samples.append(sample)

    def gap(self, gap: Gap) -> None: ...

    def kurento_sample(self, sample: KurentoSample) -> None:
        self.kurento_samples.append(sample)

    def topology(self, topology: KurentoTopology) -> None:
        self.topologies.append(topology)

    def phase(self, phase: Phase, run_s: float) -> None:
        self.phases.append((phase, run_s))

    def join(self, outcome: JoinOutcome) -> None:
        self.joins[outcome.probe] = outcome

    def reset(self, report: ResetReport) -> None:
        self.resets.append(report)

    def fault(self, fault: Fault) -> None:
        self.faults.append(fault)

    def clock(self, reading: ClockReading) -> None: ...


class FakeWorld:
    """A `World` of fakes. `break_at(s, fault)` lets something the farm watches die."""

    def __init__(self, *, refuse: Mapping[str, str] | None = None) -> None:
        self.clock = FakeClock()
        self.observer = FakeObserver()
        self.server = FakeServer(self.clock)
        self.host = FakeHost(self.clock, refuse or {})
        self.recorder = FakeRecorder()
        self.view = FakeView(self.clock)
        self.cannot_open: str | None = None
        self._faults: list[Fault] = []

    def break_at(self, at_s: float, what: Any, message: str) -> None:
        self._faults.append(Fault(what, at_s, message))

    def world(self) -> World:
        driver = Driver("fake", {"callee": RoleSteps(()), "caller": RoleSteps((), after="callee")})
        return World(
            self.clock,
            self.observer,
            self.server,
            driver,
            self._open_hosts,
            self._watch,
            self.view,
        )

    @asynccontextmanager
    async def _open_hosts(self, plan: TrialPlan) -> AsyncIterator[Mapping[str, FakeHost]]:
        if self.cannot_open is not None:
            raise BrowserError(self.cannot_open)
        async with closed_afterwards([self.host]):
            yield {"here": self.host}

    @asynccontextmanager
    async def _watch(self) -> AsyncIterator[asyncio.Future[Fault]]:
        future: asyncio.Future[Fault] = asyncio.get_running_loop().create_future()

        async def strike(fault: Fault) -> None:
            await self.clock.sleep_until(fault.at_s)
            future.set_result(fault)

        strikes = [asyncio.create_task(strike(fault)) for fault in self._faults]
        try:
            yield future
        finally:
            for task in strikes:
                task.cancel()


def calls(sessions: int, apart_s: float = 1.0, *, recorded: bool = False) -> TrialPlan:
    """A plan of calls between two on the host `here`."""
    return TrialPlan(
        index=0,
        load=2 * sessions,
        purpose="single",
        sessions=tuple(
            SessionPlan(
                f"s{number:03d}",
                number * apart_s,
                tuple(
                    ProbePlan(
                        probe=f"p{2 * number + place:03d}",
                        session=f"s{number:03d}",
                        role=role,
                        host="here",
                        poll_phase=0.0,
                        variables={},
                        sends=("audio", "video"),
                        receives=("audio", "video"),
                        recorded_as=f"s{number:03d}-{role}.webm" if recorded else None,
                    )
                    for place, role in enumerate(("callee", "caller"))
                ),
            )
            for number in range(sessions)
        ),
    )
