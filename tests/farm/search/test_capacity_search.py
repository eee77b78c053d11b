"""The search on simulated servers whose capacity is known, and step by step by hand."""

import doctest
import random
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.simulated_servers import SimulatedServer, simulated_servers
from farm.search import capacity_search
from farm.search.capacity_estimate import CapacityEstimate
from farm.search.capacity_search import CapacitySearch


def searched(
    measure: Callable[[int], str],
    *,
    minimum: int = 2,
    maximum: int = 60,
    step: int = 2,
    **rules: Any,
) -> tuple[CapacityEstimate, list[int]]:
    """The estimate, and the loads in the order in which they were tried."""
    search = CapacitySearch(minimum, maximum, step, **rules)
    loads: list[int] = []
    while (load := search.next_load()) is not None:
        loads.append(load)
        search.record(load, measure(load))
    return search.estimate(), loads


def holds(capacity: float) -> Callable[[int], str]:
    """A server that passes up to its capacity and fails above, always."""
    return lambda load: "pass" if load <= capacity else "fail"


def carries(limit: int, capacity: int) -> Callable[[int], str]:
    """The same, but the generator can carry loads only up to a limit."""
    return lambda load: "invalid" if load > limit else holds(capacity)(load)


def lucky(server: SimulatedServer, seed: int) -> tuple[CapacityEstimate, int]:
    """What a search says of a simulated server with this luck, and after how many trials."""
    rng, trials = random.Random(seed), 0
    search = CapacitySearch(server.minimum, server.maximum, server.step)
    while (load := search.next_load()) is not None:
        passed, failed, units = server.hold(load, trials, rng)
        trials += 1
        search.record(load, "pass" if passed else "fail", units_failed=failed, units_total=units)
    return search.estimate(), trials


def scripted(*told: tuple[int, str], **rules: Any) -> CapacitySearch:
    """A search that was told these trials, whether it asked for them or not."""
    search = CapacitySearch(2, 60, 2, **rules)
    for load, outcome in told:
        search.record(load, outcome)
    return search


def test_the_steps_in_the_docstring() -> None:
    outcome = doctest.testmod(capacity_search)
    assert outcome.attempted > 0
    assert outcome.failed == 0


# ---------------------------------------------------------------- servers with an edge


def test_a_server_that_holds_eighteen() -> None:
    estimate, loads = searched(holds(18))

    assert loads[:5] == [2, 4, 8, 16, 32]
    assert len(loads) <= 14
    assert estimate.state == "converged"
    assert estimate.probes in (16, 18, 20)
    assert estimate.breaking is not None
    assert 18 < estimate.breaking <= 24


@settings(deadline=None, max_examples=25)
@given(capacity=st.integers(2, 59))
def test_any_edge_is_found_and_paid_for_with_few_trials(capacity: int) -> None:
    estimate, loads = searched(holds(capacity))

    assert estimate.probes is not None
    assert abs(estimate.probes - capacity) <= max(2, 0.1 * capacity) + 1
    assert len(loads) <= 15
    low, high = estimate.interval
    assert low is None or low <= capacity
    assert high is None or high >= capacity // 2 * 2
    assert estimate.recommended == low


@settings(deadline=None, max_examples=25)
@given(capacity=st.integers(7, 200), step=st.integers(1, 7))
def test_no_load_is_more_than_twice_what_passed(capacity: int, step: int) -> None:
    _, loads = searched(holds(capacity), minimum=7, maximum=150, step=step)

    for at, load in enumerate(loads):
        highest = max((other for other in loads[:at] if other <= capacity), default=7)
        assert load <= max(2 * highest, highest + step)


def test_the_largest_load_allowed_must_pass_three_times() -> None:
    estimate, loads = searched(holds(1000), maximum=12)

    assert loads == [2, 4, 8, 12, 12, 12]
    assert (estimate.state, estimate.probes, estimate.breaking) == ("ceiling_passed", 12, None)
    assert estimate.interval[1] is None


def test_a_server_that_holds_nothing() -> None:
    estimate, loads = searched(holds(0))

    assert set(loads) == {2}
    assert 2 <= len(loads) <= 4
    assert (estimate.state, estimate.probes, estimate.breaking) == ("floor_failed", None, 2)
    assert estimate.interval[0] is estimate.recommended is None


def test_one_load_only() -> None:
    assert searched(holds(9), minimum=4, maximum=4)[0].state == "ceiling_passed"
    assert searched(holds(2), minimum=4, maximum=4)[0].state == "floor_failed"


# ---------------------------------------------------------------- luck


