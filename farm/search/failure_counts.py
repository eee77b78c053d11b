"""How many units failed in a trial that failed: what that says beyond the failure. Pure.

Units of one trial fail together more often than apart, and how much so differs between servers: a
room that freezes takes nobody along, a server out of CPU spoils all. Where units fail apart, one
bad unit of forty says that the load is near the edge and forty say that it is far beyond; where
they fail together, the number says nothing. So the number is read under several *kinds* of server
at once, and trials, by how well each kind foretold their numbers, say which of them to believe.

The kinds are negative binomial distributions of the number of bad units, all with the same chance
of none (the chance that the trial passes) and a shape: large is a binomial's, units apart; smaller
ones vary more. One more kind says nothing whatever the number, and it is believed at first: to take
numbers for evidence where they are none cost more right answers, on simulated servers, than to wait
until a server's own trials show that they are.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

SHAPES = (50.0, 1.5)
KINDS = (0.02, 0.01, 0.97)
"""How likely each shape is before any trial, and last that the number says nothing."""

ALL, ONE = 0.4, 0.2
"""How often all units of a failed trial fail, and how often one, where the number says nothing."""

FORGIVEN = 0.02
"""The share of units that a trial may have bad and pass (`bad_share`), which say nothing."""

CELLS = 96
_LOWEST, _HIGHEST = -7.0, 5.0
_LEAST = 1e-5


def cell_of(chance: Array) -> npt.NDArray[np.uint8]:
    """In which of `CELLS` a chance to pass falls, by the logarithm of the bad units it means."""
    bad = np.log(np.maximum(-np.log(chance), 1e-300))
    cell = np.rint((bad - _LOWEST) / (_HIGHEST - _LOWEST) * (CELLS - 1))
    return np.clip(cell, 0, CELLS - 1).astype(np.uint8)


@lru_cache(maxsize=256)
def likelihoods(failed: int, total: int) -> Array:
    """`(kinds, CELLS)`: the chance of so many bad units of a trial that failed.

    By kind of server and by the cell of the trial's chance to pass.
    """
    forgiven = math.floor(FORGIVEN * total)
    total = max(1, total - forgiven)
    failed = min(total, max(1, failed - forgiven))
    passing = np.exp(-np.exp(np.linspace(_LOWEST, _HIGHEST, CELLS)))
    passing = np.clip(passing, 1e-60, 1 - 1e-12)
    found = [_negative_binomial(failed, total, passing, shape) for shape in SHAPES]
    found.append(np.full(CELLS, _any_number(failed, total)))
    return np.maximum(np.array(found), _LEAST)


def _negative_binomial(failed: int, total: int, passing: Array, shape: float) -> Array:
    """Given that one failed at least; who would be beyond `total` is counted there."""
    number = np.arange(1, total + 1)
    log_ways = np.cumsum(np.log((number - 1 + shape) / number))[:, None]
    log_bad = np.log(-np.expm1(np.log(passing) / shape))
    chance = np.exp(log_ways + np.log(passing) + number[:, None] * log_bad) / (1 - passing)
    if failed < total:
        return np.asarray(chance[failed - 1])
    return np.asarray(np.maximum(1 - chance[:-1].sum(axis=0), 0.0))


def _any_number(failed: int, total: int) -> float:
    """All most often, else one, else something between."""
    if total == 1:
        return 1.0
    if failed == total:
        return ALL
    if failed == 1:
        return 1 - ALL if total == 2 else ONE
    return (1 - ALL - ONE) / (total - 2)
