import numpy as np
import pytest
from numpy.typing import NDArray

from farm.attribution.cross_correlation import cross_correlation


def walk(seed: int, seconds: int = 240) -> NDArray[np.float64]:
    """What wanders as CPU does: each second is like the one before."""
    steps = np.random.default_rng(seed).normal(size=seconds)
    values = np.zeros(seconds)
    for at in range(1, seconds):
        values[at] = 0.7 * values[at - 1] + steps[at]
    return values


@pytest.mark.parametrize("lag_s", [-3, 0, 1, 4])
def test_the_lag_is_found(lag_s: int) -> None:
    cpu = walk(1)
    frames = -np.roll(cpu, lag_s) + 0.5 * walk(2)
    found = cross_correlation("cpu_total", cpu, "the frame rate", frames, named="CPU")

    assert found is not None
    assert found.lag_s == lag_s
    assert found.sure
    assert found.interval[0] < found.r < found.interval[1] < 0
    assert found.said.startswith("the frame rate fell as CPU rose, ")


def test_what_has_nothing_to_do_with_it_is_not_called_sure() -> None:
    """Of many pairs that wander each by themselves few may seem to be related."""
    found = [
        cross_correlation("cpu_total", walk(seed), "q", walk(1000 + seed)) for seed in range(40)
    ]
    sure = [each for each in found if each is not None and each.sure]

    assert len(found) - found.count(None) == 40
    assert len(sure) <= 4


def test_the_same_seconds_give_the_same_interval() -> None:
    cpu = walk(5)
    assert cross_correlation("cpu", cpu, "q", cpu + walk(6)) == cross_correlation(
        "cpu", cpu, "q", cpu + walk(6)
    )


def test_seconds_that_nobody_saw_are_left_out() -> None:
    cpu = walk(7)
    frames = -cpu
    frames[50:60] = np.nan
    found = cross_correlation("cpu", cpu, "q", frames)
    assert found is not None
    assert found.r == pytest.approx(-1.0)
    assert found.seconds < 230


@pytest.mark.parametrize(
    ("cpu", "frames"),
    [
        (walk(1, 20), walk(1, 20)),
        (np.full(240, 70.0), walk(1)),
        (walk(1), np.full(240, 20.0)),
        (np.full(240, np.nan), walk(1)),
    ],
    ids=["too few", "still CPU", "still quality", "unseen"],
)
def test_too_little_to_say_anything(cpu: NDArray[np.float64], frames: NDArray[np.float64]) -> None:
    assert cross_correlation("cpu", cpu, "q", frames) is None
