"""Recorded calls of real browsers: checked on the server, reported when missing, then deleted."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.farm_process import FarmProcess, farm
from tests.unjudged import UNJUDGED

pytestmark = pytest.mark.live

CALL = """
format: 1
scenario: {{kind: one_to_one, record: true}}
server: {{recordings: {{directory: {directory}, keep: {keep}}}}}
media: {{size: 160x120, frame_rate: 10}}
trial: {{load: 2, settle: 1s, hold: 6s, window: 3s}}
"""
PASS, FAIL, BAD_INPUT = 0, 1, 2


@pytest.fixture
def directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="recorded-") as name:
        yield Path(name) / "calls"


def codes(run: FarmProcess) -> list[str]:
    return [reason["code"] for reason in run.result()["verdict"]["reasons"]]


def faults(run: FarmProcess) -> list[dict[str, Any]]:
    lines = [
        json.loads(line)
        for path in run.run.glob("trials/*/events.jsonl")
        for line in path.read_text().splitlines()
    ]
    return [line["data"] for line in lines if line["event"] == "fault"]


def files(directory: Path) -> list[str]:
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*.webm"))


def test_recorded_calls_pass_and_leave_no_file(tmp_path: Path, directory: Path) -> None:
    experiment = CALL.format(directory=directory, keep="none") + UNJUDGED
    with farm(tmp_path, "run", "--absolute", experiment=experiment) as run:
        run.until_phase("hold")
        assert [name.split("/")[1] for name in files(directory)] == [
            "s000-callee.webm",
            "s000-caller.webm",
        ]
        assert run.wait() == PASS, run.read_output()
        assert "2 recordings checked: whole" in run.read_output()
        assert "recording_missing" not in codes(run)
        assert list(directory.iterdir()) == []
        assert run.left() == []


def test_a_recording_that_is_gone_fails_its_call(tmp_path: Path, directory: Path) -> None:
    experiment = CALL.format(directory=directory, keep="last") + UNJUDGED
    with farm(tmp_path, "run", "--absolute", experiment=experiment) as run:
        run.until_phase("hold")
        (victim,) = directory.glob("*/s000-caller.webm")
        victim.unlink()
        assert run.wait() == FAIL, run.read_output()
        told = [fault for fault in faults(run) if fault["what"] == "recording_missing"]
        assert [(fault["session"], fault["message"]) for fault in told] == [
            ("s000", f"there is no recording {victim}")
        ], run.read_output()
        (reason,) = run.result()["verdict"]["reasons"]
        assert (reason["code"], reason["session"]) == ("recording_missing", "s000")
        (kept,) = files(directory)
        assert kept.endswith("/000-load-002/s000-callee.webm")
        assert run.left() == []


def test_a_directory_that_cannot_be_made_is_bad_input(tmp_path: Path, directory: Path) -> None:
    directory.parent.joinpath("calls").write_text("a file is in the way")
    experiment = CALL.format(directory=directory, keep="none") + UNJUDGED
    with farm(tmp_path, "run", "--absolute", experiment=experiment) as run:
        assert run.wait() == BAD_INPUT, run.read_output()
        assert f"server.recordings.directory: {directory}/" in run.read_output()
        assert "Traceback" not in run.read_output()
        assert run.left() == []
