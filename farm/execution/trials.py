"""Runs the trials of a run one after the other, each judged before the next is chosen."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from farm.analysis.drift import DriftChecks
from farm.analysis.trial_summary import summarise
from farm.errors import ServerError
from farm.execution.run_trial import run_trial
from farm.execution.world import World
from farm.model.experiment import Experiment
from farm.model.server_samples import Footprint
from farm.model.trial_evidence import TrialEvidence
from farm.model.trial_plan import Purpose, TrialPlan
from farm.model.trial_result import TrialResult
from farm.model.verdict import Outcome
from farm.model.wording import counted
from farm.planning.placement import HostRoom
from farm.planning.trial_planning import NO_ROOMS, plan_trial
from farm.protocols import Clock, TrialStore
from farm.search.capacity_estimate import CapacityEstimate, State
from farm.search.capacity_search import CapacitySearch
from farm.search.from_experiment import count
from farm.verdict import judge
from farm.verdict.baseline import Baseline, baseline_of

BASELINES, BASELINES_AT_MOST = 2, 4
"""Trials at the smallest load that must agree; attempts allowed."""

BASELINES_FAILED = 1
"""Of these attempts so many may fail: one may be chance, two mean that the load is too large."""


class Trials:
    """The trials of one run, each planned, run, judged and recorded.

    `done` are those of a resumed run, `fresh` is the footprint of its server after the first reset,
    against which later ones are verified.
    """

    def __init__(
        self,
        experiment: Experiment,
        world: World,
        store: TrialStore,
        hosts: Sequence[str],
        done: Iterable[TrialResult] = (),
        *,
        fresh: Footprint | None = None,
        rooms: Mapping[str, HostRoom] = NO_ROOMS,
    ) -> None:
        self.results = list(done)
        self.baseline: Baseline | None = None
        self._experiment = experiment
        self._world = world
        self._store = store
        self._hosts, self._rooms = hosts, rooms
        self._fresh = fresh

    async def measure(self, load: int, purpose: Purpose) -> tuple[TrialResult, TrialEvidence]:
        """Run one trial and judge it. Raises ServerError if the server cannot be reset."""
        index = max((result.index for result in self.results), default=-1) + 1
        plan = self._plan(load, index, purpose)
        self._world.observer.trial_planned(plan, purpose)
        self._store.journal("trial_started", index=index, load=load, purpose=purpose)
        async with self._store.record(plan) as recorder:
            await run_trial(plan, self._world, self._experiment.trial, recorder, self._fresh)
        evidence = await asyncio.to_thread(self._store.evidence, plan)
        if self._fresh is None and evidence.reset is not None:
            self._fresh = evidence.reset.footprint
        verdict = judge(
            evidence, self._experiment.criteria, self._experiment.invalid, self.baseline
        )
        result = summarise(evidence, verdict)
        self._store.keep(plan, result)
        self._store.journal("trial_ended", index=index, load=load, verdict=verdict.outcome)
        self.results.append(result)
        self._world.observer.trial_ended(result)
        return result, evidence

    def check_room(self, load: int) -> None:
        """Raises ExperimentError if the hosts cannot carry the load."""
        self._plan(load, 0, "single")

    def _plan(self, load: int, index: int, purpose: Purpose) -> TrialPlan:
        return plan_trial(
            self._experiment,
            load,
            index=index,
            purpose=purpose,
            hosts=self._hosts,
            rooms=self._rooms,
        )

    @property
    def clock(self) -> Clock:
        return self._world.clock

    def fit(self, more: int, budget_s: float | None) -> bool:
        """Whether so many more trials end within the budget, each as long as the longest so far."""
        lasted = [
            result.phases.done_s - result.phases.ramp_s
            for result in self.results
            if result.phases.done_s is not None and result.phases.ramp_s is not None
        ]
        ends_s = self.clock.run_s() + more * max(lasted, default=0.0)
        return budget_s is None or ends_s <= budget_s

    def drift_checks(self, load: int, every: int | None) -> DriftChecks | None:
        """The drift checks at the baseline's `load`; None without a baseline."""
        if self.baseline is None or every is None:
            return None
        retries = self._experiment.search.invalid_retries
        return DriftChecks(load, self.baseline.trials, every, retries)

    def say(self, text: str) -> None:
        """Note a line for the user and in the journal."""
        self._world.observer.note(text)
        self._store.journal("note", text=text)

    def decided(self, what: str, /, **facts: Any) -> None:
        """Write an entry to the journal only."""
        self._store.journal(what, **facts)

    async def find_baseline(self, load: int, known: Iterable[TrialEvidence] = ()) -> None:
        """Run trials at the smallest load until two that passed agree, or too many did not.

        One whose driver does not work is followed by no other.
        Then there is no baseline: relative limits are left out, which every verdict notes. `known`
        is the evidence of baseline trials that were done before and passed.
        """
        passed = list(known)
        self.baseline = baseline_of(passed, BASELINES)
        outcomes = [each.verdict.outcome for each in self.results if each.purpose == "baseline"]
        retries = self._experiment.search.invalid_retries
        while (
            self.baseline is None
            and len(outcomes) < BASELINES_AT_MOST
            and outcomes.count(Outcome.FAIL) <= BASELINES_FAILED
            and not any(each.verdict.by_driver for each in self.results)
            and outcomes.count(Outcome.INVALID) <= retries
        ):
            result, evidence = await self.measure(load, "baseline")
            outcomes.append(result.verdict.outcome)
            if result.verdict.outcome is Outcome.PASS:
                passed.append(evidence)
                self.baseline = baseline_of(passed, BASELINES)
        if self.baseline is None:
            at = counted(load, "probe")
            self.say(f"no baseline at {at}: limits that compare with it are left out")