def test_one_fail_of_the_smallest_load_may_be_bad_luck() -> None:
    search = scripted((2, "fail"))
    assert search.next_load() == 2
    search.record(2, "pass")
    assert search.estimate().state == "searching"
    assert search.next_load() in (2, 4)


def test_a_background_failure_on_the_way_up_is_overruled() -> None:
    unlucky = iter(["pass", "pass", "fail"])
    estimate, loads = searched(lambda load: next(unlucky, holds(40)(load)))

    assert loads[:3] == [2, 4, 8]
    assert estimate.probes is not None
    assert estimate.probes >= 36


def test_one_pass_above_the_edge_is_good_luck() -> None:
    search = scripted(
        *[(load, "pass") for load in (2, 4, 8, 16, 16, 16, 20)],
        *[(20, "fail"), (20, "fail"), (18, "fail"), (32, "fail")],
    )
    assert search.estimate().probes in (14, 16)


def test_more_trials_narrow_the_interval_and_the_prior_matters_less() -> None:
    few = scripted((2, "pass"), (4, "pass"), (8, "pass"), (16, "pass"), (32, "fail")).estimate()
    many = scripted(
        *[(load, "pass") for load in (2, 4, 8, 16)],
        *[(32, "fail"), (24, "fail")],
        *[(20, "pass"), (22, "fail"), (20, "pass")] * 4,
    ).estimate()

    def span(interval: tuple[int | None, int | None]) -> int:
        low, high = interval
        assert low is not None
        assert high is not None
        return high - low

    assert span(many.interval) < span(few.interval)
    assert span(many.if_slow) < span(few.if_slow)


