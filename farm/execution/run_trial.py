"""The story of one trial: reset, ramp up, settle, hold, leave.

Sees the world only through `farm.protocols`; what it reads there goes to a `Recorder` as it comes.
Verdicts are made afterwards, from what was recorded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any

from farm.errors import BrowserError, GeneratorError, JoinError, first_error
from farm.execution.call_recordings import RecordingsCheck
from farm.execution.collector import Collector
from farm.execution.kurento_monitor import OwnView
from farm.execution.steady_state import AT_MOST_S, STEADY_S
from farm.model.driver import Driver
from farm.model.experiment import TrialSettings
from farm.model.server_samples import Footprint
from farm.model.trial_evidence import Fault, JoinOutcome
from farm.model.trial_plan import Phase, ProbePlan, SessionPlan, TrialPlan
from farm.protocols import Clock, Host, Observer, Recorder, Server, ServerView

LEAVES_AT_ONCE = 8
ALL_PICTURED = 4
"""Of so many probes each has its picture taken; of more, one of each role."""

LAST_LOOKS_S = 2.0
"""So long the machine of a server that died is still looked at: did its kernel kill it?"""


@dataclass(frozen=True, slots=True)
class World:
    """What a run acts on; the command line opens it.

    `hosts` opens the machines that a plan names and closes them after the trial, so that each
    trial has fresh browsers. `watch` yields a future of the first fault of what the farm can see
    die: the media server, the demo app.
    """

    clock: Clock
    observer: Observer
    server: Server
    driver: Driver
    hosts: Callable[[TrialPlan], AbstractAsyncContextManager[Mapping[str, Host]]]
    watch: Callable[[], AbstractAsyncContextManager[asyncio.Future[Fault]]]
    view: ServerView


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
    trial = _Trial(plan, world, settings, recorder, collector)
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
                await trial.leave(hosts)
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
        await recordings.check(trial.lasted_s)
    if is_whole:
        await own_view.after()
    trial.begin("done")


@dataclass
class _Trial:
    """One trial on its way: the plan, who is in, and who could not join (`lost`).

    `complete_s` is when everybody was in, by session; `lasted_s` from then until the first left.
    """

    plan: TrialPlan
    world: World
    settings: TrialSettings
    recorder: Recorder
    collector: Collector
    inside: dict[str, ProbePlan] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    complete_s: dict[str, float] = field(default_factory=dict)
    lasted_s: dict[str, float] = field(default_factory=dict)

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
        async with asyncio.TaskGroup() as sessions:
            for session in self.plan.sessions:
                sessions.create_task(self.join_session(session, hosts, ramp_s + session.start_s))
        if not self.inside:
            self.world.observer.note(f"trial {self.plan.index}: nobody could join; no hold")
            return
        await self.settle()
        hold_s = self.begin("hold", self.settings.hold_s)
        await self.world.clock.sleep_until(hold_s + self.settings.hold_s)
        self.begin("leave")

    async def join_session(
        self, session: SessionPlan, hosts: Mapping[str, Host], start_s: float
    ) -> None:
        """Boot the session's pages and let them join, role by role as the driver orders them."""
        roles = self.world.driver.roles
        gone: set[str] = set()
        await self.world.clock.sleep_until(start_s)
        for role in _ordered(roles, session):
            after = roles[role].after
            probes = [probe for probe in session.probes if probe.role == role]
            if after in gone:
                for probe in probes:
                    self.failed(probe, JoinError("partner", f"its {after} could not join"))
                gone.add(role)
                continue
            async with asyncio.TaskGroup() as joins:
                tasks = [
                    joins.create_task(self.join(probe, hosts[probe.host], start_s))
                    for probe in probes
                ]
            if not any(task.result() for task in tasks):
                gone.add(role)
        async with asyncio.TaskGroup() as waits:
            for probe in session.probes:
                if probe.probe in self.inside:
                    waits.create_task(self.wait_joined(probe, hosts[probe.host]))
        if all(probe.probe in self.inside for probe in session.probes):
            self.complete_s[session.session] = self.world.clock.run_s()

    async def join(self, probe: ProbePlan, host: Host, start_s: float) -> bool:
        await self.world.clock.sleep_until(start_s + probe.start_s)
        try:
            await host.start(probe)
            await host.join(probe.probe)
        except (JoinError, BrowserError) as error:
            self.failed(probe, error)
            return False
        self.inside[probe.probe] = probe
        return True

    async def wait_joined(self, probe: ProbePlan, host: Host) -> None:
        try:
            joined = await host.joined(probe.probe)
        except (JoinError, BrowserError) as error:
            del self.inside[probe.probe]
            waited = isinstance(error, JoinError) and error.reason in ("timeout", "media")
            partner = self.partner_lost(probe) if waited else None
            self.failed(probe, JoinError("partner", partner) if partner else error)
            return
        outcome = JoinOutcome(probe.probe, probe.session, True, joined.join_s)
        self.recorder.join(outcome)
        self.collector.meter.join(outcome)

    def partner_lost(self, probe: ProbePlan) -> str | None:
        """Why somebody who waited for others to come waited in vain: none of them could join."""
        roles = self.world.driver.roles
        session = next(each for each in self.plan.sessions if each.session == probe.session)
        awaited = [each for each in session.probes if roles[each.role].after == probe.role]
        in_vain = probe.receives and awaited and all(each.probe in self.lost for each in awaited)
        return f"its {awaited[0].role} could not join" if in_vain else None

    def failed(self, probe: ProbePlan, error: JoinError | BrowserError) -> None:
        outcome = JoinOutcome(
            probe.probe,
            probe.session,
            joined=False,
            reason=error.reason if isinstance(error, JoinError) else "browser",
            message=str(error),
            at_s=self.world.clock.run_s(),
        )
        self.lost.add(probe.probe)
        self.recorder.join(outcome)
        self.collector.meter.join(outcome)
        self.collector.settling.forget(probe.probe)
        self.world.observer.note(f"{probe.probe} ({probe.role} of {probe.session}): {error}")

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

    async def leave(self, hosts: Mapping[str, Host]) -> None:
        """Pictures, then everybody goes: those who joined last first, some at a time.

        The hold is over, and stands whatever breaks now.
        """
        for name, probe in _pictured(list(self.inside.values())):
            await hosts[probe.host].screenshot(probe.probe, f"mid-call-{name}")
        places = asyncio.Semaphore(LEAVES_AT_ONCE)

        async def go(probe: ProbePlan) -> None:
            async with places:
                self.left(probe)
                await hosts[probe.host].leave(probe.probe)

        roles = list(dict.fromkeys(probe.role for probe in self.inside.values()))
        for role in reversed(roles):
            async with asyncio.TaskGroup() as leaving:
                for probe in self.inside.values():
                    if probe.role == role:
                        leaving.create_task(go(probe))

    def left(self, probe: ProbePlan) -> None:
        """The session ends with the first who goes."""
        complete_s = self.complete_s.get(probe.session)
        if complete_s is not None and probe.session not in self.lasted_s:
            self.lasted_s[probe.session] = self.world.clock.run_s() - complete_s

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


def _ordered(roles: Mapping[str, Any], session: SessionPlan) -> list[str]:
    """The session's roles, each behind the one it comes `after`."""
    present = dict.fromkeys(probe.role for probe in session.probes)
    ordered: list[str] = []
    while len(ordered) < len(present):
        ordered += [
            role
            for role in present
            if role not in ordered
            and (roles[role].after not in present or roles[role].after in ordered)
        ]
    return ordered


def _pictured(probes: Sequence[ProbePlan]) -> Sequence[tuple[str, ProbePlan]]:
    """What pictures are called and whose they are: one of each role; of few probes, all."""
    of_role = {probe.role: probe for probe in reversed(probes)}
    others = probes if len(probes) <= ALL_PICTURED else ()
    return [
        *of_role.items(),
        *((probe.probe, probe) for probe in others if probe is not of_role[probe.role]),
    ]
