"""The posterior of a server's pass curves on a grid, from few trials.

Pure. The probability that a hold passes falls with load as a logistic curve, from 1 less a *lapse*
(the share of holds that fail whatever the load) to 0. A curve has

- a capacity: the load at which a hold passes with probability `reliability`, lapses included,
- a width: by what share of the capacity the load grows while passes fall from 90 % to 10 %, from
  steep to flat,
- a lapse,
- a history: how the capacity changes from trial to trial; most likely not at all, else steadily or
  once.

Before any trial the capacity may be anywhere from half the smallest load to four times the largest,
each scale equally likely; `WIDTHS`, `LAPSES`, `SLOPES` and `JUMPS` are the priors of the rest.
Trials weight these curves by Bayes' rule. It is the method of psychometrics: QUEST+ (Watson
2017), psignifit (Schuett et al. 2016).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from farm.search.failure_counts import CELLS, KINDS, cell_of, likelihoods

Array = npt.NDArray[np.float64]
Cells = npt.NDArray[np.uint8]
Slowness = tuple[float, float]
ANY: Slowness = (0.0, math.inf)
"""A range of widths."""

WIDTHS = {0.01: 0.25, 0.04: 0.16, 0.09: 0.2, 0.18: 0.19, 0.36: 0.12, 0.8: 0.08}
LAPSES = {0.0: 0.45, 0.01: 0.3, 0.03: 0.25}
SLOPES = {-0.03: 0.0125, -0.012: 0.0125, 0.012: 0.0125, 0.03: 0.0125}
"""Values with their prior probabilities; a slope is the change of the capacity in one trial."""

JUMPS = {0.6: 0.025, 0.78: 0.025, 1.3: 0.025}
JUMPS_AT = (3, 5, 7, 9, 11, 13, 15)
"""The ratio of the capacity after a jump to that before, and the trials at which it may be."""

SHARP, SLOW = 0.05, 0.3
"""Widths up to the first are a steep pass curve, from the second on a flat one."""

FINENESS = 0.0125
"""The step of the grid of capacities, in the logarithm: 1.25 %."""

ALIKE_TO = 9
"""Decimals of a probability, or of an information gain, that are significant."""

_PARTS = 4  # a load is placed between capacities to so many parts of a step
_FARTHEST = 17.0  # logarithm of load by capacity: largest by smallest load up to a million
_NEGLIGIBLE = 1e-5


@dataclass(frozen=True, slots=True)
class _Table:
    """Probabilities to pass: a row for each ratio of load to capacity, a column for each curve.

    `chances[part]` is every `_PARTS`-th row, largest ratio first: rows of one load, by capacity,
    are a slice of one of them.
    """

    chances: tuple[Array, ...]
    cells: tuple[Cells, ...]
    prior: Array
    widths: Array


@lru_cache(maxsize=4)
def _table(reliability: float) -> _Table:
    fine = FINENESS / _PARTS
    rows = round(2 * _FARTHEST / fine) // _PARTS * _PARTS
    ratio = np.exp(-_FARTHEST + fine * np.arange(rows))[:, None, None]
    width = np.array(list(WIDTHS))[None, :, None]
    # A server that lapses more often than 1 - reliability would have no capacity.
    lapse = np.array(list(LAPSES))[None, None, :] * min(1.0, (1 - reliability) / 0.1)
    scale = width / (2 * math.log(9))
    half = 1 + scale * np.log(reliability / (1 - lapse - reliability))
    chance = (1 - lapse) / (1 + np.exp(np.clip((ratio - half) / scale, -500, 500)))
    chance = np.clip(chance, 1e-12, 1 - 1e-12).reshape(rows, -1)
    parts = [np.ascontiguousarray(chance[part::_PARTS][::-1]) for part in range(_PARTS)]
    prior = np.outer(list(WIDTHS.values()), list(LAPSES.values())).ravel()
    return _Table(
        tuple(parts),
        tuple(cell_of(part) for part in parts),
        prior / prior.sum(),
        np.repeat(list(WIDTHS), len(LAPSES)),
    )


@dataclass(frozen=True, slots=True)
class _History:
    """How the capacity of a server changes: by `slope` a trial, and by `jump` at trial `at`."""

    slope: float = 0.0
    jump: float = 1.0
    at: int = 0

    def grown(self, trial: int) -> float:
        """The logarithm of the ratio of the capacity at a trial to that at the first."""
        steady = max(0.2, 1 + self.slope * trial)
        return math.log(steady * (self.jump if trial >= self.at else 1.0))


def _histories() -> Iterator[tuple[_History, float]]:
    yield _History(), 1 - sum(SLOPES.values()) - sum(JUMPS.values())
    for slope, prior in SLOPES.items():
        yield _History(slope=slope), prior
    for jump, prior in JUMPS.items():
        for at in JUMPS_AT:
            yield _History(jump=jump, at=at), prior / len(JUMPS_AT)


HISTORIES = tuple(_histories())


class PassCurves:
    """All curves of the grid, weighted by the trials so far; `capacities` ascend."""

    def __init__(self, minimum: int, maximum: int, reliability: float) -> None:
        self._table = _table(reliability)
        first, last = math.log(minimum / 2), math.log(maximum * 4)
        self._logs = first + FINENESS * np.arange(math.ceil((last - first) / FINENESS) + 1)
        self.capacities: Array = np.exp(self._logs)
        histories = np.array([prior for _, prior in HISTORIES])
        likely = np.full(self._logs.size, 1 / self._logs.size)
        self._weights: Array = (
            histories[:, None, None] * likely[None, :, None] * self._table.prior[None, None, :]
        )
        self._kinds: Array = np.array(KINDS)
        self._trials = 0
        self._known: dict[Slowness, Array] = {}

    def add_trial(
        self, load: int, passed: bool, units_failed: int | None = None, units: int | None = None
    ) -> None:
        """Weight the curves by the next trial: whether it passed, and its units."""
        grown = self._grown(self._trials)
        seen: dict[float, tuple[Array, Cells]] = {}
        for shift in grown:
            if shift not in seen:
                chance, cells = self._rows(load, shift)
                seen[shift] = (chance if passed else 1 - chance, cells)
        for history, shift in enumerate(grown):
            self._weights[history] *= seen[shift][0]
        if not passed and units_failed and units:
            self._add_failed_units(likelihoods(units_failed, units), grown, seen)
        self._weights /= self._weights.sum()
        self._trials += 1
        self._known = {}

    def _add_failed_units(
        self, likely: Array, grown: list[float], seen: dict[float, tuple[Array, Cells]]
    ) -> None:
        """Weight curves by the number of failed units, and kinds of server by their predictions."""
        by_cell = np.zeros(CELLS)
        for weights, shift in zip(self._weights, grown, strict=True):
            by_cell += np.bincount(seen[shift][1].ravel(), weights.ravel(), minlength=CELLS)
        together = self._kinds @ likely
        factors = {shift: together[cells] for shift, (_, cells) in seen.items()}
        for history, shift in enumerate(grown):
            self._weights[history] *= factors[shift]
        self._kinds = self._kinds * (likely @ by_cell)
        self._kinds /= self._kinds.sum()

    def skip_trial(self) -> None:
        """Count an invalid trial: capacities may have changed meanwhile."""
        self._trials += 1

    # ------------------------------------------------------------ probabilities

    def now(self, slowness: Slowness = ANY) -> Array:
        """The probability of each of `capacities` at the next trial; of a range of widths only."""
        if slowness not in self._known:
            widths = self._table.widths
            chosen = (widths >= slowness[0]) & (widths <= slowness[1])
            mass = self._weights @ chosen.astype(np.float64)
            size = self._logs.size
            likely = np.zeros(size)
            for grown, of_history in zip(self._grown(self._trials), mass, strict=True):
                at = np.clip(np.arange(size) + round(grown / FINENESS), 0, size - 1)
                likely += np.bincount(at, of_history, minlength=size)
            self._known[slowness] = likely / likely.sum()
        return self._known[slowness]

    def bounds(
        self, ladder: Sequence[int], doubt: float, slowness: Slowness = ANY
    ) -> tuple[int | None, int | None]:
        """Loads of a ladder between which the next trial's capacity is, with 1 - `doubt`.

        It is below the low one with at most half of the doubt, above the high one with the rest.
        """
        until = np.concatenate(([0.0], np.cumsum(self.now(slowness))))
        loads = np.array(ladder)
        below = np.round(until[np.searchsorted(self.capacities, loads, "left")], ALIKE_TO)
        above = np.round(1 - until[np.searchsorted(self.capacities, loads, "right")], ALIKE_TO)
        lows = below <= doubt / 2
        highs = above <= doubt - max(below[lows], default=0.0)
        return max(loads[lows].tolist(), default=None), min(loads[highs].tolist(), default=None)

    def changed(self, by: float) -> float:
        """The probability that the capacity changed by such a share from first to last trial."""
        grown = np.array(self._grown(max(0, self._trials - 1)))
        moved = (grown > math.log1p(by)) | (grown < math.log1p(-by))
        return float(self._weights[moved].sum())

    def chances(self, loads: Sequence[float]) -> Array:
        """The probability that a hold passes at each load, over all curves, at the next trial."""
        grown = self._grown(self._trials)
        return np.array(
            [
                sum(
                    float(np.einsum("ck,ck", self._rows(load, shift)[0], weights))
                    for shift, weights in zip(grown, self._weights, strict=True)
                )
                for load in loads
            ]
        )

    def gains(self, loads: Sequence[int]) -> Array:
        """The information gain of a trial at each load: mutual information, in nats."""
        mass = self._weights.sum(axis=(0, 2))
        held = np.flatnonzero(mass > _NEGLIGIBLE)
        part = slice(int(held[0]), int(held[-1]) + 1)
        steps = np.rint(np.array(self._grown(self._trials)) / FINENESS).astype(np.intp)
        groups = [
            (int(step), self._weights[steps == step, part].sum(axis=0)) for step in np.unique(steps)
        ]
        groups = [(step, weights) for step, weights in groups if weights.sum() > 10 * _NEGLIGIBLE]
        lowest = min(step for step, _ in groups)
        long = part.stop - part.start
        span = max(step for step, _ in groups) - lowest + long
        likely = np.zeros(span)
        for step, weights in groups:
            likely[step - lowest :][:long] += weights.sum(axis=1)
        likely /= likely.sum()
        gains = []
        for load in loads:
            passing = np.zeros(span)
            for step, weights in groups:
                chance = self._rows(load, step * FINENESS)[0][part]
                passing[step - lowest :][:long] += np.einsum("ck,ck->c", chance, weights)
            passing /= sum(weights.sum() for _, weights in groups)
            doubt = _entropy(passing / np.maximum(likely, 1e-300))
            gains.append(float(_entropy(passing.sum()) - (likely * doubt).sum()))
        return np.array(gains)

    # ------------------------------------------------------------ the grid

    def _grown(self, trial: int) -> list[float]:
        return [history.grown(trial) for history, _ in HISTORIES]

    def _rows(self, load: float, shift: float) -> tuple[Array, Cells]:
        """Probabilities at a load by capacity, and cells, for capacities grown by e^`shift`."""
        # A load beyond all capacities is equivalent to one at their end.
        load = min(max(load, self.capacities[0] / 2), 2 * self.capacities[-1])
        ratio = math.log(load) - shift - float(self._logs[0])
        row, part = divmod(round((ratio + _FARTHEST) * _PARTS / FINENESS), _PARTS)
        chances = self._table.chances[part]
        first = chances.shape[0] - 1 - row
        rows = slice(first, first + self._logs.size)
        return chances[rows], self._table.cells[part][rows]


def quantile(capacities: Array, likely: Array, share: float) -> float:
    """The capacity below which `share` of the probability lies."""
    at = int(np.searchsorted(np.cumsum(likely), share * likely.sum()))
    return float(capacities[min(at, capacities.size - 1)])


def _entropy(chance: Array | float) -> Array:
    p = np.clip(chance, 1e-12, 1 - 1e-12)
    return np.asarray(-(p * np.log(p) + (1 - p) * np.log1p(-p)))
