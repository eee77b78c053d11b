"""Lines survive a crash of whoever writes them."""

from __future__ import annotations

import errno
import os
from io import FileIO
from pathlib import Path

import pytest

from farm.errors import NoSpace, RecordingError
from farm.recording.json_lines import JsonLines, read_json_lines
from tests.open_files import open_files


def test_lines_are_on_disk_as_soon_as_they_are_appended(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with JsonLines(path) as lines:
        lines.append({"kind": "started"})
        assert read_json_lines(path) == ([{"kind": "started"}], [])
        lines.append({"kind": "ended", "why": "fertig \u2713"})
    assert read_json_lines(path)[0][1] == {"kind": "ended", "why": "fertig \u2713"}


def test_a_line_torn_by_a_crash_costs_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"n": 1}\n{"n": 2, "te')
    with JsonLines(path) as lines:
        lines.append({"n": 3})
    assert read_json_lines(path) == ([{"n": 1}, {"n": 3}], ["line 2 is torn"])


def test_a_line_that_is_being_written_is_no_line_yet(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"n": 1}\n{"n": 2, "te')
    assert read_json_lines(path, grows=True) == ([{"n": 1}], [])
    assert read_json_lines(path) == ([{"n": 1}], ["line 2 is torn"])
    path.write_bytes(b'{"n": 1}\n{"n": 2, "te\n')
    assert read_json_lines(path, grows=True) == ([{"n": 1}], ["line 2 is torn"])


def test_a_line_that_is_no_object_is_named(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'[1]\n{"n": 2}\n')
    assert read_json_lines(path) == ([{"n": 2}], ["line 1 is not a JSON object"])


def test_a_file_that_never_came_to_be_is_empty(tmp_path: Path) -> None:
    assert read_json_lines(tmp_path / "none.jsonl") == ([], [])


def test_a_file_that_cannot_be_opened_leaves_nothing_open(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").mkdir()
    before = open_files()
    with pytest.raises(RecordingError, match=r"cannot write .*events.jsonl: Is a directory"):
        JsonLines(tmp_path / "events.jsonl")
    assert open_files() == before


class Unreadable(FileIO):
    """Of a disk with a broken sector."""

    def read(self, size: int | None = -1, /) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))


def test_a_file_that_cannot_be_read_back_leaves_nothing_open(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text("{}\n")
    before = open_files()
    with pytest.raises(RecordingError, match="Input/output error") as caught:
        JsonLines(tmp_path / "events.jsonl", opened=Unreadable)
    assert open_files() == before, caught  # held, so that nothing is collected before


def test_a_disk_that_is_full_when_lines_are_made_to_last_is_reported(tmp_path: Path) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with JsonLines(tmp_path / "journal.jsonl", fsync=full) as lines, pytest.raises(NoSpace):
        lines.sync()
