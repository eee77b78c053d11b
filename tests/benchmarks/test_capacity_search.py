"""The benchmark of searches gives the same figures for the same seed, and knows the truth."""

from __future__ import annotations

import random

import pytest

from benchmarks.capacity_search import SEARCHES, SearchAnswer, answers, figures
from benchmarks.simulated_servers import FAMILIES, SimulatedServer, simulated_servers


def test_the_truth_is_where_holds_pass_as_often_as_asked() -> None:
    for server in simulated_servers(40, 3):
        truth = server.capacity()
        assert server.pass_ratio(truth * 0.999) >= 0.9 > server.pass_ratio(truth * 1.001)


def test_a_server_passes_as_often_as_it_says() -> None:
    server = SimulatedServer("logistic", 2, 60, 2, half=30.0, scale=1.5, background=0.01)
    rng = random.Random(1)
    passed = sum(server.hold(28, 0, rng)[0] for _ in range(2000))
    assert passed / 2000 == pytest.approx(server.pass_ratio(28), abs=0.03)


def test_the_set_holds_all_families_and_drifting_ones_change() -> None:
    servers = simulated_servers(50, 3)
    assert {server.family for server in servers} == set(FAMILIES)
    for server in servers:
        moved = server.capacity(15) != pytest.approx(server.capacity(0))
        assert moved == (server.drift != "none")


@pytest.mark.parametrize("name", SEARCHES)
def test_each_search_ends_and_is_scored(name: str) -> None:
    servers = simulated_servers(10, 3)
    found = answers(SEARCHES[name], servers, 1)
    assert found == answers(SEARCHES[name], servers, 1)
    scored = figures(found)
    assert 0 <= scored["within"] <= 1
    assert scored["median_trials"] <= scored["p90_trials"]
    assert ("converged_right" in scored) == (name == "ours")


def test_only_answers_that_are_said_to_be_sure_are_counted_as_such() -> None:
    server = SimulatedServer("step", 2, 60, 2, half=30.0, scale=0.0, background=0.0)
    right = SearchAnswer(server, 30, (28, 32), 9, "converged")
    wrong = SearchAnswer(server, 40, (28, 32), 9, "converged")
    unsure = SearchAnswer(server, 40, (28, 32), 20, "out_of_trials")
    assert figures([right, wrong, unsure])["converged_right"] == 0.5
