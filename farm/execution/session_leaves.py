"""The end of a trial: pictures of its probes, then all of them leave.

Sees the world only through `farm.protocols`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from farm.model.trial_plan import ProbePlan, TrialPlan
from farm.protocols import Clock, Host

LEAVES_AT_ONCE = 8
ALL_PICTURED = 4
"""Of so many probes each has its picture taken; of more, one of each role."""


@dataclass
class SessionLeaves:
    """By session: `complete_s` is when all were in, `lasted_s` from then until the first left."""

    plan: TrialPlan
    clock: Clock
    complete_s: Mapping[str, float]
    lasted_s: dict[str, float] = field(default_factory=dict)

    async def leave(self, inside: Sequence[ProbePlan], hosts: Mapping[str, Host]) -> None:
        """Take screenshots, then let all leave: those who joined last first, some at a time.

        The hold is complete: whatever fails now does not change that.
        """
        are_inside = {probe.probe for probe in inside}
        planned = [probe for probe in self.plan.probes if probe.probe in are_inside]
        for name, probe in _captured(planned):
            await hosts[probe.host].screenshot(probe.probe, f"mid-call-{name}")
        places = asyncio.Semaphore(LEAVES_AT_ONCE)

        async def go(probe: ProbePlan) -> None:
            async with places:
                self._left(probe)
                await hosts[probe.host].leave(probe.probe)

        roles = list(dict.fromkeys(probe.role for probe in inside))
        for role in reversed(roles):
            async with asyncio.TaskGroup() as leaving:
                for probe in inside:
                    if probe.role == role:
                        leaving.create_task(go(probe))

    def _left(self, probe: ProbePlan) -> None:
        """Record that the session ended, if this probe is the first to leave it."""
        complete_s = self.complete_s.get(probe.session)
        if complete_s is not None and probe.session not in self.lasted_s:
            self.lasted_s[probe.session] = self.clock.run_s() - complete_s


def _captured(probes: Sequence[ProbePlan]) -> Sequence[tuple[str, ProbePlan]]:
    """What pictures are called and whose they are: the first of each role; of few probes, all."""
    of_role = {probe.role: probe for probe in reversed(probes)}
    others = probes if len(probes) <= ALL_PICTURED else ()
    return [
        *of_role.items(),
        *((probe.probe, probe) for probe in others if probe is not of_role[probe.role]),
    ]
