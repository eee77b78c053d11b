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


def spiky(seed: int, seconds: int, spikes: int) -> NDArray[np.float64]:
    """What is even but for some spikes of 1 to 4 seconds, as a server's CPU or a frame rate is."""
    chance = np.random.default_rng(seed)
    values = chance.normal(size=seconds)
    for _ in range(spikes):
        width = int(chance.integers(1, 5))
        at = int(chance.integers(0, seconds - width + 1))
        values[at : at + width] += chance.uniform(8, 25)
    return values


@pytest.mark.parametrize("seconds", [41, 60, 240])
@pytest.mark.parametrize("spikes", [None, 0, 1, 3])
def test_what_has_nothing_to_do_with_it_is_seldom_called_sure(
    seconds: int, spikes: int | None
) -> None:
    """As seldom as a confidence of 90 % allows, at its largest lag, also in a short hold."""

    def made(seed: int) -> NDArray[np.float64]:
        return walk(seed, seconds) if spikes is None else spiky(seed, seconds, spikes)

    pairs = [(made(seed), made(10_000 + seed)) for seed in range(200)]
    found = [cross_correlation("cpu_total", cpu, "q", -quality) for cpu, quality in pairs]
    known = [each for each in found if each is not None]

    assert len(known) == 200
    assert sum(each.sure for each in known) <= 28  # of 200, at 90 %, in 99 of 100 cases


def test_what_goes_with_it_is_called_sure_in_a_short_hold() -> None:
    sure = 0
    for seed in range(50):
        cpu = walk(seed, 60)
        found = cross_correlation("cpu", cpu, "q", -np.roll(cpu, 1) + 0.5 * walk(100 + seed, 60))
        sure += found is not None and found.sure
    assert sure >= 45


def test_what_is_not_sure_is_not_said_to_be_nothing() -> None:
    found = cross_correlation("cpu", walk(1, 41), "the frame rate", walk(2, 41), named="CPU")
    assert found is not None
    assert not found.sure
    assert found.said.startswith("no correlation of the frame rate with CPU is sure (r = ")


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
