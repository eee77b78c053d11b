"""`farm watch` for real: it can be resumed after its controller died, and leaves nothing behind."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.farm_process import farm
from tests.unjudged import UNJUDGED

pytestmark = pytest.mark.live

WATCHED = """
format: 1
scenario: one_to_one
media: {size: 160x120, frame_rate: 10}
trial: {settle: 1s, hold: 2s, window: 1s, poll: 500ms}
search: {invalid_retries: 0}
watch: {load: 2, every: 8s, for: 2h}
"""
INTERRUPTED = 130


def journalled(run: Path, kind: str) -> list[dict[str, Any]]:
    """The facts of the journal's entries of a kind."""
    whole = (run / "journal.jsonl").read_text().rpartition("\n")[0]
    lines = [json.loads(line) for line in whole.splitlines()]
    return [line["facts"] for line in lines if line["kind"] == kind]


def watched(run: Path) -> list[int]:
    """The trials of the watch that were judged, whatever the verdict."""
    results = [json.loads(path.read_text()) for path in run.glob("trials/*/result.json")]
    return sorted(result["index"] for result in results if result["purpose"] == "watch")


def test_a_watch_goes_on_after_its_controller_was_killed(tmp_path: Path) -> None:
    with farm(tmp_path, "watch", experiment=WATCHED + UNJUDGED) as first:
        first.until(lambda: any(first.runs.glob("*")) and len(watched(first.run)) == 1)
        first.process.send_signal(signal.SIGKILL)
        first.wait()
        assert first.left() == []
        run = first.run
    before = {path: path.read_bytes() for path in run.glob("trials/*/result.json")}
    began = journalled(run, "watch_began")
    assert [(facts["load"], facts["every_s"]) for facts in began] == [(2, 8.0)]

    with farm(tmp_path, "watch", "--resume", str(run), experiment=None) as second:
        second.until(lambda: len(watched(run)) == 2)
        second.process.send_signal(signal.SIGINT)
        assert second.wait() == INTERRUPTED, second.read_output()
        assert "Traceback" not in second.read_output()
        assert second.left() == []
    assert {path: path.read_bytes() for path in before} == before
    assert journalled(run, "watch_began") == began
    assert len(journalled(run, "resumed")) == 1
    assert not (run / "summary.json").exists()
