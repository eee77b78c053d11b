"""The search on simulated servers whose capacity is known."""

import doctest
import math
import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm import capacity_search
from farm.capacity_search import CapacityEstimate, CapacitySearch


def searched(
    measure: Callable[[int], str],
    *,
    minimum: int = 2,
    maximum: int = 60,
    step: int = 2,
    **rules: int,
) -> tuple[CapacityEstimate, list[int]]:
    """The estimate, and the loads in the order in which they were tried."""
    search = CapacitySearch(minimum, maximum, step, **rules)  # type: ignore[arg-type]
    loads: list[int] = []
    while (load := search.next_load()) is not None:
        loads.append(load)
        search.record(load, measure(load))
    return search.estimate(), loads


def holds(capacity: int) -> Callable[[int], str]:
    """A server that passes up to its capacity and fails above, always."""
    return lambda load: "pass" if load <= capacity else "fail"


def carries(limit: int, capacity: int) -> Callable[[int], str]:
    """The same, but the generator can carry loads only up to a limit."""
    return lambda load: "invalid" if load > limit else holds(capacity)(load)


def test_the_steps_in_the_docstring() -> None:
    outcome = doctest.testmod(capacity_search)
    assert outcome.attempted > 0
    assert outcome.failed == 0


# ---------------------------------------------------------------- servers with an edge


def test_a_server_that_holds_eighteen() -> None:
    estimate, loads = searched(holds(18))

    assert loads == [2, 4, 8, 16, 32, 24, 20, 18, 20, 18, 18]
    assert (estimate.state, estimate.probes, estimate.breaking) == ("converged", 18, 20)


@given(capacity=st.integers(2, 59))
def test_any_edge_is_found_and_paid_for_with_few_trials(capacity: int) -> None:
    estimate, loads = searched(holds(capacity))

    assert estimate.state == "converged"
    assert estimate.probes == capacity // 2 * 2
    assert estimate.breaking == capacity // 2 * 2 + 2
    assert len(loads) <= 14
    low, high = estimate.interval
    assert low is None or low <= estimate.probes
    assert high is None or high >= estimate.probes
    assert estimate.recommended == low


@given(capacity=st.integers(2, 200), step=st.integers(1, 7))
def test_no_load_is_more_than_twice_what_passed(capacity: int, step: int) -> None:
    _, loads = searched(holds(capacity), minimum=7, maximum=150, step=step)

    for at, load in enumerate(loads):
        passed = [other for other in loads[:at] if other <= capacity]
        assert load <= max(2 * max(passed, default=7), max(passed, default=7) + step)


def test_the_largest_load_allowed_must_pass_three_times() -> None:
    estimate, loads = searched(holds(1000), maximum=12)

    assert loads == [2, 4, 8, 12, 12, 12]
    assert (estimate.state, estimate.probes, estimate.breaking) == ("ceiling_passed", 12, None)
    assert estimate.interval[1] is None


def test_a_server_that_holds_nothing() -> None:
    estimate, loads = searched(holds(0))

    assert loads == [2, 2]
    assert (estimate.state, estimate.probes, estimate.breaking) == ("floor_failed", None, 2)
    assert estimate.interval[0] is estimate.recommended is None


def test_one_load_only() -> None:
    assert searched(holds(9), minimum=4, maximum=4)[0].state == "ceiling_passed"
    assert searched(holds(2), minimum=4, maximum=4)[0].state == "floor_failed"


# ---------------------------------------------------------------- luck


def scripted(*told: tuple[int, str]) -> CapacitySearch:
    """A search that asked for each of these loads and was told this."""
    search = CapacitySearch(2, 60, 2)
    for load, outcome in told:
        assert search.next_load() == load
        search.record(load, outcome)
    return search


TO_THE_EDGE = ((2, "pass"), (4, "pass"), (8, "fail"), (6, "pass"))


def test_a_fail_that_was_bad_luck_is_overruled_by_three_passes() -> None:
    search = scripted(*TO_THE_EDGE, (8, "pass"), (8, "pass"), (8, "pass"))

    assert search.next_load() == 16
    assert search.estimate().probes == 8


def test_a_pass_that_was_good_luck_is_overruled_by_two_fails() -> None:
    search = scripted(*TO_THE_EDGE, (8, "fail"), (6, "fail"), (6, "fail"), (4, "pass"), (4, "pass"))

    assert search.next_load() is None
    estimate = search.estimate()
    assert (estimate.state, estimate.probes, estimate.breaking) == ("converged", 4, 6)


def test_a_load_in_doubt_is_settled_before_any_other() -> None:
    search = scripted(*TO_THE_EDGE, (8, "fail"), (6, "pass"), (6, "fail"), (6, "pass"))
    assert search.estimate().probes == 6


