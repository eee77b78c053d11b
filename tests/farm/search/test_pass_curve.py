import numpy as np
import pytest

from farm.search.pass_curve import SHARP, SLOW, PassCurves, quantile


def told(*trials: tuple[int, bool], reliability: float = 0.9, maximum: int = 60) -> PassCurves:
    curves = PassCurves(2, maximum, reliability)
    for load, passed in trials:
        curves.add_trial(load, passed)
    return curves


def interval(curves: PassCurves, confidence: float = 0.9) -> tuple[float, float]:
    tail, likely = (1 - confidence) / 2, curves.now()
    return (
        quantile(curves.capacities, likely, tail),
        quantile(curves.capacities, likely, 1 - tail),
    )


EDGE = ((2, True), (4, True), (8, True), (16, True), (32, False), (24, False), (20, False))


def test_the_capacity_lies_about_the_edge() -> None:
    low, high = interval(told(*EDGE))
    assert 4 < low < 16 < high < 24


@pytest.mark.parametrize("step", [1, 2, 4])
def test_bounds_leave_no_more_doubt_than_asked_and_half_of_it_below(step: int) -> None:
    curves, ladder = told(*EDGE), tuple(range(2, 61, step))
    low, high = curves.bounds(ladder, 0.1)
    assert low is not None
    assert high is not None

    def chance(those: np.typing.NDArray[np.bool_]) -> float:
        return float(curves.now()[those].sum())

    below = chance(curves.capacities < low)
    assert below <= 0.05 < chance(curves.capacities < low + step)
    above = chance(curves.capacities > high)
    assert below + above <= 0.1 < below + chance(curves.capacities > high - step)


def test_bounds_are_open_where_no_load_of_the_ladder_bounds() -> None:
    assert told((2, True), (4, True)).bounds((8, 16), 0.1) == (None, None)


def test_more_confidence_widens_the_interval() -> None:
    low, high = interval(told(*EDGE))
    wide = interval(told(*EDGE), confidence=0.99)
    assert wide[0] < low
    assert wide[1] > high


def test_a_higher_reliability_asks_for_a_smaller_load() -> None:
    low, _ = interval(told(*EDGE, reliability=0.9))
    assert interval(told(*EDGE, reliability=0.99))[0] <= low


def test_without_a_fail_it_reaches_beyond_what_was_tried() -> None:
    assert interval(told((2, True), (4, True), (8, True)))[1] > 60


def test_chances_fall_with_load_and_are_chances() -> None:
    chances = told(*EDGE).chances(range(2, 60, 2))
    assert np.all(np.diff(chances) <= 1e-12)
    assert 0 <= chances[-1] < 0.05
    assert 0.9 < chances[0] <= 1


def test_were_the_edge_sharp_less_would_be_in_doubt() -> None:
    curves = told(*EDGE)
    sharp, slow = curves.now((0.0, SHARP)), curves.now((SLOW, np.inf))
    capacities = curves.capacities
    assert quantile(capacities, sharp, 0.05) > quantile(capacities, slow, 0.05)


def test_a_trial_far_from_the_edge_tells_less_than_one_near_it() -> None:
    far, near, beyond = told(*EDGE).gains([2, 18, 60])
    assert near > 10 * far
    assert near > 10 * beyond


def test_a_pass_far_above_the_edge_is_a_change() -> None:
    steady = told(*EDGE, (16, True), (16, True), (20, False))
    changed = told(*EDGE, *[(12, False), (8, False), (8, False), (6, False)])
    assert steady.changed(0.1) < 0.2
    assert changed.changed(0.1) > 0.6


@pytest.mark.parametrize("reliability", [0.5, 0.9, 0.999])
def test_any_reliability_and_far_loads_are_borne(reliability: float) -> None:
    curves = told((1, True), (100_000, False), reliability=reliability, maximum=100_000)
    low, high = interval(curves)
    assert 0 <= low < high
    assert curves.now().sum() == pytest.approx(1)


def test_a_trial_that_says_nothing_leaves_all_as_it_is() -> None:
    curves = told(*EDGE)
    before = interval(curves)
    curves.skip_trial()
    assert interval(curves) == pytest.approx(before, rel=0.02)
