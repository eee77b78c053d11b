"""JSON of damaged recordings."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from farm.recording.json_file import read_json
from farm.recording.json_lines import JsonLines, read_json_lines


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[" * 100_000, b'{"a":' * 100_000, b"\xff\xfe\x00", b"\0", b"9" * 5000],
    ids=["empty", "cut", "nested", "nested objects", "binary", "nul", "digits"],
)
def test_what_is_no_json_is_a_value_error(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "summary.json"
    file.write_bytes(data)
    with pytest.raises(ValueError, match=r"."):
        read_json(file)
    file.write_bytes(b'{"good": 1}\n' + data + b'\n{"good": 2}\n')
    lines, wrong = read_json_lines(file)
    assert lines == [{"good": 1}, {"good": 2}]
    assert wrong == (["line 2 is torn"] if data else [])


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "summary.json"
    os.mkfifo(pipe)
    with pytest.raises(OSError, match="is not a regular file"):
        read_json(pipe)
    with pytest.raises(OSError, match="directory"):
        read_json(tmp_path)
    assert read_json_lines(pipe) == ([], [f"{pipe} is not a regular file"])


def test_half_a_character_of_a_page_is_written_and_read(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    with JsonLines(file) as lines:
        lines.append({"message": "cut \ud83d"})
    assert read_json_lines(file) == ([{"message": "cut ?"}], [])
