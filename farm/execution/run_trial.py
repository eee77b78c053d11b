"""Runs one trial: reset, ramp up, settle, hold, leave.

It uses hosts and server only through `farm.protocols`; their evidence goes to a `Recorder` as it
comes. Verdicts are made afterwards, from the recording.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from farm.errors import GeneratorError, first_error
from farm.execution.call_recordings import RecordingsCheck
from farm.execution.collector import Collector
from farm.execution.hold_steps import HoldStepRun
from farm.execution.server_monitor import ServerMonitor
from farm.execution.session_joins import SessionJoins
from farm.execution.session_leaves import SessionLeaves
from farm.execution.steady_state import AT_MOST_S, STEADY_S
from farm.execution.world import World
from farm.model.experiment import TrialSettings
from farm.model.server_samples import Footprint
from farm.model.trial_evidence import Fault
from farm.model.trial_plan import Phase, TrialPlan
from farm.protocols import Host, Recorder

LAST_SAMPLES_S = 2.0
"""How long the machine of a server that died is still sampled: its kernel may have killed it."""


async def run_trial(
    plan: TrialPlan,
    world: World,
    settings: TrialSettings,
    recorder: Recorder,
    like: Footprint | None = None,
) -> None:
    """Reset the server, ramp up, settle, hold, leave: one load, all of it recorded.

    A fault of the server or of the generator (a crashed page, too) ends the trial early and is
    recorded, as is any GeneratorError; a probe that cannot join does not. Raises ServerError only
    if the reset cannot reach the server at all.
    """
    await _raising_cancellation(_run_trial(plan, world, settings, recorder, like))


async def _run_trial(
    plan: TrialPlan,
    world: World,
    settings: TrialSettings,
    recorder: Recorder,
    like: Footprint | None,
) -> None:
    collector = Collector(plan, world.clock, world.observer, recorder)
    joins = SessionJoins(plan, world, recorder, collector)
    leaves = SessionLeaves(plan, world.clock, joins.complete_s)
    trial = _Trial(plan, world, settings, recorder, collector, joins)
    recordings = RecordingsCheck(
        plan, world.server.recordings, world.clock, world.observer, recorder
    )
    server_monitor = ServerMonitor(world.view, world.clock, world.observer, recorder)
    met: Fault | None = None
    is_whole = False
    trial.begin("reset")
    try:
        await trial.reset(like)
        await recordings.ready(trial.lasts_at_most_s())
        await server_monitor.before()
        async with (
            world.watch() as fault,
            world.hosts(plan) as hosts,
            collector.listening(hosts, world.server, fault),
            server_monitor.listening(),
        ):
            met = await _unless(fault, trial.live(hosts))
            is_whole = met is None
            if met is None:
                await server_monitor.record_topology()
                await leaves.leave(list(joins.inside.values()), hosts)
            elif met.what == "server_died":
                await world.clock.sleep_until(world.clock.run_s() + LAST_SAMPLES_S)
    except* GeneratorError as errors:  # also of a task of this trial; the first one counts
        met = met or Fault("host_lost", world.clock.run_s(), str(first_error(errors)))
    if met is not None:
        if met.what != "browser_crashed":  # which is recorded as an event already
            recorder.fault(met)
        broke = "failed after the hold" if is_whole else "ends early"
        world.observer.note(f"trial {plan.index} {broke}: {met.message}")
    if collector.server_lost is not None:
        recordings.unknown(collector.server_lost)
    elif is_whole:
        await recordings.check(leaves.lasted_s)
    if is_whole:
        await server_monitor.after()
    trial.begin("done")


@dataclass
class _Trial:
    """One trial while it runs."""

    plan: TrialPlan
    world: World
    settings: TrialSettings
    recorder: Recorder
    collector: Collector
    joins: SessionJoins

    def begin(self, phase: Phase, lasting_s: float | None = None) -> float:
        """Begin a phase and record it. Returns the time."""
        now_s = self.world.clock.run_s()
        self.recorder.phase(phase, now_s)
        self.collector.meter.phase(phase, None if lasting_s is None else now_s + lasting_s)
        return now_s

    async def reset(self, like: Footprint | None) -> None:
        """Reset the server; one that is not clean is noted."""
        report = await self.world.server.reset(like)
        self.recorder.reset(report)
        if not report.clean:
            self.world.observer.note(f"trial {self.plan.index}: {report.unclean_text}")

    async def live(self, hosts: Mapping[str, Host]) -> None:
        """Run the phases ramp, settle and hold."""
        ramp_s = self.begin("ramp")
        await self.joins.join_sessions(hosts, ramp_s)
        if not self.joins.inside:
            self.world.observer.note(f"trial {self.plan.index}: no probe could join; no hold")
            return
        await self.settle()
        hold_s = self.begin("hold", self.settings.hold_s)
        end_s = hold_s + self.settings.hold_s
        async with asyncio.TaskGroup() as tasks:  # steps that began in the hold may end after it
            steps = HoldStepRun(self.plan, self.world)
            tasks.create_task(steps.run(self.joins.inside, hosts, hold_s, end_s))
            await self.world.clock.sleep_until(end_s)
            self.begin("leave")

    async def settle(self) -> None:
        """Wait for the set time, or until every sender's rate is steady."""
        clock = self.world.clock
        set_s = self.settings.settle_s
        start_s = self.begin("settle", AT_MOST_S if set_s is None else set_s)
        if self.settings.settle_s is not None:
            await clock.sleep_until(start_s + self.settings.settle_s)
            return
        while clock.run_s() < start_s + AT_MOST_S:
            await clock.sleep_until(clock.run_s() + 1)
            if clock.run_s() >= start_s + STEADY_S and self.collector.settling.steady():
                return
        self.world.observer.note(
            f"trial {self.plan.index}: the senders' target bitrates still changed after "
            f"{AT_MOST_S:.0f} s of settling; the hold begins nevertheless"
        )

    def lasts_at_most_s(self) -> float:
        """The time from the first join to the last leave if none of them takes long."""
        last_s = max(session.start_s for session in self.plan.sessions)
        return last_s + (self.settings.settle_s or AT_MOST_S) + self.settings.hold_s


# ---------------------------------------------------------------- tasks and order


async def _raising_cancellation(trial: Coroutine[Any, Any, None]) -> None:
    """Run `trial`; if it was cancelled and failed while it ended, raise CancelledError.

    It runs in a task of its own: task groups change the count of cancellations of their task
    (Python 3.11).
    """
    task = asyncio.current_task()
    before = 0 if task is None else task.cancelling()
    await asyncio.create_task(trial)
    if task is not None and task.cancelling() > before:
        raise asyncio.CancelledError


async def _unless(fault: asyncio.Future[Fault], phases: Coroutine[Any, Any, None]) -> Fault | None:
    """Let `phases` run to their end, or cancel them at the first fault and return that."""
    task = asyncio.ensure_future(phases)
    try:
        first: set[asyncio.Future[Any]] = {task, fault}
        await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
            return None
        return fault.result()
    finally:
        task.cancel()
        await asyncio.wait({task})
