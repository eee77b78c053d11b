import numpy as np

from farm.search.failure_counts import CELLS, KINDS, cell_of, likelihoods


def test_the_chances_of_all_numbers_add_up_to_one() -> None:
    total = 12
    together = sum(likelihoods(failed, total) for failed in range(1, total + 1))
    assert np.allclose(together, 1, atol=0.01)
    assert together.shape == (len(KINDS), CELLS)


def test_where_units_fail_apart_many_bad_ones_mean_a_small_chance_to_pass() -> None:
    apart_one, apart_all = likelihoods(1, 12)[0], likelihoods(12, 12)[0]
    near, far = cell_of(np.array([0.7, 1e-20]))
    assert apart_one[near] > apart_one[far]
    assert apart_all[far] > apart_all[near]


def test_the_last_kind_says_nothing() -> None:
    for failed in (1, 5, 12):
        assert np.ptp(likelihoods(failed, 12)[-1]) == 0


def test_units_that_a_trial_may_lose_and_pass_count_for_nothing() -> None:
    assert np.array_equal(likelihoods(3, 100), likelihoods(1, 98))


def test_one_unit_is_all_units() -> None:
    assert np.allclose(likelihoods(1, 1), 1)
