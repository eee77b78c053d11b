"""Runs one trial of echo probes with the farm's own code: host, ramp, settle, hold, recording."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.echo_app import EchoApp, echo_driver
from benchmarks.echo_servers import Arrived, EchoServer
from benchmarks.process_cpu import Cores, CpuSample, cores_between, cpu_sampling
from farm.evidence import trial_evidence
from farm.execution.run_trial import run_trial
from farm.execution.server_monitor import NoServerView
from farm.execution.world import World
from farm.hosts.wiring import HostOrder, local_host
from farm.model.experiment import (
    AppSettings,
    Experiment,
    Fidelity,
    MediaSettings,
    ProbeSettings,
    TrialSettings,
)
from farm.model.run_clock import RunClock
from farm.model.setting import Size
from farm.model.trial_evidence import Fault, TrialEvidence
from farm.model.trial_plan import AccessLink, TrialPlan
from farm.model.trial_result import TrialResult
from farm.model.verdict import Reason
from farm.planning.trial_planning import camera_size, plan_trial
from farm.processes import Processes
from farm.protocols import Host, HostKit, Progress
from farm.recording import RunRecording
from farm.recording.manifest import Manifest
from farm.recording.reader import RunReader
from farm.server.unseen import UnseenServer
from farm.verdict.generator_faults import generator_faults

HERE = "here"


@dataclass(frozen=True, slots=True)
class Setting:
    """The parts that trials of a benchmark share; recordings go to `directory`."""

    server: EchoServer
    app: EchoApp
    processes: Processes
    directory: Path


@dataclass(frozen=True, slots=True)
class EchoResult:
    """The result of an echo trial, with its recording.

    `joined_s` is the time from the first launch until all probes were in; run time began at
    `began_monotonic_s`.
    """

    began_monotonic_s: float
    evidence: TrialEvidence
    samples: list[CpuSample]
    arrived: list[tuple[float, list[Arrived]]]
    joined_s: float
    faults: tuple[Reason, ...]
    recording: Path

    @property
    def cores(self) -> Cores:
        return cores_between(self.samples, *self.hold)

    @property
    def hold(self) -> tuple[float, float]:
        phases = self.evidence.phases
        assert phases.hold_s is not None and phases.leave_s is not None
        return phases.hold_s, phases.leave_s

    @property
    def video_bps(self) -> list[float]:
        """The bitrate of each probe's video at the server in the hold, with RTP headers."""
        start_s, end_s = self.hold
        inside = [calls for at_s, calls in self.arrived if start_s <= at_s <= end_s]
        return video_bps(inside[0], inside[-1])


def video_bps(before: list[Arrived], after: list[Arrived]) -> list[float]:
    return [
        (last.bytes - first.bytes) * 8 / (last.at_s - first.at_s)
        for first, last in zip(before, after, strict=False)
    ]


def echo_experiment(
    fidelity: Fidelity,
    *,
    hold_s: float = 20.0,
    settle_s: float = 10.0,
    sessions_per_second: float = 2.0,
    camera: Size | None = None,
) -> Experiment:
    """The experiment: calls of two, both of which call the server and not each other."""
    return Experiment(
        media=MediaSettings(size=camera),
        app=AppSettings(run=None, url="http://127.0.0.1/"),
        probes=ProbeSettings(fidelity=fidelity, witnesses=0),
        trial=TrialSettings(
            sessions_per_second=sessions_per_second, settle_s=settle_s, hold_s=hold_s
        ),
    )


async def echo_trial(
    experiment: Experiment,
    load: int,
    bench: Setting,
    *,
    cores: tuple[int, ...] | None = None,
    lines: Sequence[AccessLink] = (),
) -> EchoResult:
    """Run a trial; `lines` are the access links of the first probes.

    Raises BadInput, GeneratorError; a trial that was interrupted has no hold.
    """
    server = bench.server
    clock = RunClock()
    plan = plan_trial(experiment, load, index=0, purpose="single", hosts=[HERE])
    plan = _behind(plan, lines)
    manifest = Manifest(clock.wall_s(), "one_to_one", experiment)
    arrived: list[tuple[float, list[Arrived]]] = []

    async def ask_server() -> None:
        arrived.append((clock.run_s(), await server.arrived()))

    name = f"{len(list(bench.directory.iterdir())):03d}-{experiment.probes.fidelity}-{load}"
    with RunRecording.create(bench.directory, name, "format: 1\n", manifest, clock) as recording:
        kit = HostKit(
            app_url=bench.app.url,
            accept_self_signed=False,
            driver=echo_driver(server.layers),
            media=experiment.media,
            probes=experiment.probes,
            poll_s=experiment.trial.poll_s,
            screenshots=recording.folder.trial(plan.folder).screenshots.resolve(),
        )
        order = HostOrder(HERE, HERE, cores, camera_size(experiment), experiment.probes.fidelity)
        world = _world(experiment, clock, kit, order, bench.processes)
        async with (
            cpu_sampling(server.pid, clock.run_s, ask_server) as samples,
            recording.trial(plan) as recorder,
        ):
            await run_trial(plan, world, experiment.trial, recorder)
        await server.forget()
        evidence = await asyncio.to_thread(
            trial_evidence,
            RunReader.open(recording.path).trial(0),
            window_s=experiment.trial.window_s,
            poll_s=experiment.trial.poll_s,
        )
    phases = evidence.phases  # it settles once each probe is in or has failed
    ramp_s, settle_s = phases.ramp_s or 0.0, phases.settle_s or float("inf")
    return EchoResult(
        -clock.reading(HERE).offset_s,
        evidence,
        samples,
        arrived,
        settle_s - ramp_s,
        generator_faults(evidence, experiment.invalid),
        recording.path,
    )


def _behind(plan: TrialPlan, lines: Sequence[AccessLink]) -> TrialPlan:
    """The plan with these access links for its first probes."""
    of_probe = dict(zip((probe.probe for probe in plan.probes), lines, strict=False))
    sessions = (
        replace(
            session,
            probes=tuple(
                replace(probe, line=of_probe.get(probe.probe)) for probe in session.probes
            ),
        )
        for session in plan.sessions
    )
    return replace(plan, sessions=tuple(sessions))


def _world(
    experiment: Experiment, clock: RunClock, kit: HostKit, order: HostOrder, processes: Processes
) -> World:
    @asynccontextmanager
    async def hosts(_plan: TrialPlan) -> AsyncIterator[Mapping[str, Host]]:
        host = local_host(order, processes, clock.reading)
        try:
            await host.open(kit)
            yield {HERE: host}
        finally:
            await host.close()

    @asynccontextmanager
    async def watch() -> AsyncIterator[asyncio.Future[Fault]]:
        yield asyncio.get_running_loop().create_future()

    async def ready() -> bool:
        return True

    return World(
        clock=clock,
        observer=Quiet(),
        server=UnseenServer(kit.app_url, experiment.server.reset.ready_within_s, clock, ready),
        driver=kit.driver,
        hosts=hosts,
        watch=watch,
        view=NoServerView(),
    )


class Quiet:
    """Implements `protocols.Observer`: notes are printed, the rest is not."""

    def note(self, text: str) -> None:
        print(f"  {text}")

    def run_folder(self, path: Path) -> None: ...

    def trial_planned(self, plan: TrialPlan, purpose: str) -> None: ...

    def progress(self, progress: Progress) -> None: ...

    def trial_ended(self, result: TrialResult) -> None: ...
