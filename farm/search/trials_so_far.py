"""The trials of a search, and what they say of the capacity: likely answer, interval. Pure.

All trials together weigh all pass curves that a server may have (`farm.search.pass_curve`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from farm.model.verdict import Outcome
from farm.search.answer_tolerance import AnswerTolerance
from farm.search.capacity_estimate import Interval
from farm.search.pass_curve import ALIKE_TO, ANY, SLOW, Array, PassCurves, Slowness, quantile

NOT_SLOW = (0.0, SLOW)
OF_ANY, OF_OTHERS = 2.0, 0.25
"""Shares of 1 - `confidence`. An answer ends the search if it is wrong with no more than the one,
whatever the server is, and with no more than the other, if it is none that falters slowly. Few
trials rule a slow one out, and to ask the whole `confidence` of any server costs trials that tell
little; together they make more answers right, with fewer trials. See docs/method.md."""

CANDIDATES = 32
"""So many loads at most are compared with each other."""


@dataclass(frozen=True, slots=True)
class SearchTrial:
    """One trial that the search was told of; a `drift_check` is none that it asked for."""

    load: int
    outcome: Outcome
    units_failed: int | None = None
    units_total: int | None = None
    utilisation: float | None = None
    server_died: bool = False
    drift_check: bool = False

    @property
    def is_valid(self) -> bool:
        """It says something of the server, for the generator carried its load."""
        return self.outcome is not Outcome.INVALID


class TrialsSoFar:
    """The trials at loads of a `ladder` (ascending), and the pass `curves` that they allow."""

    def __init__(self, ladder: tuple[int, ...], reliability: float, confidence: float) -> None:
        self.ladder = ladder
        self.trials: tuple[SearchTrial, ...] = ()
        self.curves = PassCurves(ladder[0], ladder[-1], reliability)
        self._confidence = confidence
        self._tolerance = AnswerTolerance(ladder, self.curves.capacities)

    def record(self, trial: SearchTrial) -> None:
        """An invalid trial tells nothing; as no `drift_check` it takes its time all the same."""
        self.trials = (*self.trials, trial)
        if trial.is_valid:
            passed = trial.outcome is Outcome.PASS
            self.curves.add_trial(trial.load, passed, trial.units_failed, trial.units_total)
        elif not trial.drift_check:
            self.curves.skip_trial()

    def cpu_seen(self) -> list[tuple[int, float]]:
        """Loads that passed, with the server's CPU where it is known."""
        return [
            (trial.load, trial.utilisation)
            for trial in self.trials
            if trial.outcome is Outcome.PASS and trial.utilisation is not None
        ]

    def loads_that(self, outcome: Outcome) -> list[int]:
        """The loads of the trials with that outcome, in their order."""
        return [trial.load for trial in self.trials if trial.outcome is outcome]

    def answer(self, rungs: tuple[int, ...]) -> int | None:
        """The rung that is most likely right, up to what passed; None: none holds."""
        highest = max(self.loads_that(Outcome.PASS), default=0)
        passed = sum(load <= highest for load in rungs)
        if not passed:
            return None
        if quantile(self.curves.capacities, self.curves.now(), 0.5) < rungs[0]:
            return None
        # Few trials never rule out that this server falters slowly, far below what passed. The
        # interval allows for that; an answer that did would be too low for most servers.
        likely = self.curves.now(NOT_SLOW)
        return rungs[largest(self._tolerance.chances(likely, len(rungs))[:passed])]

    def is_sure(self, answer: int | None, rungs: tuple[int, ...]) -> bool:
        """Whether the answer is right so surely that no further trial is due."""
        doubt = 1 - self._confidence
        return (
            self._sure(answer, rungs) >= 1 - OF_ANY * doubt
            and self._sure(answer, rungs, NOT_SLOW) >= 1 - OF_OTHERS * doubt
        )

    def _sure(self, answer: int | None, rungs: tuple[int, ...], slowness: Slowness = ANY) -> float:
        """How likely the answer is right."""
        likely = self.curves.now(slowness)
        if answer is None:
            return float(likely[self.curves.capacities < rungs[0]].sum())
        return float(self._tolerance.chances(likely, len(rungs))[rungs.index(answer)])

    def breaking(self, probes: int | None) -> int | None:
        """The smallest load above the answer at which fewer than half pass, if one failed there."""
        failed = self.loads_that(Outcome.FAIL)
        above = [
            load for load in self.ladder if load > (probes or 0) and load <= max(failed, default=0)
        ]
        if not above:
            return None
        chances = self.curves.chances(thinned(above, CANDIDATES))
        broken = [
            load
            for load, chance in zip(thinned(above, CANDIDATES), chances, strict=True)
            if chance < 0.5
        ]
        return min(broken, default=None)

    def interval(self, probes: int | None, slowness: Slowness) -> Interval:
        """On the ladder and around `probes`; open where no trial passed, or none failed."""
        low, high = self.curves.bounds(self.ladder, 1 - self._confidence, slowness)
        if not self.loads_that(Outcome.PASS):
            low = None
        elif probes is not None and low is not None:
            low = min(low, probes)
        if not self.loads_that(Outcome.FAIL):
            high = None
        elif probes is not None and high is not None:
            high = max(high, probes)
        return low, high


def largest(values: Array) -> int:
    """Where the largest is; of those that only a processor's last digits tell apart, the first."""
    return int(np.argmax(np.round(values, ALIKE_TO)))


def thinned(loads: Iterable[int], at_most: int) -> tuple[int, ...]:
    """Evenly so many of the loads, the first and the last among them."""
    given = tuple(loads)
    if len(given) <= at_most:
        return given
    return tuple(given[round(at * (len(given) - 1) / (at_most - 1))] for at in range(at_most))
