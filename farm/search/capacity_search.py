"""The capacity search: the next load, when to stop, and the estimate of the capacity.

Pure: `next_load` returns a load, `record` takes the outcome of its trial, and so on. Terms are
those of RFC 9971 (MLRsearch): a *trial* at a load, a *goal* (`reliability`), a load that passes and
one above it that fails. `farm.search.load_choice` chooses the load, `farm.search.trials_so_far`
weights the pass curves that a server may have by all trials.

By hand, on a server that holds six:

>>> search = CapacitySearch(minimum=2, maximum=60, step=2)
>>> search.next_load()          # the smallest first
2
>>> search.record(2, "pass")
>>> search.next_load()          # then twice that
4
>>> search.record(4, "pass")
>>> search.next_load()
8
>>> search.record(8, "fail")    # too much, so between
>>> search.next_load()
6
>>> search.record(6, "invalid")     # the generator's fault: it is repeated
>>> search.next_load()
6
>>> search.record(6, "pass")
>>> search.next_load()          # how far above 8 does it fail? At most twice the load that passed
12
>>> search.record(12, "fail")
>>> search.next_load()          # one pass, one fail: either may be chance
6
>>> search.record(6, "pass")
>>> search.next_load()
8
>>> search.record(8, "fail")
>>> search.next_load() is None
True
>>> estimate = search.estimate()
>>> estimate.state, estimate.probes, estimate.interval, estimate.breaking, estimate.trials_used
('converged', 6, (4, 8), 8, 8)
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from farm.model.verdict import Outcome
from farm.search.capacity_estimate import CapacityEstimate, State
from farm.search.carried_loads import CarriedLoads
from farm.search.load_choice import FAILS, LoadChoice
from farm.search.pass_curve import ANY, SHARP, SLOW, Array
from farm.search.trials_so_far import SearchTrial, TrialsSoFar, thinned


class CapacitySearch:
    """See the module. With the same trials it is in the same state: that is how runs resume.

    `loads`, ascending, stand in the place of the range from `minimum` to `maximum`. `ramp` tries
    each of them in turn until one fails. An invalid trial is repeated `invalid_retries` times in a
    row; `farm.search.carried_loads` concludes from it what the generator carries. `max_trials`
    counts every trial, also invalid ones.
    """

    def __init__(
        self,
        minimum: int,
        maximum: int,
        step: int,
        *,
        reliability: float = 0.9,
        confidence: float = 0.9,
        max_trials: int = 20,
        invalid_retries: int = 2,
        loads: Iterable[int] | None = None,
        ramp: bool = False,
    ) -> None:
        ladder = tuple(range(minimum, maximum + 1, step) if loads is None else loads)
        if not ladder:
            raise ValueError(f"no load from {minimum} to {maximum}")
        self._reliability = reliability
        self._confidence = confidence
        self._so_far = TrialsSoFar(ladder, reliability, confidence)
        self._carried = CarriedLoads(invalid_retries)
        self._choice = LoadChoice(self._so_far, self._carried, max_trials=max_trials, ramp=ramp)
        self._decision: int | State | None = None

    @property
    def trials(self) -> tuple[SearchTrial, ...]:
        """All that it was told of, in order."""
        return self._so_far.trials

    @property
    def too_few_of_server(self) -> bool:
        """Whether none passed, and steps of the driver failed in so many that few others did."""
        return (
            not self._so_far.loads_that(Outcome.PASS)
            and self._so_far.failed(by_driver=True) > 0
            and self._so_far.failed(by_driver=False) < FAILS
        )

    def next_load(self) -> int | None:
        """The load to try next; None when the search is over."""
        decision = self._decide()
        return decision if isinstance(decision, int) else None

    def record(
        self,
        load: int,
        outcome: Outcome | str,
        *,
        units_failed: int | None = None,
        units_total: int | None = None,
        utilisation: float | None = None,
        server_died: bool = False,
        drift_check: bool = False,
        by_driver: bool = False,
    ) -> None:
        """How a trial went, also one that was not asked for, such as a baseline's.

        `utilisation` (0 to 1) is the server's CPU. A `drift_check` tells as much of the server
        as any trial; an invalid one leaves all as it is, and is not repeated by the search. A trial
        that failed `by_driver` tells nothing of it where none passes. Raises ValueError for an
        outcome that is none.
        """
        trial = SearchTrial(
            *(load, Outcome(outcome), units_failed, units_total, utilisation),
            server_died=server_died,
            drift_check=drift_check,
            by_driver=by_driver,
        )
        self._so_far.record(trial)
        self._carried.record(load, is_valid=trial.is_valid, drift_check=drift_check)
        self._decision = None

    def estimate(self) -> CapacityEstimate:
        """The estimate by the trials so far, also during the search."""
        decision = self._decide()
        state: State = "searching" if isinstance(decision, int) else decision
        if self.too_few_of_server:
            ended = state in ("floor_failed", "out_of_trials")
            return self._unknown("driver_failed" if ended else state)
        rungs = self._carried.left(self._so_far.ladder)
        probes = self._so_far.answer(rungs)
        low, high = self._so_far.interval(probes, ANY)
        return CapacityEstimate(
            probes=probes,
            interval=(low, high),
            recommended=low,
            breaking=self._so_far.breaking(probes),
            trials_used=len(self.trials),
            state=state,
            reliability=self._reliability,
            confidence=self._confidence,
            if_sharp=self._so_far.interval(None, (0.0, SHARP)),
            if_slow=self._so_far.interval(None, (SLOW, np.inf)),
        )

    def _unknown(self, state: State) -> CapacityEstimate:
        """The estimate of a search too few of whose trials tell anything of the server."""
        return CapacityEstimate(
            probes=None,
            interval=(None, None),
            recommended=None,
            breaking=None,
            trials_used=len(self.trials),
            state=state,
            reliability=self._reliability,
            confidence=self._confidence,
        )

    def pass_chances(self) -> tuple[tuple[int, ...], Array]:
        """Loads of the ladder, and the probability that a hold passes at each."""
        loads = thinned(self._so_far.ladder, 200)
        return loads, self._so_far.curves.chances(loads)

    def capacities(self) -> tuple[Array, Array]:
        """Capacities that the server may have, and the probability of each."""
        return self._so_far.curves.capacities, self._so_far.curves.now()

    def _decide(self) -> int | State:
        if self._decision is None:
            self._decision = self._choice.decide()
        return self._decision
