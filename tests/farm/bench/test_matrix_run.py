"""A matrix of searches that are made up: their order, what goes wrong, taking it up again."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from farm.bench.matrix_run import begin_matrix, run_matrix
from farm.cli.__main__ import main
from farm.cli.matrix import end_matrix
from farm.errors import GeneratorError, ServerUnreachable
from farm.experiment_file.matrix import load_matrix
from farm.model.experiment import Experiment
from farm.protocols import Observer
from farm.recording.matrix_folder import MatrixFolder
from farm.recording.pruning import prune_runs
from farm.recording.run_list import list_runs
from farm.testing import WALL_S, FakeObserver
from tests.farm.made_searches import made

HOLDS = {"160x120": 24, "320x240": 12}


def begun(directory: Path) -> MatrixFolder:
    file = directory / "m.yaml"
    file.write_text(
        f"format: 1\nname: camera_sizes\noutput: {{directory: {directory / 'runs'}}}\n"
        "search: {maximum: 40}\nmatrix:\n"
        "  media.size: [160x120, 320x240]\n  scenario.record: [false, true]\n"
    )
    return begin_matrix(load_matrix(file), file.read_text(), WALL_S, random.Random(4))


class Searches:
    """Searches of servers of known capacity; `down` are cells whose server does not answer.

    `at_the_floor` is the state of searches none of whose trials passes.
    """

    def __init__(self, *down: str, without_answer: str = "", at_the_floor: str = "") -> None:
        self.down = set(down)
        self.without_answer = without_answer
        self.at_the_floor = at_the_floor
        self.made: list[str] = []

    async def __call__(self, experiment: Experiment, observer: Observer) -> None:
        name = experiment.output.name
        assert name is not None
        observer.note(f"searching {name}")
        if name in self.down:
            raise ServerUnreachable("ws://10.0.0.1:8888/kurento: nothing answers")
        state = self.at_the_floor or "converged"
        await made(
            experiment.output.directory,
            name,
            0 if self.at_the_floor else HOLDS[str(experiment.media.size)],
            replace(experiment, trial=experiment.trial),
            state="out_of_trials" if name == self.without_answer else state,
        )
        self.made.append(name)


def not_drawn(_run: Path) -> None:
    """The reports of the searches, which other tests draw."""


async def test_every_experiment_is_searched_once_in_the_drawn_order(tmp_path: Path) -> None:
    folder, searches = begun(tmp_path), Searches()
    await run_matrix(folder, FakeObserver(), searches)
    assert searches.made == list(folder.order)
    assert searches.made != sorted(searches.made)
    await run_matrix(MatrixFolder.open(folder.path), FakeObserver(), searches)
    assert len(searches.made) == 4  # what has an answer is not searched again


async def test_the_difference_that_is_there_is_called_real_and_no_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = await run_matrix(begun(tmp_path), FakeObserver(), Searches())
    assert end_matrix(folder, as_json=True, report=not_drawn) == 0
    summary = json.loads(capsys.readouterr().out)
    assert {
        (each["axis"], each["real"], each["value_a"], each["value_b"])
        for each in summary["differences"]
    } == {
        ("media.size", True, "160x120", "320x240"),
        ("scenario.record", False, "false", "true"),
    }
    for each in summary["differences"]:
        if each["real"]:
            assert 0.3 < each["ratio"] < 0.7
    page = Path(summary["report"])
    assert "2 differences between 4 experiments are real." in page.read_text()
    assert "<h1>camera_sizes</h1>" in page.read_text()
    assert (page.parent / "matrix.png").stat().st_size > 1000
    rows = (page.parent / "experiments.csv").read_text().splitlines()
    assert len(rows) == 5
    assert main(["report", str(folder.path)]) == 0
    assert capsys.readouterr().out.strip() == str(page)


async def test_a_server_that_does_not_answer_costs_its_own_cells_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = begun(tmp_path)
    searches = Searches(folder.order[0])
    ended = await run_matrix(folder, FakeObserver(), searches)
    assert searches.made == list(folder.order[1:])
    assert end_matrix(ended, as_json=False, report=not_drawn) == 3
    assert "not measured: ws://10.0.0.1:8888/kurento: nothing answers" in capsys.readouterr().out
    searches.down.clear()
    again = await run_matrix(MatrixFolder.open(folder.path), FakeObserver(), searches)
    assert searches.made[-1] == folder.order[0]
    assert end_matrix(again, as_json=False, report=not_drawn) == 0


async def test_a_search_that_ended_without_an_answer_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = begun(tmp_path)
    searches = Searches(without_answer=folder.order[0])
    ended = await run_matrix(folder, FakeObserver(), searches)
    assert end_matrix(ended, as_json=True, report=not_drawn) == 3
    summary = json.loads(capsys.readouterr().out)
    assert "the search ended without an answer (out of trials)." in (
        Path(summary["report"]).read_text()
    )


async def test_searches_that_fail_at_the_smallest_load_are_a_failure_and_tell_no_difference(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = begun(tmp_path)
    ended = await run_matrix(folder, FakeObserver(), Searches(at_the_floor="floor_failed"))
    assert end_matrix(ended, as_json=False, report=not_drawn) == 1
    said = capsys.readouterr().out
    assert said.count("no capacity (floor_failed)") == 4
    assert "4 differences cannot be told: the loads that were tried do not bound one of" in said
    assert "more trials" not in said


async def test_searches_whose_driver_failed_have_no_answer_and_tell_no_difference(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    searches = Searches(at_the_floor="driver_failed")
    ended = await run_matrix(begun(tmp_path), FakeObserver(), searches)
    assert end_matrix(ended, as_json=False, report=not_drawn) == 3
    said = capsys.readouterr().out
    assert said.count("capacity unknown (driver_failed)") == 4
    assert "4 differences cannot be told" in said
    assert "steps of its driver failed, so that too few trials tell of the server" in said


async def test_a_fault_of_the_generator_ends_it_and_what_was_found_stays(tmp_path: Path) -> None:
    folder, searches = begun(tmp_path), Searches()

    async def break_at_the_third(experiment: Experiment, observer: Observer) -> None:
        if len(searches.made) == 2:
            raise GeneratorError("the disk of this machine is gone")
        await searches(experiment, observer)

    with pytest.raises(GeneratorError):
        await run_matrix(folder, FakeObserver(), break_at_the_third)
    await run_matrix(MatrixFolder.open(folder.path), FakeObserver(), searches)
    assert searches.made == list(folder.order)


async def test_it_is_one_line_of_farm_runs_and_is_removed_as_a_whole(tmp_path: Path) -> None:
    folder = await run_matrix(begun(tmp_path), FakeObserver(), Searches())
    end_matrix(folder, as_json=False, report=not_drawn)
    (entry,) = list_runs(tmp_path / "runs")
    assert (entry.path, entry.name, entry.scenario, entry.state) == (
        *(folder.path, "camera_sizes"),
        *("matrix", "complete"),
    )
    pruned = prune_runs(
        tmp_path / "runs", entry.when - entry.when, entry.when.max.replace(tzinfo=entry.when.tzinfo)
    )
    assert [each.path for each in pruned.removed] == [folder.path]
    assert not folder.path.exists()


async def test_the_folder_of_an_older_farm_has_no_name_and_is_called_by_its_folder(
    tmp_path: Path,
) -> None:
    folder = await run_matrix(begun(tmp_path), FakeObserver(), Searches())
    index = folder.path / "matrix.json"
    older = {key: value for key, value in json.loads(index.read_text()).items() if key != "name"}
    index.write_text(json.dumps(older))
    assert main(["report", str(folder.path)]) == 0
    page = folder.path / "report" / "index.html"
    assert f"<h1>{folder.path.name}</h1>" in page.read_text()


@pytest.mark.parametrize("option", [["--fail-under", "4"], ["--upload", "s3://bucket/prefix"]])
def test_options_of_one_search_are_refused(
    tmp_path: Path, option: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "m.yaml"
    file.write_text("format: 1\nmatrix: {media.size: [160x120, 320x240]}\n")
    assert main(["size", "--matrix", str(file), *option]) == 2
    assert option[0] in capsys.readouterr().err
