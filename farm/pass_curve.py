"""Which pass curves do the trials allow? A posterior on a grid of curves, from few trials.

Pure. The chance that a hold passes falls with load as a logistic curve, from 1 less a `lapse` (the
share of holds that fail for no reason of the load) to 0. A curve has

- a capacity: the load at which a hold passes with probability `reliability`,
- a width: by how much of the capacity the load grows while passes fall from 90 % to 10 %, from
  step-like to wide,
- a lapse, and
- a drift: what its capacity changes by from one trial to the next, none for most.

Before any trial the capacity may be anywhere from half the smallest load to four times the largest,
each scale as likely as another; `WIDTHS`, `LAPSES` and `DRIFTS` say how likely the rest is. Trials
then weigh these curves by Bayes' rule. The method is that of psychometrics: QUEST+ (Watson 2017),
psignifit (Schuett et al. 2016).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]

FINENESS = 0.0125
"""From one capacity of the grid to the next, in its logarithm: 1.25 %."""

WIDTHS = {0.01: 0.25, 0.03: 0.12, 0.06: 0.15, 0.12: 0.16, 0.22: 0.14, 0.4: 0.1, 0.8: 0.08}
LAPSES = {0.0: 0.45, 0.01: 0.3, 0.03: 0.25}
DRIFTS = {0.0: 0.92, -0.03: 0.02, -0.012: 0.02, 0.012: 0.02, 0.03: 0.02}
"""Each with its probability."""

_FARTHEST = 3.5
_PER_STEP = 4


@lru_cache(maxsize=8)
def _table(reliability: float) -> tuple[Array, Array]:
    """Chances to pass by (log of load / capacity, width x lapse), and the priors of the latter."""
    fine = FINENESS / _PER_STEP
    ratio = np.exp(np.arange(-_FARTHEST, _FARTHEST + fine / 2, fine))[:, None, None]
    width = np.array(list(WIDTHS))[None, :, None]
    lapse = np.array(list(LAPSES))[None, None, :] * min(1.0, (1 - reliability) / 0.1)
    # Where the curve without lapses is at `reliability` with them; one unit is 90 to 10 %.
    wanted = reliability / (1 - lapse)
    scale = width / (2 * math.log(9))
    half = 1 + scale * np.log(wanted / (1 - wanted))
    passes = (1 - lapse) / (1 + np.exp(np.clip((ratio - half) / scale, -500, 500)))
    prior = np.outer(list(WIDTHS.values()), list(LAPSES.values())).ravel()
    return np.clip(passes, 1e-12, 1 - 1e-12).reshape(ratio.size, -1), prior


class PassCurves:
    """All curves of the grid, weighed by the trials told so far."""

    def __init__(self, minimum: int, maximum: int, reliability: float) -> None:
        self._passes, prior = _table(reliability)
        first, last = math.log(minimum / 2), math.log(maximum * 4)
        self._logs = first + FINENESS * np.arange(math.ceil((last - first) / FINENESS) + 1)
        self.capacities: Array = np.exp(self._logs)
        self._drifts = np.array(list(DRIFTS))
        weights = np.ones(self._logs.size)[:, None, None] * np.array(list(DRIFTS.values()))[:, None]
        self._weights: Array = weights * prior
        self._weights /= self._weights.sum()
        self._told = 0

    def tell(self, load: int, passed: bool) -> None:
        rows = self._rows(load, self._told, slice(None))
        chance = self._passes[rows]
        self._weights *= chance if passed else 1 - chance
        self._weights /= self._weights.sum()
        self._told += 1

    def skip(self) -> None:
        """A trial that said nothing; time went on."""
        self._told += 1

    def _grown(self, trial: int) -> Array:
        """The logarithm of the capacity at that trial by that at the first, by drift."""
        return np.log(np.maximum(0.2, 1 + self._drifts * trial))

    def _rows(self, load: float, trial: int, part: slice) -> Indices:
        ratio = math.log(load) - self._logs[part, None] - self._grown(trial)[None, :]
        at = np.rint((ratio + _FARTHEST) * (_PER_STEP / FINENESS)).astype(np.intp)
        return np.clip(at, 0, self._passes.shape[0] - 1)

    def now(self) -> Array:
        """How likely each of `capacities` is at present."""
        return self._at(self._told)

    def at_first(self) -> Array:
        return self._at(0)

    def _at(self, trial: int) -> Array:
        mass = self._weights.sum(axis=2)
        shift = np.rint(self._grown(trial) / FINENESS).astype(np.intp)
        size = self._logs.size
        found = np.zeros(size)
        for drift in range(shift.size):
            at = np.clip(np.arange(size) + shift[drift], 0, size - 1)
            np.add.at(found, at, mass[:, drift])
        return found

    def drifts(self) -> dict[float, float]:
        return dict(zip(self._drifts.tolist(), self._weights.sum(axis=(0, 2)).tolist(), strict=True))

    def gain(self, loads: Sequence[int]) -> Array:
        """What a trial at each load would tell of the present capacity, in nats."""
        mass = self._weights.sum(axis=2)
        support = np.flatnonzero(mass.sum(axis=1) > 1e-5)
        part = slice(int(support[0]), int(support[-1]) + 1)
        mass = mass[part]
        kinds = self._weights[part] / np.maximum(mass, 1e-300)[..., None]
        shift = np.rint(self._grown(self._told) / FINENESS).astype(np.intp)
        cells = (np.arange(mass.shape[0])[:, None] + shift[None, :] - shift.min()).ravel()
        held = np.bincount(cells, mass.ravel())
        gains = []
        for load in loads:
            chance = np.einsum("cdk,cdk->cd", self._passes[self._rows(load, self._told, part)], kinds)
            passing = np.bincount(cells, (chance * mass).ravel())
            p = passing / np.maximum(held, 1e-300)
            gains.append(float(_entropy(np.array([passing.sum()]))[0] - (held * _entropy(p)).sum()))
        return np.array(gains)


def _entropy(p: Array) -> Array:
    p = np.clip(p, 1e-12, 1 - 1e-12)
    return -(p * np.log(p) + (1 - p) * np.log1p(-p))
