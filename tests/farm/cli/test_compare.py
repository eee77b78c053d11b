"""`farm compare A B` on run folders whose trials are made up."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from farm.cli.__main__ import main
from farm.model.criteria import Criteria
from farm.model.experiment import Scenario
from farm.model.trial_plan import Purpose
from farm.model.verdict import Outcome
from farm.planning.trial_planning import plan_trial
from farm.recording import RunRecording
from farm.recording.manifest import Manifest
from farm.results.summary import run_summary
from farm.testing import WALL_S, FakeClock
from tests.farm.made_searches import SETTINGS, made
from tests.farm.trial_evidence import judged_trial


async def made_once(directory: Path, name: str, outcome: Outcome) -> Path:
    """What `farm run --load 18` leaves: two baselines, and one trial."""
    manifest = Manifest(WALL_S, SETTINGS.scenario.kind, SETTINGS)
    loads: list[tuple[int, Purpose, Outcome]] = [
        (2, "baseline", Outcome.PASS),
        (2, "baseline", Outcome.PASS),
        (18, "single", outcome),
    ]
    with RunRecording.create(directory, name, "format: 1\n", manifest, FakeClock()) as run:
        results = []
        for index, (load, purpose, verdict) in enumerate(loads):
            plan = plan_trial(SETTINGS, load, index=index, purpose=purpose, hosts=["here"])
            async with run.trial(plan) as trial:
                pass
            results.append(replace(judged_trial(index, load, verdict), purpose=purpose))
            trial.write_result(results[-1])
        run.write_summary(run_summary(SETTINGS, results))
        return run.path


def compared(
    capsys: pytest.CaptureFixture[str], a: Path, b: Path, *more: str
) -> tuple[int, dict[str, Any]]:
    code = main(["compare", str(a), str(b), "--json", *more])
    return code, json.loads(capsys.readouterr().out)


async def test_a_server_that_holds_much_less_is_worse(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a, b = await made(tmp_path, "a", 20), await made(tmp_path, "b", 12, version="7.3.0")
    code, said = compared(capsys, a, b)
    assert (code, said["answer"]) == (1, "worse")
    assert said["probability_worse"] > 0.95
    assert 0.4 < said["ratio"] < 0.8
    assert said["ratio_interval"][0] < said["ratio"] < said["ratio_interval"][1]
    assert [(each["what"], each["a"], each["b"]) for each in said["differences"]] == [
        ("media server", "KMS 7.2.0", "KMS 7.3.0")
    ]
    code, said = compared(capsys, b, a)
    assert (code, said["answer"]) == (0, "not_worse")
    assert said["probability_higher"] > 0.95


async def test_the_same_capacity_twice_is_not_worse(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a, b = await made(tmp_path, "a", 20), await made(tmp_path, "b", 20)
    code, said = compared(capsys, a, b)
    assert (code, said["answer"], said["differences"]) == (0, "not_worse", [])
    assert said["probability_lower"] == pytest.approx(0.5, abs=0.05)


async def test_the_tolerance_decides_how_much_less_is_worse(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a, b = await made(tmp_path, "a", 20), await made(tmp_path, "b", 16)
    assert compared(capsys, a, b, "--tolerance", "5%")[0] == 1
    assert compared(capsys, a, b, "--tolerance", "0.4")[0] == 0
    assert compared(capsys, a, b, "--tolerance", "10%", "--certainty", "0.9999")[0] == 0


async def test_runs_that_asked_something_else_are_not_compared_silently(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a = await made(tmp_path, "a", 20)
    looser = replace(SETTINGS, criteria=Criteria(residual_loss=0.05))
    b = await made(tmp_path, "b", 20, looser)
    assert main(["compare", str(a), str(b)]) == 2
    said = capsys.readouterr().err
    assert "criteria.residual_loss 0.01 and 0.05" in said
    assert said.count("\n") == 1
    assert main(["compare", str(a), str(b), "--anyway"]) == 0
    said = capsys.readouterr().out
    assert "NOT THE SAME QUESTION: criteria.residual_loss: 0.01 in A, 0.05 in B" in said


async def test_other_scenarios_are_another_question(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rooms = replace(SETTINGS, scenario=Scenario(kind="group", members=2))
    a, b = await made(tmp_path, "a", 20), await made(tmp_path, "b", 20, rooms)
    assert main(["compare", str(a), str(b)]) == 2
    assert "scenario.kind one_to_one and group" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ("drift", "a server that drifted has no one capacity: nothing is concluded"),
        ("server_lost", "a search that lost its server found no capacity: nothing is concluded"),
    ],
)
async def test_a_search_that_is_of_no_one_server_is_compared_with_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], state: str, why: str
) -> None:
    a, b = await made(tmp_path, "a", 20), await made(tmp_path, "b", 20, state=state)
    code, said = compared(capsys, a, b)
    assert (code, said["answer"]) == (3, "unknown")
    assert main(["compare", str(b), str(a)]) == 3
    assert why in capsys.readouterr().out


@pytest.mark.parametrize(
    ("mine", "other"), [("pass", "fail"), ("fail", "pass"), ("pass", "pass"), ("fail", "fail")]
)
async def test_single_trials_say_nothing_of_a_capacity(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], mine: str, other: str
) -> None:
    a = await made_once(tmp_path, "a", Outcome(mine))
    b = await made_once(tmp_path, "b", Outcome(other))
    code, said = compared(capsys, a, b)
    assert (code, said["answer"], said["ratio"]) == (3, "unknown", None)
    assert said["a"]["probes"] is None
    assert said["a"]["trials"][-1] == {"probes": 18, "verdict": mine}
    assert main(["compare", str(a), str(b)]) == 3
    lines = capsys.readouterr().out.splitlines()
    done = {"pass": "passed", "fail": "failed"}[mine]
    assert lines[0] == f"A: {a}: 2 probes: 2 trials passed; 18 probes: 1 trial {done} ({mine})"
    assert "capacity is" not in "".join(lines)
    assert lines[2].startswith("A: no run of farm size")


async def test_a_single_trial_is_no_match_for_a_search(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a, b = await made(tmp_path, "a", 40), await made_once(tmp_path, "b", Outcome.FAIL)
    assert compared(capsys, a, b)[0] == 3
    assert compared(capsys, b, a)[0] == 3


async def test_a_search_without_an_answer_is_compared_with_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a, b = await made(tmp_path, "a", 20), await made(tmp_path, "b", 12)
    (b / "summary.json").unlink()
    code, said = compared(capsys, a, b)
    assert (code, said["said"]) == (3, "B: that search has no answer yet: nothing is concluded")


async def test_a_server_that_was_never_too_full_has_no_ratio(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """40 probes never failed on A: whether B, which holds 36, holds as much nobody knows."""
    a = await made(tmp_path, "a", 40, state="ceiling_passed")
    for capacity, code, answer in ((36, 3, "unknown"), (20, 1, "worse"), (40, 0, "not_worse")):
        state = "ceiling_passed" if capacity == 40 else "converged"
        b = await made(tmp_path, f"b{capacity}", capacity, state=state)
        found, said = compared(capsys, a, b)
        assert (found, said["answer"], said["ratio"]) == (code, answer, None), capacity
        assert compared(capsys, b, a)[0] == 0


async def test_what_is_no_run_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a = await made(tmp_path, "a", 20)
    assert main(["compare", str(tmp_path / "gone"), str(a)]) == 2
    assert "gone: there is no such folder" in capsys.readouterr().err


async def test_a_run_is_named_without_its_directory_where_that_is_runs_here(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = await made(tmp_path / "runs", "a", 20), await made(tmp_path / "runs", "b", 20)
    monkeypatch.chdir(tmp_path)
    assert compared(capsys, Path("a"), Path("b"))[0] == 0
    b.rename(tmp_path / "b")  # a path that exists comes first
    assert compared(capsys, Path("a"), Path("b"))[0] == 0
    a.rename(tmp_path / "c")
    assert main(["compare", "a", "b"]) == 2
    assert "A: a: there is no such folder" in capsys.readouterr().err


async def test_it_is_said_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = await made(tmp_path, "a", 20), await made(tmp_path, "b", 12, version="7.3.0")
    assert main(["compare", str(a), str(b)]) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith(f"A: {a}: 20 probes, between ")
    assert "B is worse than A by more than 10 %" in said
    assert said[-1] == "differs: media server: KMS 7.2.0 in A, KMS 7.3.0 in B"
