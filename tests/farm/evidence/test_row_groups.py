"""Rows in groups: the same sums and last values, whatever order the rows came in."""

from __future__ import annotations

from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from farm.analysis.rates import FloatArray, IntArray
from farm.evidence.row_groups import RowGroups

NAN = np.nan


def ints(*values: int) -> IntArray:
    return np.array(values, dtype=np.int64)


def floats(*values: float) -> FloatArray:
    return np.array(values, dtype=np.float64)


def test_groups_come_in_the_order_of_their_keys() -> None:
    first, second = ints(2, 1, 2, 1), ints(0, 5, 0, 4)
    groups = RowGroups([first, second])

    assert groups.count == 3
    assert groups.key(first).tolist() == [1, 1, 2]
    assert groups.key(second).tolist() == [4, 5, 0]
    assert groups.rows().tolist() == [1, 1, 2]


def test_what_is_known_of_a_group_is_added_up_and_the_unknown_left_out() -> None:
    groups = RowGroups([ints(0, 0, 0, 1)])
    values = floats(1.0, NAN, 5.0, NAN)

    for figure, expected in (
        (groups.total(values), 6.0),
        (groups.mean(values), 3.0),
        (groups.largest(values), 5.0),
        (groups.smallest(values), 1.0),
    ):
        assert figure[0] == expected
        assert np.isnan(figure[1]), "nothing known is unknown, not 0"


def test_the_last_of_a_group_is_the_last_by_what_its_rows_are_sorted_by() -> None:
    groups = RowGroups([ints(0, 0, 0)], then=[floats(3.0, 1.0, 2.0)])

    assert groups.last_row().tolist() == [0]
    assert groups.last(floats(NAN, 7.0, 8.0)).tolist() == [8.0], "the last that is known"
    assert groups.last_row(np.array([False, True, False])).tolist() == [1]
    assert groups.last_row(np.array([False, False, False])).tolist() == [-1]
    assert np.isnan(groups.last(floats(NAN, NAN, NAN))).all()


def test_the_first_of_a_group_that_is_known_is_reported() -> None:
    groups = RowGroups([np.array([1, 0, 1, 0, 2])], then=(np.array([3, 2, 1, 1, 1]),))
    values = np.array([13.0, 2.0, np.nan, 1.0, np.nan])
    np.testing.assert_array_equal(groups.first(values), [1.0, 13.0, np.nan])


def test_without_rows_there_are_no_groups() -> None:
    groups = RowGroups([ints()])

    assert groups.count == 0
    assert groups.last_row().tolist() == []
    for figure in (groups.total, groups.mean, groups.largest, groups.smallest, groups.last):
        assert figure(floats()).tolist() == []


ROWS = st.lists(
    st.tuples(st.integers(0, 3), st.floats(-1e9, 1e9) | st.just(NAN)), min_size=1, max_size=30
)


@given(ROWS, st.randoms(use_true_random=False))
def test_sums_are_the_same_to_the_last_bit_in_whatever_order_rows_came(
    rows: list[tuple[int, float]], chance: Random
) -> None:
    numbered = list(enumerate(rows))
    shuffled = list(numbered)
    chance.shuffle(shuffled)

    def figures(of: list[tuple[int, tuple[int, float]]]) -> list[list[float]]:
        groups = RowGroups(
            [ints(*(key for _, (key, _) in of))], then=[ints(*(number for number, _ in of))]
        )
        values = floats(*(value for _, (_, value) in of))
        return [
            np.nan_to_num(each(values), nan=1e300).tolist()
            for each in (groups.total, groups.mean, groups.last)
        ]

    assert figures(shuffled) == figures(numbered)
