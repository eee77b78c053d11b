"""Which manifests are read: of this format or an older one, and of nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from farm.errors import RecordingError
from farm.recording.reader import RunReader
from tests.farm.recording.made_runs import make_run


def test_a_newer_format_is_refused_an_older_one_read(tmp_path: Path) -> None:
    path = make_run(tmp_path, "run")
    data = json.loads((path / "manifest.json").read_text())
    (path / "manifest.json").write_text(json.dumps({**data, "format": 2}))
    with pytest.raises(RecordingError, match=r"has format 2, this version reads up to 1: use a n"):
        RunReader.open(path)
    (path / "manifest.json").write_text(json.dumps({**data, "format": 0}))
    assert RunReader.open(path).manifest.name == "synthetic"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "is not a run folder: it has no manifest"),
        ("{", "cannot read .*manifest"),
        ("[]", "has no format"),
        ('{"format": 1}', "cannot read .*manifest.*started_wall_s"),
    ],
)
def test_what_is_no_run_is_refused(tmp_path: Path, content: str | None, message: str) -> None:
    if content is not None:
        (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(RecordingError, match=message):
        RunReader.open(tmp_path)
