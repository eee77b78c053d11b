"""Which estimates are correct: within a step of the capacity, or within a tenth of it. Pure."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

NEAR = 0.1
"""The share of the capacity within which an estimate is correct; within a step it always is."""


class AnswerTolerance:
    """For each load of a ladder, the capacities for which it is a correct estimate."""

    def __init__(self, ladder: tuple[int, ...], capacities: Array) -> None:
        self._ladder, self._capacities = ladder, capacities
        steps = [above - below for below, above in pairwise(ladder)] or [ladder[0]]
        down = np.array([steps[0], *steps], dtype=np.float64)
        up = np.array([*steps, steps[-1]], dtype=np.float64)
        distance = capacities[:, None] - np.array(ladder, dtype=np.float64)
        near = NEAR * capacities[:, None]
        self._correct = (distance >= -np.maximum(down, near)) & (distance <= np.maximum(up, near))

    def chances(self, likely: Array, loads: int) -> Array:
        """The probability that each of the first `loads` is correct; `likely` is by capacity.

        The last of them is a lower bound: for any larger capacity it is correct.
        """
        correct: Array = likely @ self._correct[:, :loads]
        beyond = (self._capacities >= self._ladder[loads - 1]) & ~self._correct[:, loads - 1]
        correct[-1] += likely[beyond].sum()
        return correct