async def find_capacity(
    trials: Trials,
    search: CapacitySearch,
    smallest: int,
    *,
    known: Iterable[TrialEvidence] = (),
    budget_s: float | None = None,
    drift_every: int | None = None,
) -> CapacityEstimate:
    """Run baselines at the `smallest` load, then the loads of `search` until it ends.

    Trials that were done before count; `known` is the evidence of the baselines among them. After
    every `drift_every` trials, and at the end, there is a drift check: the state is `drift` when
    the server changed (`farm.analysis.drift`). It is `server_lost` also when the server cannot be
    reached to be reset, and `out_of_trials` also when no further trial, with the last drift check
    after it, fits into `budget_s` of run time.
    """
    state: State | None = None
    try:
        await trials.find_baseline(smallest, known)
        for result in trials.results:
            count(search, result)
        checks = trials.drift_checks(smallest, drift_every)
        while True:
            if checks is not None and (moved := checks.drifted(trials.results)):
                trials.say(f"the search ends: the server drifts: {'; '.join(moved)}")
                state = "drift"
                break
            load = search.next_load() if state is None else None
            if load is not None and not trials.fit(1 if checks is None else 2, budget_s):
                trials.say(f"the search ends: search.budget of {budget_s:.0f} s is used up")
                state, load = "out_of_trials", None
            is_check = _check_due(trials, checks, search, load, budget_s)
            load = smallest if is_check else load
            if load is None:
                if checks is not None and checks.invalid_at_the_end(trials.results):
                    trials.say(
                        "the last drift check was invalid: whether the server changed since the one"
                        " before is not known"
                    )
                break
            result, _ = await trials.measure(load, "drift" if is_check else "search")
            count(search, result)
    except ServerError as error:
        trials.say(f"the search ends: {error}")
        state = "server_lost"
    estimate = search.estimate()
    return estimate if state is None else replace(estimate, state=state)


def _check_due(
    trials: Trials,
    checks: DriftChecks | None,
    search: CapacitySearch,
    load: int | None,
    budget_s: float | None,
) -> bool:
    """Whether a drift check is due next, in place of `load`."""
    if checks is None or not checks.due(trials.results, ended=load is None):
        return False
    return search.estimate().state != "server_lost" and trials.fit(1, budget_s)