def logistic(half: float, width: float, seed: int) -> Callable[[int], str]:
    """A server whose holds pass less often the nearer the load comes to its limit."""
    rng = random.Random(seed)
    return lambda load: (
        "pass" if rng.random() < 1 / (1 + math.exp((load - half) / width)) else "fail"
    )


def test_on_a_server_with_moods_answer_and_interval_are_near_the_truth() -> None:
    half, width = 30.0, 1.5
    truth = half - width * math.log(0.9 / 0.1)
    estimates = [searched(logistic(half, width, seed), max_trials=40)[0] for seed in range(40)]

    assert {estimate.state for estimate in estimates} == {"converged"}
    near = [e for e in estimates if e.probes is not None and abs(e.probes - truth) <= 4]
    assert len(near) >= 34
    covering = [
        e
        for e in estimates
        if (e.interval[0] or 0) <= truth and (e.interval[1] is None or truth <= e.interval[1])
    ]
    assert len(covering) >= 34


# ---------------------------------------------------------------- invalid trials


def test_an_invalid_trial_is_repeated_and_moves_no_bound() -> None:
    search = scripted((2, "pass"), (4, "invalid"), (4, "invalid"), (4, "pass"), (8, "fail"))

    assert search.next_load() == 6
    assert search.estimate().trials_used == 5


def test_a_generator_that_runs_out_gives_a_lower_bound() -> None:
    estimate, loads = searched(carries(limit=10, capacity=100), max_trials=40)

    assert loads[:7] == [2, 4, 8, 16, 16, 16, 12]
    assert (estimate.state, estimate.probes, estimate.breaking) == ("generator_ran_out", 10, None)
    assert estimate.interval[1] is None


def test_a_generator_that_carries_nothing() -> None:
    estimate, loads = searched(carries(limit=0, capacity=100))

    assert loads == [2, 2, 2]
    assert (estimate.state, estimate.probes) == ("generator_ran_out", None)
    assert estimate.interval == (None, None)


def test_a_server_that_breaks_below_the_generators_limit_is_told_apart() -> None:
    estimate, _ = searched(carries(limit=14, capacity=9), max_trials=40)
    assert (estimate.state, estimate.probes) == ("converged", 8)


def test_how_often_an_invalid_trial_is_repeated_is_a_setting() -> None:
    assert searched(carries(limit=0, capacity=9), invalid_retries=0)[1] == [2]


# ---------------------------------------------------------------- other ends


def test_out_of_trials_says_what_is_known() -> None:
    estimate, loads = searched(holds(18), max_trials=5)

    assert len(loads) == 5
    assert (estimate.state, estimate.probes, estimate.trials_used) == ("out_of_trials", 16, 5)


def test_out_of_trials_at_the_generators_limit_is_the_generators() -> None:
    estimate, _ = searched(carries(limit=2, capacity=9), max_trials=4, invalid_retries=2)
    assert (estimate.state, estimate.probes) == ("generator_ran_out", 2)


def test_a_server_that_dies_twice_in_a_row_ends_the_search() -> None:
    search = CapacitySearch(2, 60, 2)
    search.record(2, "pass")
    search.record(4, "fail", server_died=True)
    assert search.next_load() is not None
    search.record(2, "fail", server_died=True)

    assert search.next_load() is None
    assert search.estimate().state == "server_lost"


def test_a_search_told_the_same_trials_is_in_the_same_state() -> None:
    first = scripted(*TO_THE_EDGE)
    again = CapacitySearch(2, 60, 2)
    for trial in first.trials:
        again.record(trial.load, trial.outcome)

    assert again.estimate() == first.estimate()
    assert again.next_load() == first.next_load()


def test_trials_that_were_not_asked_for_count_as_well() -> None:
    search = CapacitySearch(4, 60, 4)
    search.record(2, "pass")  # a baseline below the smallest load
    assert search.next_load() == 4
    for _ in range(2):
        search.record(4, "pass")  # baselines
    assert search.next_load() == 8
    search.record(8, "fail")
    search.record(8, "fail")
    assert search.next_load() == 4
    search.record(4, "pass")
    assert search.next_load() is None


def test_before_any_trial_nothing_is_known() -> None:
    estimate = CapacitySearch(2, 60, 2).estimate()

    assert (estimate.state, estimate.probes, estimate.interval) == ("searching", None, (None, None))


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="no load from 8 to 4"):
        CapacitySearch(8, 4, 2)
    with pytest.raises(ValueError, match="'perhaps' is not a valid Outcome"):
        CapacitySearch(2, 60, 2).record(2, "perhaps")
