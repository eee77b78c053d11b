"""Which load next, when it is enough, and what the capacity then is.

Pure: the search is asked for a load, told how its trial went, asked again. Loads double until one
fails, the gap is halved until two neighbours on the ladder are left, then both are tried again: a
load is *good* once it passed three times before it failed twice, *bad* once it failed twice before.

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
>>> search.record(8, "fail")    # too much, so the middle
>>> search.next_load()
6
>>> search.record(6, "invalid")     # our own fault: nothing is learnt, once more
>>> search.next_load()
6
>>> search.record(6, "pass")
>>> search.next_load()          # 6 passed, 8 failed, nothing is between: was 8 bad luck?
8
>>> search.record(8, "fail")
>>> search.next_load()          # no. Was 6 good luck?
6
>>> search.record(6, "pass")
>>> search.next_load()
6
>>> search.record(6, "pass")
>>> search.next_load() is None
True
>>> estimate = search.estimate()
>>> estimate.state, estimate.probes, estimate.breaking, estimate.trials_used
('converged', 6, 8, 8)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from farm.pass_curve import capacity_interval
from farm.trial import Outcome

State = Literal[
    "searching",
    "converged",
    "ceiling_passed",  # the largest load allowed is good
    "floor_failed",  # the smallest load is bad
    "generator_ran_out",  # what is left to try the generator cannot carry: a lower bound
    "out_of_trials",
    "server_lost",  # the server died twice in a row,
    "drift",
]

GOOD, BAD = 3, 2
"""So many passes make a load good, unless so many fails have made it bad before."""


@dataclass(frozen=True, slots=True)
class CapacityEstimate:
    """What is known of the capacity so far.

    `probes` is the largest load that holds; a lower bound unless `state` is `converged`, None if
    not even the smallest does. With probability `confidence` the load at which a hold passes with
    probability `reliability` lies in `interval`, on loads of the ladder; an end is None where
    nothing bounds it. `recommended` is its low end. At `breaking` fewer than half of the trials
    passed.
    """

    probes: int | None
    interval: tuple[int | None, int | None]
    recommended: int | None
    breaking: int | None
    trials_used: int
    state: State
    reliability: float
    confidence: float


@dataclass(frozen=True, slots=True)
class SearchTrial:
    """One trial that the search was told of."""

    load: int
    outcome: Outcome
    units_failed: int | None = None
    units_total: int | None = None
    utilisation: float | None = None
    server_died: bool = False


class CapacitySearch:
    """See the module. Told the same trials again it is in the same state: that is how runs resume.

    An invalid trial is repeated `invalid_retries` times in a row; then its load, and all above, are
    more than the generator can carry. `max_trials` counts every trial, invalid ones too.
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
    ) -> None:
        self.trials: tuple[SearchTrial, ...] = ()
        self._ladder = tuple(range(minimum, maximum + 1, step))
        self._reliability = reliability
        self._confidence = confidence
        self._max_trials = max_trials
        self._invalid_retries = invalid_retries
        if not self._ladder:
            raise ValueError(f"no load from {minimum} to {maximum}")

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
    ) -> None:
        """How a trial went, also one that was not asked for, such as a baseline's.

        Of a load off the ladder only the interval takes notice. `utilisation` (0 to 1) is the
        server's CPU. Raises ValueError for an outcome that is none.
        """
        trial = SearchTrial(
            load, Outcome(outcome), units_failed, units_total, utilisation, server_died
        )
        self.trials = (*self.trials, trial)

    def estimate(self) -> CapacityEstimate:
        """What is known now, also in mid-search."""
        decision = self._decide()
        probes, _ = self._bounds(self._ladder)
        low, high = self._interval(probes)
        return CapacityEstimate(
            probes=probes,
            interval=(low, high),
            recommended=low,
            breaking=self._breaking(probes),
            trials_used=len(self.trials),
            state="searching" if isinstance(decision, int) else decision,
            reliability=self._reliability,
            confidence=self._confidence,
        )

    # ------------------------------------------------------------ what next

    def _decide(self) -> int | State:
        """A load to try, or how the search ended."""
        if len(self.trials) >= 2 and all(trial.server_died for trial in self.trials[-2:]):
            return "server_lost"
        rungs = self._carried()
        wanted = self._wanted(rungs)
        if isinstance(wanted, int) and len(self.trials) >= self._max_trials:
            low, high = self._bounds(rungs)
            stuck = high is None and low == rungs[-1] and rungs != self._ladder
            return "generator_ran_out" if stuck else "out_of_trials"
        return wanted

    def _carried(self) -> tuple[int, ...]:
        """The rungs below what the generator cannot carry."""
        in_a_row: dict[int, int] = {}
        too_much = self._ladder[-1] + 1
        for trial in self.trials:
            invalid = trial.outcome is Outcome.INVALID
            in_a_row[trial.load] = in_a_row.get(trial.load, 0) + 1 if invalid else 0
            if in_a_row[trial.load] > self._invalid_retries:
                too_much = min(too_much, trial.load)
        return tuple(load for load in self._ladder if load < too_much)

    def _wanted(self, rungs: tuple[int, ...]) -> int | State:
        if not rungs:
            return "generator_ran_out"
        for load in rungs:
            passes, fails = self._tally(load)
            if passes and fails and self._race(load) is None:
                return load
        low, high = self._bounds(rungs)
        return self._upward(rungs, low) if high is None else self._inward(rungs, low, high)

    def _upward(self, rungs: tuple[int, ...], low: int | None) -> int | State:
        """Nothing failed yet: twice the highest pass, or halfway to what cannot be carried."""
        if low is None:
            return rungs[0]
        above = [load for load in rungs if load > low]
        if above and rungs == self._ladder:
            return max([load for load in above if load <= 2 * low], default=above[0])
        if above:
            middle = above[len(above) // 2]
            return middle if middle <= 2 * low else above[0]
        if not self._good(low):
            return low
        return "ceiling_passed" if rungs == self._ladder else "generator_ran_out"

    def _inward(self, rungs: tuple[int, ...], low: int | None, high: int) -> int | State:
        """The middle of what passed and what failed; of neighbours, the one in doubt."""
        between = [load for load in rungs if (low or 0) < load < high]
        if between:
            return between[len(between) // 2]
        if not self._bad(high):
            return high
        if low is None:
            return "floor_failed"
        return "converged" if self._good(low) else low

    # ------------------------------------------------------------ what is known

    def _tally(self, load: int) -> tuple[int, int]:
        """Passes and fails of a load."""
        outcomes = [trial.outcome for trial in self.trials if trial.load == load]
        return outcomes.count(Outcome.PASS), outcomes.count(Outcome.FAIL)

    def _good(self, load: int) -> bool:
        return self._race(load) is Outcome.PASS

    def _bad(self, load: int) -> bool:
        return self._race(load) is Outcome.FAIL

    def _race(self, load: int) -> Outcome | None:
        """Whether passes or fails were enough first; None: neither yet."""
        passes = fails = 0
        for trial in self.trials:
            if trial.load == load:
                passes += trial.outcome is Outcome.PASS
                fails += trial.outcome is Outcome.FAIL
                if passes == GOOD or fails == BAD:
                    return Outcome.PASS if passes == GOOD else Outcome.FAIL
        return None

    def _bounds(self, rungs: tuple[int, ...]) -> tuple[int | None, int | None]:
        """The smallest load that failed, and the largest below it that passed.

        A load that did both counts as failed until it is good.
        """
        failed = [load for load in rungs if self._tally(load)[1] and not self._good(load)]
        high = min(failed, default=None)
        passed = [
            load
            for load in rungs
            if self._tally(load)[0] and load not in failed and (high is None or load < high)
        ]
        return max(passed, default=None), high

    def _breaking(self, probes: int | None) -> int | None:
        for load in self._ladder:
            passes, fails = self._tally(load)
            if load > (probes or 0) and fails > passes:
                return load
        return None

    def _interval(self, probes: int | None) -> tuple[int | None, int | None]:
        """On the ladder and around `probes`; open where no trial passed, or none failed."""
        tried = [
            (trial.load, trial.outcome is Outcome.PASS)
            for trial in self.trials
            if trial.outcome is not Outcome.INVALID
        ]
        if not tried:
            return None, None
        low_end, high_end = capacity_interval(
            tried,
            minimum=self._ladder[0],
            maximum=self._ladder[-1],
            reliability=self._reliability,
            confidence=self._confidence,
        )
        low = max((load for load in self._ladder if load <= low_end), default=None)
        high = min((load for load in self._ladder if load >= high_end), default=None)
        low = None if probes is None or low is None else min(low, probes)
        if all(passed for _, passed in tried):
            high = None
        elif high is not None:
            high = max(high, probes or 0)
        return low, high
