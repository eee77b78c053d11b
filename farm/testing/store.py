"""A fake store of trials, in memory; its evidence is made up, not measured."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from farm.model.trial_evidence import TrialEvidence
from farm.model.trial_plan import TrialPlan
from farm.model.trial_result import TrialResult
from farm.testing.evidence import good_evidence, unjoined
from farm.testing.recorder import FakeRecorder


@dataclass
class FakeStore:
    """Implements `protocols.TrialStore`, as of a server whose capacity is `capacity` probes.

    The evidence of a trial is good up to that load; beyond it, the first probe cannot join.
    `spoil` changes it. Faults that were recorded are in it, too. `recorders` are by the trial's
    index, `plans`, results (`kept`) and the journal's `entries` in the order of the calls.
    """

    capacity: int
    spoil: Callable[[TrialEvidence], TrialEvidence] = lambda evidence: evidence
    recorders: dict[int, FakeRecorder] = field(default_factory=dict)
    plans: list[TrialPlan] = field(default_factory=list)
    kept: list[TrialResult] = field(default_factory=list)
    entries: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @asynccontextmanager
    async def record(self, plan: TrialPlan) -> AsyncIterator[FakeRecorder]:
        recorder = self.recorders[plan.index] = FakeRecorder()
        yield recorder

    def evidence(self, plan: TrialPlan) -> TrialEvidence:
        evidence = good_evidence(plan)
        if plan.load > self.capacity:
            first = plan.probes[0].probe
            evidence = unjoined(evidence, first, "signalling", "the server is full")
        faults = (*evidence.faults, *self.recorders[plan.index].faults)
        return self.spoil(replace(evidence, faults=faults))

    def keep(self, plan: TrialPlan, result: TrialResult) -> None:
        self.plans.append(plan)
        self.kept.append(result)

    def journal(self, kind: str, /, **facts: Any) -> None:
        self.entries.append((kind, facts))