def test_servers_with_moods_are_answered_right_and_the_intervals_hold() -> None:
    servers = [each for each in simulated_servers(150, 4) if each.narrow]
    assert len(servers) > 30
    right = held = 0
    used = []
    for seed, server in enumerate(servers):
        estimate, trials = lucky(server, seed)
        truth, said = server.capacity(), estimate.probes or 0
        right += abs(said - truth) <= max(server.step, 0.1 * truth)
        low, high = estimate.interval
        held += (low or 0) <= truth and (high is None or truth <= high)
        used.append(trials)

    assert right >= 0.96 * len(servers)
    assert held >= 0.9 * len(servers)
    assert sorted(used)[len(used) // 2] <= 13
    assert sorted(used)[int(0.9 * len(used))] <= 18


def test_no_trials_are_spent_on_what_only_a_slow_server_might_do() -> None:
    """They could not show it; the interval has it, and reaches lower than a sharp edge's."""
    estimate, loads = searched(holds(77), maximum=200)

    assert len(loads) <= 12
    assert estimate.state == "converged"
    assert estimate.probes is not None
    assert abs(estimate.probes - 77) <= 7
    low, sharp_low = estimate.interval[0], estimate.if_sharp[0]
    assert low is not None
    assert sharp_low is not None
    assert low < sharp_low


def test_one_pass_and_one_fail_beside_each_other_are_not_enough() -> None:
    search = scripted((2, "pass"), (4, "pass"), (8, "fail"), (6, "pass"), (12, "fail"))
    assert search.next_load() in (6, 8)


def test_a_range_of_two_thousand_is_no_burden() -> None:
    began_s = time.process_time()
    estimate, _ = searched(holds(1234), minimum=1, maximum=2000, step=1)

    assert estimate.probes is not None
    assert abs(estimate.probes - 1234) <= 123
    assert time.process_time() - began_s < 5


# ---------------------------------------------------------------- more than pass or fail


def test_all_units_lost_lie_farther_above_the_capacity_than_one() -> None:
    def expected(failed: int) -> float:
        search = CapacitySearch(2, 200, 2)
        for load in (2, 4, 8, 16, 32, 64):
            search.record(load, "pass", units_failed=0, units_total=load // 2)
        search.record(100, "fail", units_failed=failed, units_total=50)
        search.record(100, "fail", units_failed=failed, units_total=50)
        capacities, likely = search.capacities()
        return float((capacities * likely).sum())

    assert expected(1) > expected(25) > expected(50)


def test_where_the_number_of_bad_units_foretells_nothing_it_is_believed_less() -> None:
    """A server on which all fail or none, at one and the same load."""
    search = CapacitySearch(2, 200, 2)
    for outcome in ("pass", "fail") * 4:
        failed = 20 if outcome == "fail" else 0
        search.record(40, outcome, units_failed=failed, units_total=20)
    low, high = search.estimate().interval
    assert (low or 0) < 40
    assert high is not None
    assert high > 30


def test_a_calm_server_is_climbed_faster() -> None:
    def climbed(cpu: Callable[[int], float | None]) -> list[int]:
        search = CapacitySearch(2, 400, 2)
        loads = []
        while len(loads) < 8 and (load := search.next_load()) is not None:
            loads.append(load)
            search.record(load, "pass", utilisation=cpu(load))
        return loads

    assert climbed(lambda _: None)[:4] == [2, 4, 8, 16]
    jumped = climbed(lambda load: 0.02 + 0.001 * load)
    assert jumped[2] == 8  # it hardly rose so far: that says nothing
    assert max(jumped[:6]) > 128
    steep = climbed(lambda load: 0.02 + 0.0105 * load)
    assert steep[:3] == [2, 4, 36]  # where it reaches 40 %
    assert steep[3] == 72  # and from there on twice as much at most
    crooked = climbed(lambda load: {2: 0.02, 4: 0.3}.get(load, 0.31))
    assert crooked[:4] == [2, 4, 8, 16]


# ---------------------------------------------------------------- drift


def test_trials_that_contradict_each_other_are_drift() -> None:
    """It held forty, thrice, and then not even twenty."""
    search = scripted(
        *[(load, "pass") for load in (2, 4, 8, 16, 32, 40, 40, 40)],
        *[(40, "fail"), (32, "fail"), (24, "fail"), (20, "fail"), (20, "fail")],
    )
    assert search.next_load() is None
    assert search.estimate().state == "drift"


def test_a_server_that_loses_half_of_its_capacity_is_seldom_trusted() -> None:
    sure = 0
    for seed in range(12):
        server = SimulatedServer(
            "drifting", 2, 200, 2, 100.0, 1.0, 0.0, drift="jump", change=-0.5, jumps_at=9
        )
        estimate, trials = lucky(server, seed)
        truth = server.capacity(trials - 1)
        low, high = estimate.interval
        held = (low or 0) <= truth and (high is None or truth <= high)
        sure += estimate.state != "drift" and not held
    assert sure <= 2


def test_a_steady_server_does_not_drift() -> None:
    for capacity in (7, 18, 33, 59):
        assert searched(holds(capacity))[0].state != "drift"


# ---------------------------------------------------------------- invalid trials


def test_an_invalid_trial_is_repeated_and_moves_no_bound() -> None:
    search = scripted((2, "pass"), (4, "pass"))
    assert search.next_load() == 8
    before = search.estimate().interval
    search.record(8, "invalid")
    assert search.next_load() == 8
    assert search.estimate().interval == before
    search.record(8, "pass")
    assert search.next_load() == 16
    assert search.estimate().trials_used == 4


def test_a_generator_that_runs_out_gives_a_lower_bound() -> None:
    estimate, loads = searched(carries(limit=10, capacity=100), max_trials=40)

    assert loads[:7] == [2, 4, 8, 16, 16, 16, 12]
    assert (estimate.state, estimate.probes, estimate.breaking) == ("generator_ran_out", 10, None)
    assert estimate.interval[1] is None


def test_a_bound_of_the_generator_is_learnt_and_the_climb_goes_on_below_it() -> None:
    """A calm CPU sends the search far beyond what the generator carries."""
    search, loads = CapacitySearch(2, 400, 2, max_trials=40), []
    while (load := search.next_load()) is not None:
        loads.append(load)
        outcome = carries(limit=60, capacity=50)(load)
        cpu = None if outcome == "invalid" else 0.02 + 0.002 * load
        search.record(load, outcome, utilisation=cpu)

    assert loads[4:8] == [190, 190, 190, 56]
    assert len(loads) <= 15
    estimate = search.estimate()
    assert (estimate.state, estimate.probes) == ("converged", 48)


@pytest.mark.parametrize("cpu_a_load", [None, 0.002])
@pytest.mark.parametrize("bound", [9, 30, 60, 79, 200])
@pytest.mark.parametrize("capacity", [14, 50, 66, 222])
def test_a_generators_bound_costs_few_trials(
    capacity: int, bound: int, cpu_a_load: float | None
) -> None:
    def tried(limit: int) -> tuple[CapacityEstimate, list[int]]:
        search, loads = CapacitySearch(2, 400, 2, max_trials=60), []
        while (load := search.next_load()) is not None:
            loads.append(load)
            outcome = carries(limit, capacity)(load)
            known = cpu_a_load is not None and outcome != "invalid"
            cpu = 0.02 + (cpu_a_load or 0.0) * load if known else None
            search.record(load, outcome, utilisation=cpu)
        return search.estimate(), loads

    estimate, loads = tried(bound)
    _, free = tried(400)

    assert len(loads) <= len(free) + 5
    beyond = [load for load in loads if load > bound]
    assert beyond == sorted(beyond, reverse=True), "beyond a bound nothing is tried"
    assert sum(beyond.count(load) > 1 for load in set(beyond)) <= 3
    expected = min(bound, capacity)
    assert estimate.probes is not None
    assert 0.9 * expected - 2 <= estimate.probes <= 1.1 * expected + 2


def test_just_below_a_bound_an_invalid_trial_is_not_repeated() -> None:
    search = scripted((2, "pass"), (32, "pass"), *[(60, "invalid")] * 3)
    assert search.next_load() == 44  # halfway
    search.record(44, "invalid")
    assert search.next_load() == 38
    search.record(38, "pass")
    assert search.next_load() == 42
    search.record(42, "invalid")
    assert search.next_load() == 40
    search.record(40, "pass")
    assert search.next_load() == 40  # a tenth is near enough


def test_far_below_a_bound_it_is_repeated() -> None:
    search = scripted((2, "pass"), (4, "pass"), *[(60, "invalid")] * 3)
    assert search.next_load() == 8
    search.record(8, "invalid")
    assert search.next_load() == 8


def test_a_generator_that_carries_nothing() -> None:
    estimate, loads = searched(carries(limit=0, capacity=100))

    assert loads == [2, 2, 2]
    assert (estimate.state, estimate.probes) == ("generator_ran_out", None)
    assert estimate.interval == (None, None)


def test_a_server_that_breaks_below_the_generators_limit_is_told_apart() -> None:
    estimate, _ = searched(carries(limit=24, capacity=9), max_trials=40)
    assert (estimate.state, estimate.probes) == ("converged", 8)


def test_what_the_generator_carried_once_is_never_too_much_for_it() -> None:
    """8 passed, so invalid trials at 8 and below say that the generator had a bad time."""
    search = scripted((2, "pass"), (4, "pass"), (8, "pass"), (16, "fail"), (12, "fail"))
    known = search.estimate()
    for load in (8, 8, 8, 2, 2, 2):
        search.record(load, "invalid")
    now = search.estimate()
    assert (now.probes, now.interval) == (known.probes, known.interval)
    assert now.state != "generator_ran_out"
    assert search.next_load() not in (2, 8, None)  # tried in vain: others come first


def test_a_load_that_failed_was_carried_too() -> None:
    search = scripted((2, "pass"), (8, "pass"), (16, "fail"), (12, "fail"))
    for _ in range(3):
        search.record(10, "invalid")
    assert search.estimate().state == "searching"
    assert search.next_load() not in (10, None)


def test_a_generator_that_fails_for_good_ends_the_search_with_what_is_known() -> None:
    search, loads = CapacitySearch(4, 8, 4), []
    while (load := search.next_load()) is not None:
        search.record(load, "pass" if len(loads) < 2 else "invalid")
        loads.append(load)
    assert loads == [4, 8, 8, 8, 8, 4, 4, 4]
    estimate = search.estimate()
    assert (estimate.state, estimate.probes) == ("generator_ran_out", 8)


def test_an_invalid_look_is_not_repeated_and_bounds_nothing() -> None:
    search = scripted((2, "pass"), (2, "pass"), (4, "pass"))
    wanted = search.next_load()
    for _ in range(4):
        search.record(2, "invalid", drift_check=True)
    assert search.next_load() == wanted
    search.record(8, "invalid")
    search.record(2, "pass", drift_check=True)
    assert search.next_load() == 8  # a drift check in between is no answer to it


def test_how_often_an_invalid_trial_is_repeated_is_a_setting() -> None:
    assert searched(carries(limit=0, capacity=9), invalid_retries=0)[1] == [2]


# ---------------------------------------------------------------- lists and ramps


def test_a_list_of_loads_is_kept_to() -> None:
    chosen = (2, 10, 16, 18, 20)
    estimate, loads = searched(holds(17), loads=chosen)

    assert set(loads) <= set(chosen)
    assert loads[0] == 2
    assert estimate.probes in (16, 18)
    assert {*estimate.interval, estimate.breaking} <= {*chosen, None}


def test_a_ramp_tries_each_load_until_one_fails() -> None:
    estimate, loads = searched(holds(9), ramp=True)
    assert loads == [2, 4, 6, 8, 10]
    assert (estimate.state, estimate.probes) == ("converged", 8)

    assert searched(holds(99), maximum=6, ramp=True)[0].state == "ceiling_passed"
    assert searched(holds(0), ramp=True)[0].state == "floor_failed"
    unsure = iter(["pass", "invalid"])
    _, loads = searched(lambda load: next(unsure, holds(4)(load)), ramp=True)
    assert loads == [2, 4, 4, 6]


# ---------------------------------------------------------------- other ends


def test_out_of_trials_says_what_is_known() -> None:
    estimate, loads = searched(holds(18), max_trials=5)

    assert len(loads) == 5
    assert (estimate.state, estimate.trials_used) == ("out_of_trials", 5)
    assert estimate.probes is not None
    assert 16 <= estimate.probes <= 24


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


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 1000))
def test_a_search_told_the_same_trials_is_in_the_same_state(seed: int) -> None:
    server, rng = simulated_servers(20, seed)[seed % 20], random.Random(seed)
    first = CapacitySearch(server.minimum, server.maximum, server.step)
    while (load := first.next_load()) is not None:
        again = CapacitySearch(server.minimum, server.maximum, server.step)
        for trial in first.trials:
            again.record(
                trial.load,
                trial.outcome,
                units_failed=trial.units_failed,
                units_total=trial.units_total,
            )
        assert again.next_load() == load
        assert again.estimate() == first.estimate()
        passed, failed, units = server.hold(load, len(first.trials), rng)
        first.record(load, "pass" if passed else "fail", units_failed=failed, units_total=units)


