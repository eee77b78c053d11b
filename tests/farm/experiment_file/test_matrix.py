"""One file to several experiments, and what is said of a wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.errors import ExperimentError
from farm.experiment_file import load_experiment
from farm.experiment_file.matrix import load_matrix
from farm.model.setting import Size


def written(folder: Path, text: str) -> Path:
    path = folder / "m.yaml"
    path.write_text(f"format: 1\n{text}\n")
    return path


def test_every_value_of_an_axis_meets_every_value_of_the_others(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        """media: {frame_rate: 15}
matrix:
  media.size: [320x240, 640x480]
  version:
    "7.2": {server: {kurento: "ws://10.0.0.1:8888/kurento", ssh: {to: me@10.0.0.1}}}
    "7.3": {server: {kurento: "ws://10.0.0.2:8888/kurento"}}""",
    )
    cells = load_matrix(file)
    assert [(cell.name, cell.experiment.server.kurento) for cell in cells] == [
        ("media.size 320x240, version 7.2", "ws://10.0.0.1:8888/kurento"),
        ("media.size 320x240, version 7.3", "ws://10.0.0.2:8888/kurento"),
        ("media.size 640x480, version 7.2", "ws://10.0.0.1:8888/kurento"),
        ("media.size 640x480, version 7.3", "ws://10.0.0.2:8888/kurento"),
    ]
    assert [cell.experiment.server.ssh is not None for cell in cells] == [True, False, True, False]
    assert cells[2].experiment.media.size == Size(640, 480)
    assert {cell.experiment.media.frame_rate for cell in cells} == {15}
    assert len({cell.folder for cell in cells}) == 4


def test_a_value_replaces_a_section_and_a_set_is_merged_into_it(tmp_path: Path) -> None:
    text = """scenario: {kind: group, members: 6}
matrix:
  what: {rooms: {scenario: {media: forwarded}, app: {url: "http://h/", driver: d.yaml}}}
  scenario.members: [3, 4]"""
    (tmp_path / "d.yaml").write_text("format: 1\nroles: {member: {join: [{goto: '{app_url}'}]}}\n")
    rooms = load_matrix(written(tmp_path, text))
    assert [cell.experiment.scenario.media for cell in rooms] == ["forwarded", "forwarded"]
    assert [cell.experiment.scenario.members for cell in rooms] == [3, 4]
    kinds = "scenario: {kind: group, members: 6}\nmatrix: {scenario: [one_to_one, {kind: group}]}"
    calls, defaults = load_matrix(written(tmp_path, kinds))
    assert calls.experiment.scenario.kind == "one_to_one"
    assert defaults.experiment.scenario.members == 4


def test_a_short_scenario_may_be_varied(tmp_path: Path) -> None:
    text = "scenario: group\nmatrix: {scenario.members: [3, 5]}"
    cells = load_matrix(written(tmp_path, text))
    assert [cell.experiment.scenario.kind for cell in cells] == ["group", "group"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("matrix: 3", "m.yaml:2: matrix: expected settings with lists"),
        ("matrix: {media.size: 320x240}", "matrix.media.size: expected a list of values"),
        ("matrix: {media.size: [320x240]}", "m.yaml:2: matrix: 1 experiment: expected 2 to 64"),
        ("matrix:\n  media.size: [320x240, 3x]", "m.yaml:3: media.size: 3x: expected a size"),
        ("matrix: {media.sise: [1, 2]}", "media.sise: unknown key: did you mean size?"),
        ("matrix: {media.size: [320x240, 320x240]}", "media.size[1]: 320x240: it is there twice"),
        ("matrix: {criteria.loss: [1, 2]}", "criteria.loss: must be the same in all"),
        ("matrix: {v: {a: {trial: {hold: 3m}}, b: {media: {frame_rate: 5}}}}", "trial.hold: must"),
        ("matrix: {v: {a: {}}}", "matrix.v.a: expected settings"),
        (
            "matrix: {scenario: [group, one_to_one], scenario.members: [3, 4]}",
            "matrix.scenario.members: scenario.members: scenario sets it, too",
        ),
        (
            "matrix:\n  scenario.record: [true, false]\n  scenario.kind: [one_to_one, group]",
            "m.yaml:3: scenario.record: true: only calls are recorded: expected false with group"
            " (matrix: scenario.record true, scenario.kind group)",
        ),
        ("scenario: group", "m.yaml:1: matrix: nothing"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ExperimentError) as caught:
        load_matrix(written(tmp_path, text))
    assert message in str(caught.value)


def test_one_experiment_is_not_read_from_a_file_of_several(tmp_path: Path) -> None:
    file = written(tmp_path, "matrix: {media.size: [320x240, 640x480]}")
    with pytest.raises(ExperimentError, match=r"m.yaml:2: matrix: .* farm size --matrix"):
        load_experiment(file)


def test_a_password_in_a_value_is_not_in_its_name(tmp_path: Path) -> None:
    text = """matrix:
  app:
    - {url: "http://me:hush@a/", driver: kurento_one2one}
    - {url: "http://me:hush@b/", driver: kurento_one2one}"""
    for cell in load_matrix(written(tmp_path, text)):
        assert "hush" not in cell.name + cell.folder
        assert cell.experiment.app.url is not None and "hush" in cell.experiment.app.url
