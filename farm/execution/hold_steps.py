"""The steps of a driver in the hold: each probe executes its own at their times.

Sees the world only through `farm.protocols`.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from farm.errors import BrowserError, JoinError
from farm.execution.world import World
from farm.model.trial_plan import ProbePlan, TrialPlan
from farm.planning.hold_times import HoldTime, hold_times
from farm.protocols import Host


@dataclass
class HoldStepRun:
    """Executes a trial's `after_join` steps; a probe of which some failed executes no more.

    Those of a probe wait for each other. What did not begin in the hold, as those before it took
    too long, is left out, and noted once.
    What was done, and what failed, is recorded by the probe's host as events `after_join`.
    """

    plan: TrialPlan
    world: World
    _failed: set[str] = field(default_factory=set)
    _late: set[str] = field(default_factory=set)
    _acting: defaultdict[str, asyncio.Lock] = field(
        default_factory=lambda: defaultdict(asyncio.Lock)
    )

    async def run(
        self,
        inside: Mapping[str, ProbePlan],
        hosts: Mapping[str, Host],
        hold_s: float,
        end_s: float,
    ) -> None:
        """All steps that are due from `hold_s` to `end_s` (run time); returns when those that began
        have ended, which each of them does by its own time limits."""
        roles = self.world.driver.roles
        due = hold_times(self.plan.sessions, roles, inside, end_s - hold_s)
        async with asyncio.TaskGroup() as tasks:
            for each in due:
                await self.world.clock.sleep_until(hold_s + each.at_s)
                tasks.create_task(self._act(each, hosts[each.probe.host], end_s))

    async def _act(self, due: HoldTime, host: Host, end_s: float) -> None:
        probe = due.probe
        async with self._acting[probe.probe]:
            if probe.probe in self._failed:
                return
            if self.world.clock.run_s() >= end_s:
                self._left_out(due)
                return
            try:
                await host.after_join(probe.probe, due.number)
            except BrowserError:
                self._failed.add(probe.probe)  # its crash is an event of its own
            except JoinError as error:
                self._failed.add(probe.probe)
                self._note(probe, str(error))

    def _left_out(self, due: HoldTime) -> None:
        if due.probe.probe not in self._late:
            self._late.add(due.probe.probe)
            place = self.world.driver.roles[due.probe.role].after_join[due.number].place
            before = "steps before them were over only after the hold"
            self._note(due.probe, f"{place}: after_join: some turns were left out: {before}")

    def _note(self, probe: ProbePlan, text: str) -> None:
        self.world.observer.note(f"{probe.probe} ({probe.role} of {probe.session}): {text}")