def test_trials_that_were_not_asked_for_count_as_well() -> None:
    search = CapacitySearch(4, 60, 4)
    search.record(2, "pass")  # a baseline below the smallest load
    assert search.next_load() == 4
    for _ in range(2):
        search.record(4, "pass")  # baselines
    assert search.next_load() == 8
    search.record(8, "fail")
    assert search.next_load() in (4, 8)


def test_before_any_trial_nothing_is_known() -> None:
    estimate = CapacitySearch(2, 60, 2).estimate()

    assert (estimate.state, estimate.probes, estimate.interval) == ("searching", None, (None, None))


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="no load from 8 to 4"):
        CapacitySearch(8, 4, 2)
    with pytest.raises(ValueError, match="'perhaps' is not a valid Outcome"):
        CapacitySearch(2, 60, 2).record(2, "perhaps")


# ---------------------------------------------------------------- a driver that does not work


def test_trials_that_failed_by_the_driver_alone_give_no_figure() -> None:
    search = CapacitySearch(2, 60, 2)
    while (load := search.next_load()) is not None:
        search.record(load, "fail", by_driver=True)
    estimate = search.estimate()
    assert estimate.state == "driver_failed"
    assert (estimate.probes, estimate.interval, estimate.breaking) == (None, (None, None), None)
    assert estimate.recommended is None


