"""`farm report RUN --criteria FILE` on a run that was really recorded and judged."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from farm.bench.bench import BASELINE_OF
from farm.cli.__main__ import main
from farm.cli.recorded import baseline_run
from farm.model.json_values import to_jsonable
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


async def test_a_given_baseline_is_in_the_recording_and_judges_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its run may be gone: senders that aim at a tenth of it fail, whatever else is asked."""
    other, clock = new_run(tmp_path / "other")
    with other:
        await record_trial(other, clock, pages(2), purpose="baseline")
    given = baseline_run(other.path)
    faster = replace(
        given.baseline,
        streams=tuple(
            replace(each, target_bitrate_bps=10 * (each.target_bitrate_bps or 0))
            for each in given.baseline.streams
        ),
    )
    recording, clock = new_run(tmp_path / "mine")
    with recording:
        recording.journal(BASELINE_OF, run="gone", baseline=to_jsonable(faster))
        await record_trial(recording, clock, pages(2), purpose="single")
    said = judged(recording.path, capsys, "criteria: {residual_loss: 0.02}\n")
    assert said["notes"] == []
    assert [each["now"] for each in said["trials"]] == ["fail"]
    assert {each["code"] for each in said["trials"][0]["reasons"]} == {"target_bitrate"}


async def test_a_trial_that_is_judged_without_a_baseline_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording, clock = new_run(tmp_path)
    with recording:
        await record_trial(recording, clock, pages(2), purpose="single")
    said = judged(recording.path, capsys, "criteria: {residual_loss: 0.02}\n")
    assert said["notes"] == [
        "no baseline: this run recorded none: 1 trial judged against absolute limits only, "
        "without those that compare with a baseline"
    ]
    file = tmp_path / "looser.yaml"
    assert main(["report", str(recording.path), "--criteria", str(file)]) == 0
    assert said["notes"][0] in capsys.readouterr().out


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
