"""What `farm demo` runs: it fits a machine of two cores."""

from __future__ import annotations

import pytest

from farm.cli.demo import LOADS, SEARCHED, demo_experiment, load_of
from farm.experiment_file import parse_experiment
from farm.model.experiment import ScenarioKind
from farm.planning.load_steps import check_load, ladder
from farm.planning.trial_planning import plan_trial
from farm.planning.witness_count import witness_count


@pytest.mark.parametrize("kind", LOADS)
def test_each_scenario_is_run_once_with_a_users_own_browsers(kind: ScenarioKind) -> None:
    experiment = parse_experiment(demo_experiment(kind), "farm demo")
    check_load(experiment.scenario, LOADS[kind], "load")
    assert experiment.probes.fidelity == "full"
    assert experiment.scenario.kind == kind


@pytest.mark.parametrize("kind", LOADS)
def test_a_janus_has_each_scenario_once_and_a_search_in_each(kind: ScenarioKind) -> None:
    once = parse_experiment(demo_experiment(kind, server="janus"), "farm demo")
    check_load(once.scenario, load_of(kind, "janus"), "load")
    assert (once.server.kurento, once.server.janus) == (None, "here")
    assert kind in SEARCHED["janus"]
    searched = parse_experiment(demo_experiment(kind, "light", server="janus"), "farm demo")
    assert searched.probes.fidelity == "light" and searched.scenario.mix is None
    assert ladder(searched).maximum >= 2 * ladder(searched).minimum


def test_its_search_has_rooms_of_two_light_probes_and_one_room_of_witnesses() -> None:
    experiment = parse_experiment(demo_experiment("group", "light"), "farm demo")
    rungs = ladder(experiment)
    assert (rungs.minimum, rungs.step) == (2, 2)
    assert witness_count(experiment, rungs.maximum) == 2
    plan = plan_trial(experiment, rungs.maximum, index=0, purpose="search", hosts=["here"])
    assert [probe.fidelity for probe in plan.sessions[0].probes] == ["full", "full"]
    assert {probe.fidelity for probe in plan.sessions[-1].probes} == {"light"}


def test_server_and_browsers_have_cores_of_their_own_where_there_are_two() -> None:
    experiment = parse_experiment(demo_experiment("group", "light", {2, 5}), "farm demo")
    assert experiment.server.cores == (5,)
    assert experiment.hosts[0].cores == (2,)
