"""Which loads the generator can carry, by valid and invalid trials. Pure.

An invalid trial is repeated; if it stays invalid, its load is given up. It is the *bound* of what
the generator carries, unless a valid trial carried as much. Below a bound the next trial is at most
halfway to it, by ratio; one that is invalid just below it is not repeated; and a carried load
within a tenth of it is close enough.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

JUST_BELOW = 1.5
"""The largest ratio of a bound to a load that is given up once its first trial is invalid."""

NEAR = 1.1
"""The largest ratio of a bound to the largest carried load at which no load between is tried."""


class CarriedLoads:
    """The loads that the generator carries; an invalid trial is repeated `retries` times."""

    def __init__(self, retries: int) -> None:
        self._retries = retries
        self._invalid_in_a_row: dict[int, int] = {}
        self._carried = 0
        self._last: int | None = None

    def record(self, load: int, *, is_valid: bool, drift_check: bool) -> None:
        """Record a trial; a `drift_check` repeats none, and is ignored if it is invalid."""
        if is_valid:
            self._invalid_in_a_row.pop(load, None)
            self._carried = max(self._carried, load)
        elif not drift_check:
            self._invalid_in_a_row[load] = self._invalid_in_a_row.get(load, 0) + 1
        if not drift_check:
            self._last = None if is_valid else load

    def given_up(self) -> frozenset[int]:
        """The loads of which no further trial is made."""
        loads: set[int] = set()
        for load, invalid in sorted(self._invalid_in_a_row.items(), reverse=True):
            known = load > self._carried and min(loads, default=load) / load
            if invalid > self._retries or (known and 1 < known <= JUST_BELOW):
                loads.add(load)
        return frozenset(loads)

    def bound(self) -> int | None:
        """The smallest load that the generator cannot carry; None: none is known."""
        return min((load for load in self.given_up() if load > self._carried), default=None)

    def to_repeat(self) -> int | None:
        """The load of the last trial that was asked for, if it was invalid and is not given up."""
        return None if self._last is None or self._last in self.given_up() else self._last

    def left(self, ladder: Iterable[int]) -> tuple[int, ...]:
        """The loads below the bound; if that is close to the carried ones, only these."""
        bound = self.bound()
        if bound is None:
            return tuple(ladder)
        below = bound if bound > NEAR * self._carried else self._carried + 1
        return tuple(load for load in ladder if load < below)

    def up_to_halfway(self, rungs: tuple[int, ...]) -> tuple[int, ...]:
        """The loads below the bound up to the first that is halfway to it, by ratio."""
        bound = self.bound()
        if bound is None:
            return rungs
        halfway = (load for load in rungs if load**2 >= self._carried * bound)
        last = min(halfway, default=bound)
        return tuple(load for load in rungs if load <= last)

    def worth(self, load: int) -> float:
        """The value of a trial relative to a certainly valid one, by the repetitions it may need.

        Between carried loads and the bound every ratio is equally likely to be the last carried.
        """
        bound = self.bound()
        if bound is None or load <= self._carried or not self._carried:
            return 1.0
        valid = math.log(bound / load) / math.log(bound / self._carried)
        return valid / (1 + self._retries * (1 - valid))
