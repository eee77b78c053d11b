"""The trials of a search, and the capacity that they make likely, with its interval. Pure.

All pass curves that a server may have are weighted by all trials (`farm.search.pass_curve`).
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
"""Shares of 1 - `confidence`: the search ends if the probability that its estimate is wrong is at
most the first for any server, and at most the second for servers of steeper pass curves. A few
trials do not exclude a flat curve, and the full `confidence` for any server would cost many trials
of little information; both limits together give more correct estimates with fewer trials. See
docs/method.md."""

CANDIDATES = 32
"""The most loads that are compared with each other."""


@dataclass(frozen=True, slots=True)
class SearchTrial:
    """One recorded trial; a `drift_check` is none that the search asked for.

    `by_driver`: it failed by steps of the driver alone.
    """

    load: int
    outcome: Outcome
    units_failed: int | None = None
    units_total: int | None = None
    utilisation: float | None = None
    server_died: bool = False
    drift_check: bool = False
    by_driver: bool = False

    @property
    def is_valid(self) -> bool:
        """Whether the generator carried its load, so that the trial counts for the server."""
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
        """Add a trial. An invalid one gives no information, but its time passes."""
        self.trials = (*self.trials, trial)
        if trial.is_valid:
            passed = trial.outcome is Outcome.PASS
            self.curves.add_trial(trial.load, passed, trial.units_failed, trial.units_total)
        elif not trial.drift_check:
            self.curves.skip_trial()

    def failed(self, *, by_driver: bool) -> int:
        """How many trials failed by steps of the driver alone, or how many others failed."""
        failed = [trial for trial in self.trials if trial.outcome is Outcome.FAIL]
        return sum(trial.by_driver is by_driver for trial in failed)

    def cpu_by_load(self) -> list[tuple[int, float]]:
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
        """The rung that is most likely correct, up to those that passed; None: none passes."""
        highest = max(self.loads_that(Outcome.PASS), default=0)
        passed = sum(load <= highest for load in rungs)
        if not passed:
            return None
        if quantile(self.curves.capacities, self.curves.now(), 0.5) < rungs[0]:
            return None
        # Few trials never exclude a flat pass curve, with a capacity far below what passed. The
        # interval allows for that; an answer that did would be too low for most servers.
        likely = self.curves.now(NOT_SLOW)
        return rungs[largest(self._tolerance.chances(likely, len(rungs))[:passed])]

    def is_certain(self, answer: int | None, rungs: tuple[int, ...]) -> bool:
        """Whether the estimate is certain enough to stop."""
        doubt = 1 - self._confidence
        return (
            self._certainty(answer, rungs) >= 1 - OF_ANY * doubt
            and self._certainty(answer, rungs, NOT_SLOW) >= 1 - OF_OTHERS * doubt
        )

    def _certainty(
        self, answer: int | None, rungs: tuple[int, ...], slowness: Slowness = ANY
    ) -> float:
        """The probability that the answer is right."""
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
        """The interval on the ladder, around `probes`; open if no trial passed, or none failed."""
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
    """The index of the largest; the first of those that differ in their last digits only."""
    return int(np.argmax(np.round(values, ALIKE_TO)))


def thinned(loads: Iterable[int], at_most: int) -> tuple[int, ...]:
    """At most `at_most` of the loads, evenly spaced, with the first and the last."""
    given = tuple(loads)
    if len(given) <= at_most:
        return given
    return tuple(given[round(at * (len(given) - 1) / (at_most - 1))] for at in range(at_most))
