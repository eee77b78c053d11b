"""The joins of a trial's ramp: session by session, role by role, and who could not get in.

Sees the world only through `farm.protocols`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from farm.errors import BrowserError, JoinError
from farm.execution.collector import Collector
from farm.execution.world import World
from farm.model.trial_evidence import JoinOutcome
from farm.model.trial_plan import ProbePlan, SessionPlan, TrialPlan
from farm.planning.partners import with_partners
from farm.protocols import Host, Recorder


@dataclass
class SessionJoins:
    """`inside` are the probes that are in, `lost` those that could not join.

    `complete_s` is when everybody was in, by session.
    """

    plan: TrialPlan
    world: World
    recorder: Recorder
    collector: Collector
    inside: dict[str, ProbePlan] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    complete_s: dict[str, float] = field(default_factory=dict)

    async def join_sessions(self, hosts: Mapping[str, Host], ramp_s: float) -> None:
        """Each session in its turn; `ramp_s` is when the ramp began."""
        async with asyncio.TaskGroup() as sessions:
            for session in self.plan.sessions:
                sessions.create_task(self._join_session(session, hosts, ramp_s + session.start_s))

    async def _join_session(
        self, session: SessionPlan, hosts: Mapping[str, Host], start_s: float
    ) -> None:
        """Start the session's pages and let them join, role by role in the driver's order."""
        roles = self.world.driver.roles
        gone: set[str] = set()
        await self.world.clock.sleep_until(start_s)
        for role in _ordered(roles, session):
            after = roles[role].after
            probes = [probe for probe in session.probes if probe.role == role]
            if after in gone:
                for probe in probes:
                    self._failed(probe, JoinError("partner", f"its {after} could not join"))
                gone.add(role)
                continue
            async with asyncio.TaskGroup() as joins:
                tasks = [
                    joins.create_task(
                        self._join(with_partners(probe, session), hosts[probe.host], start_s)
                    )
                    for probe in probes
                ]
            if not any(task.result() for task in tasks):
                gone.add(role)
        async with asyncio.TaskGroup() as waits:
            for probe in session.probes:
                if probe.probe in self.inside:
                    waits.create_task(self._wait_joined(probe, hosts[probe.host]))
        if all(probe.probe in self.inside for probe in session.probes):
            self.complete_s[session.session] = self.world.clock.run_s()

    async def _join(self, probe: ProbePlan, host: Host, start_s: float) -> bool:
        await self.world.clock.sleep_until(start_s + probe.start_s)
        try:
            await host.start(probe)
            await host.join(probe.probe)
        except (JoinError, BrowserError) as error:
            self._failed(probe, error)
            return False
        self.inside[probe.probe] = probe
        return True

    async def _wait_joined(self, probe: ProbePlan, host: Host) -> None:
        try:
            joined = await host.joined(probe.probe)
        except (JoinError, BrowserError) as error:
            del self.inside[probe.probe]
            waited = isinstance(error, JoinError) and error.reason in ("timeout", "media")
            partner = self._partner_lost(probe) if waited else None
            self._failed(probe, JoinError("partner", partner) if partner else error)
            return
        outcome = JoinOutcome(probe.probe, probe.session, True, joined.join_s)
        self.recorder.join(outcome)
        self.collector.meter.join(outcome)

    def _partner_lost(self, probe: ProbePlan) -> str | None:
        """Why a probe that waited for partners timed out: none of them could join."""
        roles = self.world.driver.roles
        session = next(each for each in self.plan.sessions if each.session == probe.session)
        awaited = [each for each in session.probes if roles[each.role].after == probe.role]
        in_vain = probe.receives and awaited and all(each.probe in self.lost for each in awaited)
        return f"its {awaited[0].role} could not join" if in_vain else None

    def _failed(self, probe: ProbePlan, error: JoinError | BrowserError) -> None:
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


def _ordered(roles: Mapping[str, Any], session: SessionPlan) -> list[str]:
    """The session's roles, each behind the one it joins `after`."""
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
