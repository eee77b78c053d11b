"""What the number of failed units tells beyond the failure of a trial. Pure.

Units of one trial fail together more often than apart, and how much so differs between servers: a
room that freezes affects no other, a server without CPU affects all. Where units fail
independently, one failed unit of forty means that the load is close to the capacity and forty that
it is far beyond; where they fail together, the number means nothing. So several *kinds* of server
are assumed at once, and weighted by how well each predicted the numbers of the trials.

The kinds are negative binomial distributions of the number of failed units, all with the same
probability of none (that the trial passes) and a shape: a large one is nearly a binomial, for
independent units; smaller ones vary more. For one more kind the number means nothing, and it has
the largest prior: on simulated servers, numbers used too early as evidence cost more correct
estimates than waiting until a server's own trials support them.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

SHAPES = (50.0, 1.5)
KINDS = (0.02, 0.01, 0.97)
"""The prior of each shape, and last that of the kind for which the number means nothing."""

ALL, ONE = 0.4, 0.2
"""How often all units of a failed trial fail, and how often one, if the number means nothing."""

FORGIVEN = 0.02
"""The share of units that may fail in a trial that passes (`bad_share`), which are ignored."""

CELLS = 96
_LOWEST, _HIGHEST = -7.0, 5.0
_LEAST = 1e-5


def cell_of(chance: Array) -> npt.NDArray[np.uint8]:
    """The cell of a probability to pass, by the logarithm of the failed units that it implies."""
    bad = np.log(np.maximum(-np.log(chance), 1e-300))
    cell = np.rint((bad - _LOWEST) / (_HIGHEST - _LOWEST) * (CELLS - 1))
    return np.clip(cell, 0, CELLS - 1).astype(np.uint8)


@lru_cache(maxsize=256)
def likelihoods(failed: int, total: int) -> Array:
    """`(kinds, CELLS)`: the probability of so many failed units in a trial that failed.

    By kind of server and by the cell of the trial's probability to pass.
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
    """Given that at least one failed; larger numbers than `total` are counted as `total`."""
    number = np.arange(1, total + 1)
    log_ways = np.cumsum(np.log((number - 1 + shape) / number))[:, None]
    log_bad = np.log(-np.expm1(np.log(passing) / shape))
    chance = np.exp(log_ways + np.log(passing) + number[:, None] * log_bad) / (1 - passing)
    if failed < total:
        return np.asarray(chance[failed - 1])
    return np.asarray(np.maximum(1 - chance[:-1].sum(axis=0), 0.0))


def _any_number(failed: int, total: int) -> float:
    """The probability of a number that means nothing: mostly all, else one, else any other."""
    if total == 1:
        return 1.0
    if failed == total:
        return ALL
    if failed == 1:
        return 1 - ALL if total == 2 else ONE
    return (1 - ALL - ONE) / (total - 2)
