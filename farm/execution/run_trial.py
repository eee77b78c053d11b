"""The story of one trial: reset, ramp up, settle, hold, leave.

Sees the world only through `farm.protocols`; what it reads there goes to a `Recorder` as it comes.
Verdicts are made afterwards, from what was recorded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from farm.errors import GeneratorError, first_error
from farm.execution.call_recordings import RecordingsCheck
from farm.execution.collector import Collector
from farm.execution.kurento_monitor import OwnView
from farm.execution.session_joins import SessionJoins
from farm.execution.session_leaves import SessionLeaves
from farm.execution.steady_state import AT_MOST_S, STEADY_S
from farm.execution.world import World
from farm.model.experiment import TrialSettings
from farm.model.server_samples import Footprint
from farm.model.trial_evidence import Fault
from farm.model.trial_plan import Phase, TrialPlan
from farm.protocols import Host, Recorder

LAST_LOOKS_S = 2.0
"""So long the machine of a server that died is still looked at: did its kernel kill it?"""


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
    await _cancelled_if_we_are(_run_trial(plan, world, settings, recorder, like))


async def _run_trial(
    plan: TrialPlan,
    world: World,
    settings: TrialSettings,
    recorder: Recorder,
    like: Footprint | None,
) -> None:
    collector = Collector(plan, world.clock, world.observer, recorder)
    joins = SessionJoins(plan, world, recorder, collector)
    leaves = SessionLeaves(world.clock, joins.complete_s)
    trial = _Trial(plan, world, settings, recorder, collector, joins)
    recordings = RecordingsCheck(
        plan, world.server.recordings, world.clock, world.observer, recorder
    )
    own_view = OwnView(world.view, world.clock, world.observer, recorder)
    met: Fault | None = None
    is_whole = False
    trial.begin("reset")
    try:
        await trial.reset(like)
        await recordings.ready(trial.lasts_at_most_s())
        await own_view.before()
        async with (
            world.watch() as fault,
            world.hosts(plan) as hosts,
            collector.listening(hosts, world.server, fault),
            own_view.listening(),
        ):
            met = await _unless(fault, trial.live(hosts))
            is_whole = met is None
            if met is None:
                await own_view.picture()
                await leaves.leave(list(joins.inside.values()), hosts)
            elif met.what == "server_died":
                await world.clock.sleep_until(world.clock.run_s() + LAST_LOOKS_S)
    except* GeneratorError as errors:  # of a task of ours, too; the first thing that broke counts
        met = met or Fault("host_lost", world.clock.run_s(), str(first_error(errors)))
    if met is not None:
        if met.what != "browser_crashed":  # that one is among the events already
            recorder.fault(met)
        broke = "broke when the hold was over" if is_whole else "ends early"
        world.observer.note(f"trial {plan.index} {broke}: {met.message}")
    if collector.server_lost is not None:
        recordings.unknown(collector.server_lost)
    elif is_whole:
        await recordings.check(leaves.lasted_s)
    if is_whole:
        await own_view.after()
    trial.begin("done")


@dataclass
class _Trial:
    """One trial on its way."""

    plan: TrialPlan
    world: World
    settings: TrialSettings
    recorder: Recorder
    collector: Collector
    joins: SessionJoins

    def begin(self, phase: Phase, lasting_s: float | None = None) -> float:
        """Enter a phase; says so to record and watchers. Returns the time."""
        now_s = self.world.clock.run_s()
        self.recorder.phase(phase, now_s)
        self.collector.meter.phase(phase, None if lasting_s is None else now_s + lasting_s)
        return now_s

    async def reset(self, like: Footprint | None) -> None:
        """A fresh server; one that is not is told of at once."""
        report = await self.world.server.reset(like)
        self.recorder.reset(report)
        if not report.clean:
            dirty = ", ".join(report.differences)
            self.world.observer.note(f"trial {self.plan.index}: the server began dirty: {dirty}")

    async def live(self, hosts: Mapping[str, Host]) -> None:
        """Ramp, settle, hold."""
        ramp_s = self.begin("ramp")
        await self.joins.join_sessions(hosts, ramp_s)
        if not self.joins.inside:
            self.world.observer.note(f"trial {self.plan.index}: nobody could join; no hold")
            return
        await self.settle()
        hold_s = self.begin("hold", self.settings.hold_s)
        await self.world.clock.sleep_until(hold_s + self.settings.hold_s)
        self.begin("leave")

    async def settle(self) -> None:
        """As long as asked, or until every sender's rate is steady."""
        clock = self.world.clock
        start_s = self.begin("settle", self.settings.settle_s or STEADY_S)
        if self.settings.settle_s is not None:
            await clock.sleep_until(start_s + self.settings.settle_s)
            return
        while clock.run_s() < start_s + AT_MOST_S:
            await clock.sleep_until(clock.run_s() + 1)
            if clock.run_s() >= start_s + STEADY_S and self.collector.settling.steady():
                return
        self.world.observer.note(
            f"trial {self.plan.index}: the senders' rates still moved after {AT_MOST_S:.0f} s of "
            "settling; the hold begins all the same"
        )

    def lasts_at_most_s(self) -> float:
        """From the first join to the last leave, were all of them quick."""
        last_s = max(session.start_s for session in self.plan.sessions)
        return last_s + (self.settings.settle_s or AT_MOST_S) + self.settings.hold_s


# ---------------------------------------------------------------- small decisions


async def _cancelled_if_we_are(story: Coroutine[Any, Any, None]) -> None:
    """Run `story`; of one that was to be cancelled and broke on its way out, raise CancelledError.

    In a task of its own: groups of tasks leave cancels of theirs in the count of the task they are
    in (Python 3.11).
    """
    us = asyncio.current_task()
    before = 0 if us is None else us.cancelling()
    await asyncio.create_task(story)
    if us is not None and us.cancelling() > before:
        raise asyncio.CancelledError


async def _unless(fault: asyncio.Future[Fault], story: Coroutine[Any, Any, None]) -> Fault | None:
    """Let `story` run to its end, or stop it at the first fault and return that."""
    task = asyncio.ensure_future(story)
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
