"""The story of a run: trials one after the other, each judged before the next is chosen."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace

from farm.capacity_search import CapacityEstimate, CapacitySearch
from farm.controller import World, run_trial
from farm.errors import ServerError
from farm.experiment import Experiment
from farm.observations import Footprint
from farm.protocols import TrialStore
from farm.scenario import plan_trial
from farm.trial import Outcome, Purpose, TrialEvidence, TrialResult
from farm.trial_summary import summarise
from farm.verdict import judge
from farm.verdict.baseline import Baseline, baseline_of

BASELINES, BASELINES_AT_MOST = 2, 4
"""So many trials at the smallest load must agree; so many are made to get there."""


class Trials:
    """The trials of one run, each planned, lived through, judged and written down.

    `done` are those of a run that is taken up again, with their evidence if they are baselines.
    """

    def __init__(
        self,
        experiment: Experiment,
        world: World,
        store: TrialStore,
        hosts: Sequence[str],
        done: Iterable[TrialResult] = (),
    ) -> None:
        self.results = list(done)
        self.baseline: Baseline | None = None
        self._experiment = experiment
        self._world = world
        self._store = store
        self._hosts = hosts
        self._fresh: Footprint | None = None

    async def measure(self, load: int, purpose: Purpose) -> tuple[TrialResult, TrialEvidence]:
        """One trial and its verdict. Raises ServerError if the server cannot even be reset."""
        index = max((result.index for result in self.results), default=-1) + 1
        plan = plan_trial(self._experiment, load, index=index, purpose=purpose, hosts=self._hosts)
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

    def next_ends_s(self) -> float:
        """When one more trial would be over, if it takes as long as the longest so far."""
        lasted = [
            result.phases.done_s - result.phases.ramp_s
            for result in self.results
            if result.phases.done_s is not None and result.phases.ramp_s is not None
        ]
        return self._world.clock.run_s() + max(lasted, default=0.0)

    def say(self, text: str) -> None:
        """A line for the user and the journal."""
        self._world.observer.note(text)
        self._store.journal("note", text=text)

    async def find_baseline(
        self, load: int, at_least: int, known: Iterable[TrialEvidence] = ()
    ) -> None:
        """Trials at the smallest load until `at_least` of them passed and agree, or it is clear
        that they will not: then relative limits have nothing to be held against, and a verdict
        says so.
        """
        passed = list(known)
        self.baseline = baseline_of(passed, at_least)
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
                self.baseline = baseline_of(passed, at_least)
        if self.baseline is None:
            self.say(f"no baseline at {load} probes: limits that compare with it are left out")


async def find_capacity(
    trials: Trials,
    search: CapacitySearch,
    smallest: int,
    *,
    known: Iterable[TrialEvidence] = (),
    budget_s: float | None = None,
) -> CapacityEstimate:
    """Baselines at the `smallest` load, then the loads that `search` asks for until it knows.

    Trials that are done already count; `known` is the evidence of the baselines among them. The
    state is `server_lost` also when the server cannot be reached any more to be reset, and
    `out_of_trials` also when no further trial would fit into `budget_s` of run time.
    """
    try:
        await trials.find_baseline(smallest, BASELINES, known)
        for result in trials.results:
            _count(search, result)
        while (load := search.next_load()) is not None:
            if budget_s is not None and trials.next_ends_s() > budget_s:
                trials.say(f"the search ends: search.budget of {budget_s:.0f} s is used up")
                return replace(search.estimate(), state="out_of_trials")
            result, _ = await trials.measure(load, "search")
            _count(search, result)
    except ServerError as error:
        trials.say(f"the search ends: {error}")
        return replace(search.estimate(), state="server_lost")
    return search.estimate()


def _count(search: CapacitySearch, result: TrialResult) -> None:
    verdict, cpu_percent = result.verdict, result.server_cpu_percent
    search.record(
        result.load,
        verdict.outcome,
        units_failed=verdict.units_failed,
        units_total=verdict.units,
        utilisation=None if cpu_percent is None else cpu_percent / 100,
        server_died=any(reason.code == "server_died" for reason in verdict.reasons),
    )
