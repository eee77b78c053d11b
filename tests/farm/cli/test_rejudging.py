"""`farm report RUN --criteria FILE` on a run that was really recorded and judged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from farm.cli.__main__ import main
from tests.reports.made_run import new_run, pages, record_trial
from tests.synthetic import Page


@pytest.fixture
async def run(tmp_path: Path) -> Path:
    """Two baselines, then a search whose larger load loses 2 % of what one page is sent."""
    recording, clock = new_run(tmp_path)
    with recording:
        for index in range(2):
            await record_trial(recording, clock, pages(2), index=index, purpose="baseline")
        lossy = pages(4, p000=Page("p000", seconds=46.0, loss=0.02))
        await record_trial(recording, clock, lossy, index=2, purpose="search")
    return recording.path


def judged(run: Path, capsys: pytest.CaptureFixture[str], text: str) -> dict[str, Any]:
    file = run.parent / "looser.yaml"
    file.write_text(text)
    assert main(["report", str(run), "--criteria", str(file), "--json"]) == 0
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    return said


def files(run: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}


async def test_other_limits_change_verdicts_and_touch_no_result(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files(run)
    said = judged(run, capsys, "criteria: {residual_loss: 0.05, delivered: 0.9}\n")
    assert said["changed"] == [2]
    assert (said["trials"][2]["was"], said["trials"][2]["now"]) == ("fail", "pass")
    assert said["changed_limits"] == [
        {"key": "criteria.delivered", "was": 0.95, "now": 0.9},
        {"key": "criteria.residual_loss", "was": 0.01, "now": 0.05},
    ]
    assert said["capacity"]["now"]["probes"] == 4
    written = run / "judgements" / "looser.json"
    assert said["judgement"] == str(written)
    after = files(run)
    assert {path: after[path] for path in before} == before
    assert set(after) - set(before) == {written}


async def test_the_runs_own_limits_change_nothing(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = judged(run, capsys, "criteria: {residual_loss: 0.01}\n")
    assert (said["changed"], said["changed_limits"]) == ([], [])
    assert [trial["now"] for trial in said["trials"]] == ["pass", "pass", "fail"]


async def test_it_is_said_in_words(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = run.parent / "strict.yaml"
    file.write_text("invalid: {host_cpu: 0.3}\n")
    assert main(["report", str(run), "--criteria", str(file)]) == 0
    said = capsys.readouterr().out
    assert "invalid.host_cpu: 0.3, was null" in said
    assert "trial 0: 2 probes: invalid, was pass" in said
    assert "3 of 3 verdicts changed" in said


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("criteria: {residual_los: 0.02}\n", "residual_los: unknown key: did you mean"),
        ("scenario: one_to_one\n", "names no limit: expected criteria: or invalid:"),
        ("criteria: {residual_loss: 2}\n", "looser.yaml:1: criteria.residual_loss: 2: expected"),
    ],
)
async def test_a_file_that_says_nothing_or_nonsense_is_refused(
    run: Path, capsys: pytest.CaptureFixture[str], text: str, complaint: str
) -> None:
    file = run.parent / "looser.yaml"
    file.write_text(text)
    assert main(["report", str(run), "--criteria", str(file)]) == 2
    assert complaint in capsys.readouterr().err
    assert not (run / "judgements").exists()
