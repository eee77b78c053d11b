"""The experiment by which a driver is checked: its hold, its server, its sessions."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from farm.bench.preflight import driver
from farm.cli.checked_experiment import add_scenario_options, checked_experiment, checked_load
from farm.errors import BadInput
from farm.experiment_file import load_experiment
from farm.model.experiment import Experiment

EXAMPLES = Path(__file__).parents[3] / "examples"
CALL = """\
format: 1
roles:
  callee: {{join: [{steps}], after_join: {hold}}}
  caller: {{join: [{steps}], after: callee}}
"""


def checked(*words: str) -> tuple[Experiment, int]:
    verb = argparse.ArgumentParser()
    verb.add_argument("driver")
    add_scenario_options(verb)
    options = verb.parse_args(words)
    experiment = checked_experiment(options)
    return experiment, checked_load(options, experiment)


def call(folder: Path, hold: str = "[]", steps: str = "goto: '{app_url}'") -> str:
    path = folder / "mine.yaml"
    path.write_text(CALL.format(hold=hold, steps=steps))
    return str(path)


@pytest.mark.parametrize(
    ("hold", "lasts_s"),
    [
        ("[]", 10.0),
        ("[{at: 2s, steps: [{click: a}]}]", 10.0),
        ("[{every: 30s, steps: [{click: a}]}, {at: 41s, steps: [{click: b}]}]", 46.0),
    ],
)
def test_all_steps_of_the_hold_are_within_it(tmp_path: Path, hold: str, lasts_s: float) -> None:
    experiment, _load = checked(call(tmp_path, hold), "--url", "http://127.0.0.1:9/")
    assert experiment.trial.hold_s == lasts_s
    driver(experiment, Path())


def test_a_driver_may_name_what_data_and_command_of_the_experiment_give(tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text("user_name\nalice\nbob\n")
    path = tmp_path / "mine-experiment.yaml"
    app = "{url: 'http://127.0.0.1:9/', data: users.csv, exec: {command: cat, gives: [room]}}"
    path.write_text(f"app: {app}\n")
    steps = "{goto: '{app_url}?{room}'}, {fill: {'#a': '{user_name}'}}"
    experiment, _load = checked(call(tmp_path, steps=steps), "--experiment", str(path))
    driver(experiment, Path())


@pytest.mark.parametrize(
    ("example", "name"),
    [
        ("janus_broadcast", "demo_broadcast"),
        ("janus_group", "demo_group_forwarded"),
        ("janus_one_to_one", "demo_one_to_one"),
    ],
)
def test_experiments_with_a_janus(example: str, name: str) -> None:
    path = EXAMPLES / f"{example}.yaml"
    experiment, _load = checked(name, "--experiment", str(path))
    server = experiment.server
    assert server.janus == load_experiment(path).server.janus
    assert (server.kurento, server.janus_admin, server.ssh) == (None, None, None)
    driver(experiment, Path())


def test_a_janus_behind_another_page_is_not_the_farms(tmp_path: Path) -> None:
    path = str(EXAMPLES / "janus_one_to_one.yaml")
    words = (call(tmp_path), "--experiment", path, "--url", "http://127.0.0.1:9/")
    assert checked(*words)[0].server.janus is None


def test_several_broadcasts_at_once() -> None:
    words = ("demo_broadcast", "--url", "http://127.0.0.1:9/")
    assert checked(*words)[1] == 2
    experiment, load = checked(*words, "--sessions", "3")
    assert (experiment.scenario.sessions, load) == (3, 6)
    with pytest.raises(BadInput, match="--sessions: 0: expected 1 or more"):
        checked(*words, "--sessions", "0")


def test_roles_of_no_usual_scenario_need_an_experiment(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("format: 1\nroles: {host: {join: [goto: '{app_url}']}}\n")
    with pytest.raises(BadInput, match="or --experiment FILE with a custom scenario of them"):
        checked(str(path), "--url", "http://127.0.0.1:9/")
