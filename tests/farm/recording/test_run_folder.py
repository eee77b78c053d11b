"""Run folders: their names, and the lock of a filesystem that has none."""

from __future__ import annotations

import errno
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from farm.errors import RecordingError
from farm.files.file_lock import FileLock
from farm.recording.run_folder import RunFolder, run_name


def test_a_run_is_named_by_time_and_scenario() -> None:
    moment = datetime(2026, 11, 22, 22, 15, tzinfo=UTC)
    assert run_name(moment.timestamp(), "one_to_one") == "20261122T221500Z-one_to_one"


def test_a_name_that_is_taken_gets_a_number(tmp_path: Path) -> None:
    names = [RunFolder.create(tmp_path / "runs", "call").path.name for _ in range(3)]
    assert names == ["call", "call-2", "call-3"]


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordingError, match=r"file: cannot make a run folder there: "):
        RunFolder.create(tmp_path / "file", "call")


def test_a_filesystem_without_locks_is_named_as_such(tmp_path: Path) -> None:
    def take(path: Path, of: object) -> FileLock:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    with pytest.raises(
        RecordingError, match=r"run: this filesystem has no locks: choose another output\.directory"
    ):
        RunFolder.create(tmp_path, "run").taken(take)
