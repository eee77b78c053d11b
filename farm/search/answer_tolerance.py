"""Which answers are right: a load within a step of the capacity, or within a tenth of it. Pure."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

NEAR = 0.1
"""An answer this near to the capacity, as a share of it, is right; one step away always is."""


class RightAnswers:
    """For each load of a ladder, the capacities that make it a right answer."""

    def __init__(self, ladder: tuple[int, ...], capacities: Array) -> None:
        self._ladder, self._capacities = ladder, capacities
        steps = [above - below for below, above in pairwise(ladder)] or [ladder[0]]
        down = np.array([steps[0], *steps], dtype=np.float64)
        up = np.array([*steps, steps[-1]], dtype=np.float64)
        apart = capacities[:, None] - np.array(ladder, dtype=np.float64)
        near = NEAR * capacities[:, None]
        self._right = (apart >= -np.maximum(down, near)) & (apart <= np.maximum(up, near))

    def chances(self, likely: Array, loads: int) -> Array:
        """How likely each of the first so many loads is right; `likely` is by capacity.

        Whatever lies above the last of them makes that one right: it is a lower bound.
        """
        right: Array = likely @ self._right[:, :loads]
        beyond = (self._capacities >= self._ladder[loads - 1]) & ~self._right[:, loads - 1]
        right[-1] += likely[beyond].sum()
        return right
