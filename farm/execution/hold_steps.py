"""The steps of a driver in the hold: each probe executes its own at their times.

Sees the world only through `farm.protocols`.
"""

from __future__ import annotations

import asyncio
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

    What was done, and what failed, is recorded by the probe's host as events `after_join`.
    """

    plan: TrialPlan
    world: World
    _failed: set[str] = field(default_factory=set)

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
                tasks.create_task(self._act(each, hosts[each.probe.host]))

    async def _act(self, due: HoldTime, host: Host) -> None:
        probe = due.probe
        if probe.probe in self._failed:
            return
        try:
            await host.after_join(probe.probe, due.number)
        except BrowserError:
            self._failed.add(probe.probe)  # its crash is an event of its own
        except JoinError as error:
            self._failed.add(probe.probe)
            self.world.observer.note(f"{probe.probe} ({probe.role} of {probe.session}): {error}")
