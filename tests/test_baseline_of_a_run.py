"""`farm run --baseline RUN` with real browsers: what it was compared with is in its recording."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from farm.cli.__main__ import main
from tests.farm_process import farm
from tests.unjudged import UNJUDGED

pytestmark = pytest.mark.live

CALL = """
format: 1
scenario: one_to_one
media: {size: 160x120, frame_rate: 10}
server: {local: true}
trial: {load: 2, settle: 1s, hold: 6s, window: 3s}
"""
PASS, FAIL, INVALID = 0, 1, 3


def test_the_baseline_of_another_run_judges_again_when_that_is_gone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    looser = tmp_path / "looser.yaml"
    looser.write_text("criteria: {residual_loss: 0.9}\n")
    for folder in ("first", "second"):
        (tmp_path / folder).mkdir()
    with farm(tmp_path / "first", "run", "--absolute", experiment=CALL + UNJUDGED) as first:
        assert first.wait() == PASS, first.read_output()
    given = ("run", "--baseline", str(first.run))
    with farm(tmp_path / "second", *given, experiment=CALL + UNJUDGED) as second:
        assert second.wait() in (PASS, FAIL, INVALID), second.read_output()
    shutil.rmtree(first.run)
    notes = second.result()["verdict"]["notes"]
    assert not any(note.startswith("no baseline") for note in notes)
    assert main(["report", str(second.run), "--criteria", str(looser), "--json"]) == 0
    judgement = json.loads(capsys.readouterr().out)
    assert judgement["notes"] == []
    assert judgement["trials"][0]["notes"] == notes
