"""Chooses the load that a search tries next, or says how the search ended. Pure.

Loads double until one fails. From then on the next load is the one whose trial gives most
information on the capacity. The search has *converged* when the estimate is within a step or a
tenth of the capacity with the probability that `confidence` asks for; not before two trials failed
(one may be chance), or three passed at the largest load.
"""

from __future__ import annotations

import numpy as np

from farm.model.verdict import Outcome
from farm.search.capacity_estimate import State
from farm.search.carried_loads import CarriedLoads
from farm.search.pass_curve import quantile
from farm.search.step_up import next_up
from farm.search.trials_so_far import CANDIDATES, TrialsSoFar, largest, thinned

FAILS, PASSES = 2, 3
"""How many trials must fail before the search ends, or pass at the largest load."""

DRIFTED, CHANGE = 0.6, 0.1
"""The probability of a change of the capacity, and its size, from which the state is `drift`."""


class LoadChoice:
    """Chooses by the trials so far and the loads that the generator carried.

    `max_trials` counts every trial, invalid ones too. `ramp` tries each load in turn until one
    fails.
    """

    def __init__(
        self, so_far: TrialsSoFar, carried: CarriedLoads, *, max_trials: int, ramp: bool
    ) -> None:
        self._so_far = so_far
        self._carried = carried
        self._max_trials = max_trials
        self._ramp = ramp

    def decide(self) -> int | State:
        """The load to try, or the state in which the search ended."""
        last_two = self._so_far.trials[-2:]
        if len(last_two) == 2 and all(trial.server_died for trial in last_two):
            return "server_lost"
        rungs = self._carried.left(self._so_far.ladder)
        if not rungs:
            return "generator_ran_out"
        if self._so_far.loads_that(Outcome.FAIL) and self._so_far.curves.changed(CHANGE) > DRIFTED:
            return "drift"
        wanted = self._next_of_ramp(rungs) if self._ramp else self._next_of_search(rungs)
        if isinstance(wanted, int) and len(self._so_far.trials) >= self._max_trials:
            stuck = self._so_far.answer(rungs) == rungs[-1] and rungs != self._so_far.ladder
            return "generator_ran_out" if stuck else "out_of_trials"
        return wanted

    def _next_of_search(self, rungs: tuple[int, ...]) -> int | State:
        again = self._carried.to_repeat()
        if again is not None and again in rungs:
            return again
        passed, failed = (
            self._so_far.loads_that(Outcome.PASS),
            self._so_far.loads_that(Outcome.FAIL),
        )
        if not passed and not failed:
            return rungs[0]
        highest = max(passed, default=0)
        if not failed and highest < rungs[-1]:
            above = [load for load in self._carried.up_to_halfway(rungs) if load > highest]
            return next_up(above, highest, self._so_far.cpu_by_load())
        answer = self._so_far.answer(rungs)
        enough = len(failed) >= FAILS or passed.count(rungs[-1]) >= PASSES
        if enough and self._so_far.is_certain(answer, rungs):
            return self._ended(answer, rungs)
        return self._most_informative(rungs, highest)

    def _next_of_ramp(self, rungs: tuple[int, ...]) -> int | State:
        """The next load up, until one fails."""
        passed = self._so_far.loads_that(Outcome.PASS)
        if self._so_far.loads_that(Outcome.FAIL):
            return "converged" if passed else "floor_failed"
        above = [load for load in rungs if load > max(passed, default=0)]
        if above:
            return above[0]
        return "ceiling_passed" if rungs == self._so_far.ladder else "generator_ran_out"

    def _ended(self, answer: int | None, rungs: tuple[int, ...]) -> State:
        if answer is None:
            return "floor_failed"
        if answer < rungs[-1]:
            return "converged"
        return "ceiling_passed" if rungs == self._so_far.ladder else "generator_ran_out"

    def _most_informative(self, rungs: tuple[int, ...], highest: int) -> int | State:
        """The load whose trial gives most information, of those that are allowed and uncertain."""
        up_to_halfway = self._carried.up_to_halfway(rungs)
        allowed = [load for load in up_to_halfway if load <= 2 * highest] or [rungs[0]]
        if allowed[-1] <= highest:
            allowed += [load for load in up_to_halfway if load > highest][:1]
        capacities, likely = self._so_far.curves.capacities, self._so_far.curves.now()
        low = 0.7 * quantile(capacities, likely, 0.002)
        high = 1.3 * quantile(capacities, likely, 0.998)
        doubtful = [load for load in allowed if low <= load <= high] or allowed[-1:]
        given_up = self._carried.given_up()
        candidates = thinned([load for load in doubtful if load not in given_up], CANDIDATES)
        if not candidates:
            return "generator_ran_out"
        worth = np.array([self._carried.worth(load) for load in candidates])
        return candidates[largest(worth * self._so_far.curves.gains(candidates))]
