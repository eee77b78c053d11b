"""Sums, means and extremes of groups of rows, whatever the order of the rows. Pure.

A sum of floats depends on the order of its terms, and Polars' groups on the number of threads. The
same recording must give the same figures on any machine, so rows are sorted before they are added.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from farm.analysis.rates import BoolArray, FloatArray, IntArray
from farm.evidence.poll_table import changes


class RowGroups:
    """Groups of rows with the same `keys`, in the order of the keys; NaN is unknown.

    `then` sorts the rows within a group, which defines the first and the last.
    """

    def __init__(
        self,
        keys: Sequence[IntArray],
        then: Sequence[IntArray | FloatArray] = (),
        *,
        at: FloatArray | None = None,
    ) -> None:
        """`at` is one more key, the last, of floats."""
        code = _one_code(keys)
        last = () if at is None else (at,)
        self._order = np.lexsort((*reversed(then), *last, code))
        first = changes([each[self._order] for each in (code, *last)])
        self._starts = np.flatnonzero(first)
        self._group = np.cumsum(first) - 1
        self.count = len(self._starts)

    def key(self, key: IntArray) -> IntArray:
        """The value of a key for each group."""
        return key[self._order[self._starts]]

    def rows(self) -> IntArray:
        """The number of rows of each group."""
        return np.bincount(self._group, minlength=self.count)

    def total(self, values: FloatArray) -> FloatArray:
        """The sum of the known values; NaN where there is none."""
        sums, known = self._sums(values)
        return np.where(known > 0, sums, np.nan)

    def mean(self, values: FloatArray) -> FloatArray:
        """The mean of the known values; NaN where there is none."""
        sums, known = self._sums(values)
        return np.where(known > 0, sums / np.maximum(known, 1), np.nan)

    def largest(self, values: FloatArray) -> FloatArray:
        """The largest of the known values; NaN where there is none."""
        return self._reduced(np.fmax, values)

    def smallest(self, values: FloatArray) -> FloatArray:
        """The smallest of the known values; NaN where there is none."""
        return self._reduced(np.fmin, values)

    def last_row(self, known: BoolArray | None = None) -> IntArray:
        """The last row of each group, of those that are `known`; -1 where there is none."""
        if not self.count:
            return np.empty(0, dtype=np.int64)
        places = np.arange(len(self._order))
        if known is not None:
            places = np.where(known[self._order], places, -1)
        last = np.maximum.reduceat(places, self._starts)
        return np.where(last < 0, -1, self._order[last]).astype(np.int64)

    def last(self, values: FloatArray) -> FloatArray:
        """The last of the known values; NaN where there is none."""
        rows = self.last_row(~np.isnan(values))
        return np.where(rows < 0, np.nan, values[rows])

    def first(self, values: FloatArray) -> FloatArray:
        """The first of the known values; NaN where there is none."""
        if not self.count:
            return np.empty(0)
        ordered = values[self._order]
        none = len(ordered)
        places = np.where(np.isnan(ordered), none, np.arange(none))
        first = np.minimum.reduceat(places, self._starts)
        return np.where(first == none, np.nan, ordered[np.minimum(first, none - 1)])

    def _sums(self, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        ordered = values[self._order]
        known = ~np.isnan(ordered)
        sums = np.bincount(self._group, np.where(known, ordered, 0.0), self.count)
        count = np.bincount(self._group, known.astype(np.float64), self.count)
        return sums.astype(np.float64), count.astype(np.float64)

    def _reduced(self, ufunc: np.ufunc, values: FloatArray) -> FloatArray:
        if not self.count:
            return np.empty(0)
        found: FloatArray = ufunc.reduceat(values[self._order], self._starts)
        return found


def _one_code(keys: Sequence[IntArray]) -> IntArray:
    """A number for each row that sorts as all keys together, for one sort instead of many."""
    code = np.zeros(len(keys[0]), dtype=np.int64)
    for key in keys if len(code) else ():
        low, high = int(key.min()), int(key.max())
        code = code * (high - low + 1) + (key - low)
    return code
