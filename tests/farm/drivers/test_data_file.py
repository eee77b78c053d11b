"""Files of a user's own values, and which probe gets which row."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from farm.drivers import driver_of, parse_driver
from farm.drivers.data_file import read_data_file
from farm.errors import ExperimentError
from farm.experiment_file import load_experiment, parse_experiment
from farm.model.data_file import DataFacts
from farm.model.driver import Fill, Goto
from farm.model.experiment import Experiment, Scenario
from farm.planning.data_rows import rows_of_probes
from farm.planning.trial_planning import plan_trial


def written(folder: Path, text: str) -> Path:
    file = folder / "users.csv"
    file.write_text(text)
    return file


def test_a_file_is_read_and_its_values_are_not_in_its_facts(tmp_path: Path) -> None:
    text = 'user,password\nalice,"a,b ""c"""\n\n bob , hunter2\n'
    data = read_data_file(written(tmp_path, "\ufeff" + text))
    assert [(row.line, dict(row.values)) for row in data.rows] == [
        (2, {"user": "alice", "password": 'a,b "c"'}),
        (4, {"user": "bob ", "password": "hunter2"}),
    ]
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    assert data.facts() == DataFacts("users.csv", ("user", "password"), 2, sha256)
    assert "hunter2" not in repr(data)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", ":1: nothing in it: expected a line with the names of its columns"),
        ("user\n", ":1: a header and no rows"),
        ("user,Hunter2\na,b\n", ":1: column 2: not a variable's name: expected a header of names"),
        ("user;word\na;b\n", ":1: column 1: not a variable's name: .* with commas between them"),
        ("user,probe\na,b\n", ":1: probe: a variable of the farm's own: expected another name"),
        ("user,turn\na,b\n", ":1: turn: a variable of the farm's own: expected another name"),
        ("user,user\na,b\n", ":1: column 2: user: it occurs twice"),
        ("user,word\na,b\nhunter2\n", ":3: 1 cell: expected 2, as in the header"),
        ('user,word\na,"hunter2\n', ":[23]: not CSV: "),
        ("user,role\nhunter2,\n", ":2: role: nothing: expected one in each row"),
    ],
)
def test_what_is_wrong_is_said_with_its_line_and_no_value(
    tmp_path: Path, text: str, complaint: str
) -> None:
    file = written(tmp_path, text)
    with pytest.raises(ExperimentError, match=f"^app.data: {file}{complaint}") as caught:
        read_data_file(file)
    assert "unter2" not in str(caught.value)


def given(file: Path, experiment: Experiment, load: int) -> dict[str, str]:
    plan = plan_trial(experiment, load, index=0, purpose="single", hosts=("here",))
    rows = rows_of_probes(read_data_file(file), plan)
    return {probe: row.values["user"] for probe, row in rows.items()}


CALLS = Experiment(scenario=Scenario(kind="one_to_one"))
BROADCAST = Experiment(scenario=Scenario(kind="broadcast"))


def test_each_probe_has_its_row_in_every_trial(tmp_path: Path) -> None:
    file = written(tmp_path, "user\nann\nbob\ncid\ndee\neve\n")
    assert given(file, CALLS, 2) == {"p000": "ann", "p001": "bob"}
    assert given(file, CALLS, 4) == {"p000": "ann", "p001": "bob", "p002": "cid", "p003": "dee"}
    with pytest.raises(ExperimentError, match="5 rows: a load of 6 needs 6, one for each probe"):
        given(file, CALLS, 6)


def test_rows_of_a_role(tmp_path: Path) -> None:
    file = written(tmp_path, "user,role\nann,viewer\nbob,viewer\ncid,presenter\n")
    assert given(file, BROADCAST, 3) == {"p000": "cid", "p001": "ann", "p002": "bob"}
    with pytest.raises(ExperimentError, match="2 rows of role viewer: a load of 4 needs 3"):
        given(file, BROADCAST, 4)
    file = written(tmp_path, "user,role\nann,viewer\nbob,presentr\n")
    with pytest.raises(
        ExperimentError, match=r"users\.csv:3: role presentr: did you mean presenter"
    ):
        given(file, BROADCAST, 2)


