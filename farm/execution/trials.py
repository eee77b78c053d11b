"""The story of a run: trials one after the other, each judged before the next is chosen."""

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
from farm.planning.placement import Room
from farm.planning.trial_planning import NO_ROOMS, plan_trial
from farm.protocols import Clock, TrialStore
from farm.search.capacity_estimate import CapacityEstimate, State
from farm.search.capacity_search import CapacitySearch
from farm.search.from_experiment import count
from farm.verdict import judge
from farm.verdict.baseline import Baseline, baseline_of

BASELINES, BASELINES_AT_MOST = 2, 4
"""So many trials at the smallest load must agree; so many are made to get there."""


class Trials:
    """The trials of one run, each planned, lived through, judged and written down.

    `done` are those of a run that is taken up again, `fresh` is what its server weighed after its
    first reset: later ones are verified against that.
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
        rooms: Mapping[str, Room] = NO_ROOMS,
    ) -> None:
        self.results = list(done)
        self.baseline: Baseline | None = None
        self._experiment = experiment
        self._world = world
        self._store = store
        self._hosts, self._rooms = hosts, rooms
        self._fresh = fresh

    async def measure(self, load: int, purpose: Purpose) -> tuple[TrialResult, TrialEvidence]:
        """One trial and its verdict. Raises ServerError if the server cannot even be reset."""
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
        """Raises ExperimentError if the hosts cannot carry it."""
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
        """Would so many more trials be over in time, each as long as the longest so far?"""
        lasted = [
            result.phases.done_s - result.phases.ramp_s
            for result in self.results
            if result.phases.done_s is not None and result.phases.ramp_s is not None
        ]
        ends_s = self.clock.run_s() + more * max(lasted, default=0.0)
        return budget_s is None or ends_s <= budget_s

    def drift_checks(self, load: int, every: int | None) -> DriftChecks | None:
        """When to try the baseline's `load` again; None without a baseline to compare with."""
        if self.baseline is None or every is None:
            return None
        retries = self._experiment.search.invalid_retries
        return DriftChecks(load, self.baseline.trials, every, retries)

    def say(self, text: str) -> None:
        """A line for the user and the journal."""
        self._world.observer.note(text)
        self._store.journal("note", text=text)

    def decided(self, what: str, /, **facts: Any) -> None:
        """For the journal alone."""
        self._store.journal(what, **facts)

    async def find_baseline(self, load: int, known: Iterable[TrialEvidence] = ()) -> None:
        """Trials at the smallest load until two of them passed and agree, or it is clear that they
        will not: then relative limits have nothing to be held against, and a verdict says so.

        `known` is the evidence of those that are done already and passed.
        """
        passed = list(known)
        self.baseline = baseline_of(passed, BASELINES)
        outcomes = [each.verdict.outcome for each in self.results if each.purpose == "baseline"]
        retries = self._experiment.search.invalid_retries
        while (
            self.baseline is None
            and len(outcomes) < BASELINES_AT_MOST
            and Outcome.FAIL not in outcomes
            and outcomes.count(Outcome.INVALID) <= retries
        ):
            result, evidence = await self.measure(load, "baseline")
            outcomes.append(result.verdict.outcome)
            if result.verdict.outcome is Outcome.PASS:
                passed.append(evidence)
                self.baseline = baseline_of(passed, BASELINES)
        if self.baseline is None:
            self.say(f"no baseline at {load} probes: limits that compare with it are left out")


async def find_capacity(
    trials: Trials,
    search: CapacitySearch,
    smallest: int,
    *,
    known: Iterable[TrialEvidence] = (),
    budget_s: float | None = None,
    drift_every: int | None = None,
) -> CapacityEstimate:
    """Baselines at the `smallest` load, then the loads that `search` asks for until it knows.

    Trials that are done already count; `known` is the evidence of the baselines among them. After
    every `drift_every` trials, and at the end, the smallest load is tried again: the state is
    `drift` when the server is not what it was (see `farm.analysis.drift`). It is `server_lost` also
    when the server cannot be reached any more to be reset, and `out_of_trials` also when no further
    trial, and the last look after it, would fit into `budget_s` of run time.
    """
    state: State | None = None
    try:
        await trials.find_baseline(smallest, known)
        for result in trials.results:
            count(search, result)
        looks = trials.drift_checks(smallest, drift_every)
        while True:
            if looks is not None and (moved := looks.drifted(trials.results)):
                trials.say(f"the search ends: the server drifts: {'; '.join(moved)}")
                state = "drift"
                break
            load = search.next_load() if state is None else None
            if load is not None and not trials.fit(1 if looks is None else 2, budget_s):
                trials.say(f"the search ends: search.budget of {budget_s:.0f} s is used up")
                state, load = "out_of_trials", None
            look = _look_due(trials, looks, search, load, budget_s)
            load = smallest if look else load
            if load is None:
                if looks is not None and looks.invalid_at_the_end(trials.results):
                    trials.say(
                        "the last look for drift was invalid: whether the server changed since the"
                        " one before is not known"
                    )
                break
            result, _ = await trials.measure(load, "drift" if look else "search")
            count(search, result)
    except ServerError as error:
        trials.say(f"the search ends: {error}")
        state = "server_lost"
    estimate = search.estimate()
    return estimate if state is None else replace(estimate, state=state)


def _look_due(
    trials: Trials,
    looks: DriftChecks | None,
    search: CapacitySearch,
    load: int | None,
    budget_s: float | None,
) -> bool:
    """Whether the smallest load comes next, in the place of `load`."""
    if looks is None or not looks.due(trials.results, ended=load is None):
        return False
    return search.estimate().state != "server_lost" and trials.fit(1, budget_s)
