"""Which load next, when it is enough, and what the capacity then is.

Pure: the search is asked for a load, told how its trial went, asked again. The words are those of
RFC 9971 (MLRsearch): a *trial* at a load, a *goal* (`reliability`), a load that holds and one above
it that does not.

Loads double until one fails. From then on all trials so far weigh all pass curves that a server
may have (`farm.search.pass_curve`), and the next load is the one whose trial tells most of it.
The search has *converged* when the answer is so surely within a step or a tenth of the capacity as
`confidence` asks (`OF_ANY`); not before two trials failed (one may be bad luck), or three passed at
the largest load.

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
>>> search.record(6, "invalid")     # our own fault: nothing is learnt, once more
>>> search.next_load()
6
>>> search.record(6, "pass")
>>> search.next_load()          # how far above 8 does it fail? Twice as much as what passed at most
12
>>> search.record(12, "fail")
>>> search.next_load()          # one pass, one fail: either may have been luck
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
from dataclasses import dataclass
from typing import Literal

import numpy as np

from farm.model.verdict import Outcome
from farm.search.answer_tolerance import RightAnswers
from farm.search.carried_loads import CarriedLoads
from farm.search.pass_curve import ALIKE_TO, ANY, SHARP, SLOW, Array, PassCurves, Slowness, quantile
from farm.search.step_up import next_up

State = Literal[
    "searching",
    "converged",
    "ceiling_passed",  # the largest load allowed is good
    "floor_failed",  # the smallest load is bad
    "generator_ran_out",  # what is left to try the generator cannot carry: a lower bound
    "out_of_trials",
    "server_lost",  # the server died twice in a row,
    "drift",  # its trials contradict each other: no one server gave them all
]

Interval = tuple[int | None, int | None]

NOT_SLOW = (0.0, SLOW)
OF_ANY, OF_OTHERS = 2.0, 0.25
"""Shares of 1 - `confidence`. An answer ends the search if it is wrong with no more than the one,
whatever the server is, and with no more than the other, if it is none that falters slowly. Few
trials rule a slow one out, and to ask the whole `confidence` of any server costs trials that tell
little; together they make more answers right, with fewer trials. See docs/method.md."""

FAILS, PASSES = 2, 3
"""So many trials fail before an answer, or pass at the largest load."""

DRIFTED, CHANGE = 0.6, 0.1
"""It is drift when the capacity changed by so much with such a probability."""

CANDIDATES = 32


@dataclass(frozen=True, slots=True)
class CapacityEstimate:
    """What is known of the capacity so far.

    `probes` is the load of the ladder that is most likely right, within a step or a tenth of the
    capacity, at which a hold passes with probability `reliability`, unless this server falters more
    slowly than most: that is left to the interval. It is never above what passed, a lower bound if
    `state` is `ceiling_passed` or `generator_ran_out`, None if not even the smallest load holds.
    The capacity lies in `interval` with probability `confidence`, and below it with half of the
    rest at most; its ends are loads of the ladder, None where nothing bounds it. `recommended` is
    its low end. At `breaking` fewer than half of the holds pass. `if_sharp` and `if_slow` are what
    the interval would be, were this server known to fail at a sharp edge, or to falter slowly:
    where they differ, the trials alone do not tell.
    """

    probes: int | None
    interval: Interval
    recommended: int | None
    breaking: int | None
    trials_used: int
    state: State
    reliability: float
    confidence: float
    if_sharp: Interval = (None, None)
    if_slow: Interval = (None, None)


@dataclass(frozen=True, slots=True)
class SearchTrial:
    """One trial that the search was told of; a `look` for drift is none that it asked for."""

    load: int
    outcome: Outcome
    units_failed: int | None = None
    units_total: int | None = None
    utilisation: float | None = None
    server_died: bool = False
    look: bool = False

    @property
    def is_valid(self) -> bool:
        """It says something of the server, for the generator carried its load."""
        return self.outcome is not Outcome.INVALID


class CapacitySearch:
    """See the module. Told the same trials again it is in the same state: that is how runs resume.

    `loads`, ascending, stand in the place of the range from `minimum` to `maximum`. `ramp` tries
    each of them in turn until one fails. An invalid trial is repeated `invalid_retries` times in a
    row, and what that says of the generator is in `farm.search.carried_loads`.
    `max_trials` counts every trial, invalid ones too.
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
        self.trials: tuple[SearchTrial, ...] = ()
        self._ladder = tuple(range(minimum, maximum + 1, step) if loads is None else loads)
        self._reliability = reliability
        self._confidence = confidence
        self._max_trials = max_trials
        self._ramp = ramp
        self._carried = CarriedLoads(invalid_retries)
        self._decision: int | State | None = None
        if not self._ladder:
            raise ValueError(f"no load from {minimum} to {maximum}")
        self._curves = PassCurves(self._ladder[0], self._ladder[-1], reliability)
        self._right = RightAnswers(self._ladder, self._curves.capacities)

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
        look: bool = False,
    ) -> None:
        """How a trial went, also one that was not asked for, such as a baseline's.

        `utilisation` (0 to 1) is the server's CPU. A `look` for drift tells as much of the server
        as any trial; an invalid one leaves all as it is, and is not repeated by the search. Raises
        ValueError for an outcome that is none.
        """
        trial = SearchTrial(
            load, Outcome(outcome), units_failed, units_total, utilisation, server_died, look
        )
        self.trials = (*self.trials, trial)
        self._decision = None
        self._carried.record(load, is_valid=trial.is_valid, look=look)
        if trial.is_valid:
            self._curves.tell(load, trial.outcome is Outcome.PASS, units_failed, units_total)
        elif not look:
            self._curves.pass_over()

    def estimate(self) -> CapacityEstimate:
        """What is known now, also in mid-search."""
        decision = self._decide()
        rungs = self._carried.left(self._ladder)
        probes = self._answer(rungs)
        low, high = self._interval(probes, ANY)
        return CapacityEstimate(
            probes=probes,
            interval=(low, high),
            recommended=low,
            breaking=self._breaking(probes),
            trials_used=len(self.trials),
            state="searching" if isinstance(decision, int) else decision,
            reliability=self._reliability,
            confidence=self._confidence,
            if_sharp=self._interval(None, (0.0, SHARP)),
            if_slow=self._interval(None, (SLOW, np.inf)),
        )

    def pass_chances(self) -> tuple[tuple[int, ...], Array]:
        """Loads of the ladder, and the chance that a hold passes at each, by all trials so far."""
        loads = _thinned(self._ladder, 200)
        return loads, self._curves.chances(loads)

    def capacities(self) -> tuple[Array, Array]:
        """Capacities that the server may have, and how likely each is."""
        return self._curves.capacities, self._curves.now()

    # ------------------------------------------------------------ what next

    def _decide(self) -> int | State:
        """A load to try, or how the search ended."""
        if self._decision is None:
            self._decision = self._decided()
        return self._decision

    def _decided(self) -> int | State:
        if len(self.trials) >= 2 and all(trial.server_died for trial in self.trials[-2:]):
            return "server_lost"
        rungs = self._carried.left(self._ladder)
        if not rungs:
            return "generator_ran_out"
        if self._loads_that(Outcome.FAIL) and self._curves.changed(CHANGE) > DRIFTED:
            return "drift"
        wanted = self._next_of_ramp(rungs) if self._ramp else self._wanted(rungs)
        if isinstance(wanted, int) and len(self.trials) >= self._max_trials:
            stuck = self._answer(rungs) == rungs[-1] and rungs != self._ladder
            return "generator_ran_out" if stuck else "out_of_trials"
        return wanted

    def _wanted(self, rungs: tuple[int, ...]) -> int | State:
        again = self._carried.to_repeat()
        if again is not None and again in rungs:
            return again
        passed, failed = self._loads_that(Outcome.PASS), self._loads_that(Outcome.FAIL)
        if not passed and not failed:
            return rungs[0]
        highest = max(passed, default=0)
        if not failed and highest < rungs[-1]:
            above = [load for load in self._carried.sensible(rungs) if load > highest]
            return next_up(above, highest, self._cpu_seen())
        answer = self._answer(rungs)
        enough = len(failed) >= FAILS or passed.count(rungs[-1]) >= PASSES
        if enough and self._is_sure(answer, rungs):
            return self._ended(answer, rungs)
        return self._most_telling(rungs, highest)

    def _next_of_ramp(self, rungs: tuple[int, ...]) -> int | State:
        """The next load up, until one fails."""
        passed = self._loads_that(Outcome.PASS)
        if self._loads_that(Outcome.FAIL):
            return "converged" if passed else "floor_failed"
        above = [load for load in rungs if load > max(passed, default=0)]
        if above:
            return above[0]
        return "ceiling_passed" if rungs == self._ladder else "generator_ran_out"

    def _ended(self, answer: int | None, rungs: tuple[int, ...]) -> State:
        if answer is None:
            return "floor_failed"
        if answer < rungs[-1]:
            return "converged"
        return "ceiling_passed" if rungs == self._ladder else "generator_ran_out"

    def _most_telling(self, rungs: tuple[int, ...], highest: int) -> int | State:
        """Of the loads that are allowed, in doubt, not in vain: the one whose trial tells most."""
        sensible = self._carried.sensible(rungs)
        allowed = [load for load in sensible if load <= 2 * highest] or [rungs[0]]
        if allowed[-1] <= highest:
            allowed += [load for load in sensible if load > highest][:1]
        capacities, likely = self._curves.capacities, self._curves.now()
        low = 0.7 * quantile(capacities, likely, 0.002)
        high = 1.3 * quantile(capacities, likely, 0.998)
        doubtful = [load for load in allowed if low <= load <= high] or allowed[-1:]
        in_vain = self._carried.in_vain()
        candidates = _thinned([load for load in doubtful if load not in in_vain], CANDIDATES)
        if not candidates:
            return "generator_ran_out"
        worth = np.array([self._carried.worth(load) for load in candidates])
        return candidates[_largest(worth * self._curves.gains(candidates))]

    # ------------------------------------------------------------ what is known

    def _cpu_seen(self) -> list[tuple[int, float]]:
        """Loads that passed, with the server's CPU where it is known."""
        return [
            (trial.load, trial.utilisation)
            for trial in self.trials
            if trial.outcome is Outcome.PASS and trial.utilisation is not None
        ]

    def _loads_that(self, outcome: Outcome) -> list[int]:
        return [trial.load for trial in self.trials if trial.outcome is outcome]

    def _answer(self, rungs: tuple[int, ...]) -> int | None:
        """The rung that is most likely right, up to what passed; None: none holds."""
        highest = max(self._loads_that(Outcome.PASS), default=0)
        passed = sum(load <= highest for load in rungs)
        if not passed:
            return None
        if quantile(self._curves.capacities, self._curves.now(), 0.5) < rungs[0]:
            return None
        # Few trials never rule out that this server falters slowly, far below what passed. The
        # interval allows for that; an answer that did would be too low for most servers.
        likely = self._curves.now(NOT_SLOW)
        return rungs[_largest(self._right.chances(likely, len(rungs))[:passed])]

    def _is_sure(self, answer: int | None, rungs: tuple[int, ...]) -> bool:
        """Whether the answer is right so surely that no further trial is due."""
        doubt = 1 - self._confidence
        return (
            self._sure(answer, rungs) >= 1 - OF_ANY * doubt
            and self._sure(answer, rungs, NOT_SLOW) >= 1 - OF_OTHERS * doubt
        )

    def _sure(self, answer: int | None, rungs: tuple[int, ...], slowness: Slowness = ANY) -> float:
        """How likely the answer is right."""
        likely = self._curves.now(slowness)
        if answer is None:
            return float(likely[self._curves.capacities < rungs[0]].sum())
        return float(self._right.chances(likely, len(rungs))[rungs.index(answer)])

    def _breaking(self, probes: int | None) -> int | None:
        """The smallest load above the answer at which fewer than half pass, if one failed there."""
        failed = self._loads_that(Outcome.FAIL)
        above = [
            load for load in self._ladder if load > (probes or 0) and load <= max(failed, default=0)
        ]
        if not above:
            return None
        chances = self._curves.chances(_thinned(above, CANDIDATES))
        broken = [
            load
            for load, chance in zip(_thinned(above, CANDIDATES), chances, strict=True)
            if chance < 0.5
        ]
        return min(broken, default=None)

    def _interval(self, probes: int | None, slowness: Slowness) -> Interval:
        """On the ladder and around `probes`; open where no trial passed, or none failed."""
        low, high = self._curves.bounds(self._ladder, 1 - self._confidence, slowness)
        if not self._loads_that(Outcome.PASS):
            low = None
        elif probes is not None and low is not None:
            low = min(low, probes)
        if not self._loads_that(Outcome.FAIL):
            high = None
        elif probes is not None and high is not None:
            high = max(high, probes)
        return low, high


def _largest(values: Array) -> int:
    """Where the largest is; of those that only a processor's last digits tell apart, the first."""
    return int(np.argmax(np.round(values, ALIKE_TO)))


def _thinned(loads: Iterable[int], at_most: int) -> tuple[int, ...]:
    """Evenly so many of the loads, the first and the last among them."""
    given = tuple(loads)
    if len(given) <= at_most:
        return given
    return tuple(given[round(at * (len(given) - 1) / (at_most - 1))] for at in range(at_most))
