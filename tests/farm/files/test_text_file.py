"""Files that users hand in."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from farm.errors import ExperimentError
from farm.files.text_file import MOST_BYTES, text_of


def complaint(path: Path) -> str:
    with pytest.raises(ExperimentError) as caught:
        text_of(path)
    assert str(caught.value).startswith(f"{path}: cannot be read: ")
    return str(caught.value).removeprefix(f"{path}: cannot be read: ")


def test_text_comes_as_it_was_written_without_a_mark_in_front(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_bytes(b"\xef\xbb\xbfname: caf\xc3\xa9\r\n")
    assert text_of(file) == "name: caf\u00e9\r\n"


def test_other_encodings_are_named_with_their_line(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_bytes(b"a: 1\nname: caf\xe9\n")
    assert complaint(file) == "it is not UTF-8 text (line 2)"
    file.write_text("a: 1", encoding="utf-16")
    assert complaint(file) == "it is not UTF-8 text (line 1)"


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.yaml"
    os.mkfifo(pipe)
    assert complaint(pipe) == "expected a file, not a pipe or a device"
    assert complaint(Path("/dev/zero")) == "expected a file, not a pipe or a device"
    assert complaint(tmp_path) == "Is a directory"
    assert complaint(tmp_path / "gone") == "No such file or directory"
    assert complaint(tmp_path / "a\0b") == "embedded null byte"


def test_a_huge_file_is_not_read_to_its_end(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    with file.open("wb") as sparse:
        sparse.truncate(MOST_BYTES)
    assert len(text_of(file)) == MOST_BYTES
    with file.open("wb") as sparse:
        sparse.truncate(MOST_BYTES + 1)
    assert complaint(file) == "larger than 4 MiB"