def test_rows_of_a_session(tmp_path: Path) -> None:
    text = "user,session,role\nann,red,caller\nbob,blue,callee\ncid,red,callee\ndee,blue,caller\n"
    file = written(tmp_path, text)
    assert given(file, CALLS, 4) == {"p000": "cid", "p001": "ann", "p002": "bob", "p003": "dee"}
    with pytest.raises(ExperimentError, match="rows of 2 sessions: a load of 6 has 3"):
        given(file, CALLS, 6)
    file = written(tmp_path, "user,session\nann,red\n")
    with pytest.raises(ExperimentError, match=r"1 row: session red \(line 2\) needs 2, one for"):
        given(file, CALLS, 2)


DRIVER = """
format: 1
roles:
  callee:
    join:
      - goto: "{app_url}{room_name}"
      - fill: {"#user": "{user}", "#password": "env:APP_PASSWORD", "#key": "k-{env:APP_KEY}"}
"""


def test_a_driver_has_the_variables_of_the_file_and_of_the_environment(tmp_path: Path) -> None:
    driver = parse_driver(DRIVER, "d.yaml", tmp_path, ("user", "room_name"))
    assert driver.roles["callee"].join == (
        Goto("{app_url}{room_name}"),
        Fill("#user", "{user}"),
        Fill("#password", "{env:APP_PASSWORD}"),
        Fill("#key", "k-{env:APP_KEY}"),
    )
    assert driver.environment == {
        "APP_PASSWORD": "d.yaml:7: roles.callee.join[1].fill.#password",
        "APP_KEY": "d.yaml:7: roles.callee.join[1].fill.#key",
    }
    with pytest.raises(ExperimentError, match=r"no variable \{room_name\}; did you mean \{room"):
        parse_driver(DRIVER, "d.yaml", tmp_path, ("user", "room"))
    with pytest.raises(ExperimentError, match=r"^d\.yaml:6: .*: no variable \{room_name\}; known"):
        parse_driver(DRIVER, "d.yaml", tmp_path, ("user",))


def test_the_environment_in_the_selector_of_a_field(tmp_path: Path) -> None:
    text = """format: 1
roles:
  callee:
    join:
      - fill: {"[name='{env:FIELD}']": a}
      - set_files: {"#{env:INPUT}": d.yaml}
"""
    (tmp_path / "d.yaml").write_text(text)
    driver = parse_driver(text, "d.yaml", tmp_path)
    assert driver.environment == {
        "FIELD": "d.yaml:5: roles.callee.join[0].fill.[name='{env:FIELD}']",
        "INPUT": "d.yaml:6: roles.callee.join[1].set_files.#{env:INPUT}",
    }


def test_what_a_command_gives_has_no_name_of_a_repeat() -> None:
    text = "app: {url: http://h/, exec: {command: cat, gives: [partner]}}"
    with pytest.raises(ExperimentError, match=r"gives\[0\]: partner: a variable of the farm's own"):
        driver_of(parse_experiment(text, "calls.yaml"))


def test_an_experiments_driver_knows_the_columns_of_its_file(tmp_path: Path) -> None:
    written(tmp_path, "user,room_name\nann,blue\n")
    (tmp_path / "d.yaml").write_text(DRIVER)
    file = tmp_path / "calls.yaml"
    file.write_text("format: 1\napp: {url: http://h/, driver: ./d.yaml, data: users.csv}\n")
    experiment = load_experiment(file)
    assert experiment.app.data == tmp_path / "users.csv"
    assert set(driver_of(experiment).roles) == {"callee"}
    library = parse_experiment(file.read_text(), "calls.yaml")
    assert driver_of(library, tmp_path).roles == driver_of(experiment).roles