def test_a_driver_that_failed_until_the_trials_ran_out_gives_no_figure() -> None:
    search = CapacitySearch(2, 60, 2, max_trials=1)
    search.record(2, "fail", by_driver=True)
    assert search.next_load() is None
    assert search.estimate().state == "driver_failed"


@pytest.mark.parametrize("by_driver", [(True, False), (False, True), (False, True, True)])
def test_one_trial_that_failed_by_the_server_among_those_of_the_driver_gives_no_figure(
    by_driver: Sequence[bool],
) -> None:
    search = CapacitySearch(2, 60, 2)
    for each in by_driver:
        search.record(2, "fail", by_driver=each)
    assert search.next_load() is None
    estimate = search.estimate()
    assert estimate.state == "driver_failed"
    assert (estimate.interval, estimate.breaking) == ((None, None), None)


@pytest.mark.parametrize("invalid", [0, 3])
def test_one_trial_of_the_server_gives_no_figure_either_where_a_search_ends_before_it_is_certain(
    invalid: int,
) -> None:
    search = CapacitySearch(2, 60, 2, reliability=0.8, confidence=0.99, max_trials=2 + invalid)
    for by_driver in (True, False):
        search.record(2, "fail", by_driver=by_driver)
    for _ in range(invalid):
        search.record(search.next_load() or 0, "invalid")
    assert search.next_load() is None
    estimate = search.estimate()
    assert estimate.state == ("generator_ran_out" if invalid else "driver_failed")
    assert (estimate.interval, estimate.breaking) == ((None, None), None)


def test_two_trials_that_failed_by_the_server_are_enough_among_those_of_the_driver() -> None:
    search = CapacitySearch(2, 60, 2)
    for by_driver in (False, True, False):
        search.record(2, "fail", by_driver=by_driver)
    assert search.next_load() is None
    assert (search.estimate().state, search.estimate().breaking) == ("floor_failed", 2)


def test_the_one_trial_in_which_a_ramp_fails_at_once_is_the_server_s() -> None:
    search = CapacitySearch(2, 60, 2, ramp=True)
    search.record(2, "fail")
    assert search.next_load() is None
    assert search.estimate().state == "floor_failed"
