"""Which loads can the generator carry, by the trials that were valid and those that were not? Pure.

An invalid trial is repeated; invalid again, its load is tried *in vain*: it is the *bound* of what
the generator carries, unless a valid trial showed that it carries so much: then it had a bad time.
Below a bound the next trial is halfway to it at most, by ratio; one that is invalid just below it
is not repeated; and what was carried a tenth below it is near enough.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

JUST_BELOW = 1.5
"""A bound by a load just below it, at most: once invalid, that one is in vain too."""

NEAR = 1.1
"""A bound by the largest load that was carried, at most: nothing between them is tried."""


class CarriedLoads:
    """Told every trial; an invalid one is repeated `retries` times in a row."""

    def __init__(self, retries: int) -> None:
        self._retries = retries
        self._invalid_in_a_row: dict[int, int] = {}
        self._carried = 0
        self._last: int | None = None

    def record(self, load: int, *, is_valid: bool, look: bool) -> None:
        """A `look` that is invalid says nothing, and no look is an answer to an invalid trial."""
        if is_valid:
            self._invalid_in_a_row.pop(load, None)
            self._carried = max(self._carried, load)
        elif not look:
            self._invalid_in_a_row[load] = self._invalid_in_a_row.get(load, 0) + 1
        if not look:
            self._last = None if is_valid else load

    def in_vain(self) -> frozenset[int]:
        """Loads of which a valid trial is no more to be expected."""
        given_up: set[int] = set()
        for load, invalid in sorted(self._invalid_in_a_row.items(), reverse=True):
            known = load > self._carried and min(given_up, default=load) / load
            if invalid > self._retries or (known and 1 < known <= JUST_BELOW):
                given_up.add(load)
        return frozenset(given_up)

    def bound(self) -> int | None:
        """The smallest load that is more than the generator carries; None: none is known."""
        return min((load for load in self.in_vain() if load > self._carried), default=None)

    def to_repeat(self) -> int | None:
        """The load of the last trial that was asked for, if it was invalid and is not in vain."""
        return None if self._last is None or self._last in self.in_vain() else self._last

    def left(self, ladder: Iterable[int]) -> tuple[int, ...]:
        """The loads below the bound; where that is near, those that it carried."""
        bound = self.bound()
        if bound is None:
            return tuple(ladder)
        below = bound if bound > NEAR * self._carried else self._carried + 1
        return tuple(load for load in ladder if load < below)

    def sensible(self, rungs: tuple[int, ...]) -> tuple[int, ...]:
        """Of the loads below the bound those up to the first that is halfway to it, by ratio."""
        bound = self.bound()
        if bound is None:
            return rungs
        halfway = (load for load in rungs if load**2 >= self._carried * bound)
        last = min(halfway, default=bound)
        return tuple(load for load in rungs if load <= last)

    def worth(self, load: int) -> float:
        """What a trial of it is worth by one that is surely valid, for the trials that it may take.

        Between what was carried and the bound one load is as likely the last as another, by ratio.
        """
        bound = self.bound()
        if bound is None or load <= self._carried or not self._carried:
            return 1.0
        valid = math.log(bound / load) / math.log(bound / self._carried)
        return valid / (1 + self._retries * (1 - valid))
