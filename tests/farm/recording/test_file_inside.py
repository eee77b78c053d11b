"""Files of a recording that a link leads to are not opened."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from farm.recording.file_inside import open_inside


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """`a/b/file`, and beside it what leads elsewhere."""
    folder = tmp_path / "run" / "a" / "b"
    folder.mkdir(parents=True)
    (folder / "file").write_bytes(b"recorded")
    (tmp_path / "secret").write_bytes(b"secret")
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "within").symlink_to(folder / "file")
    (folder / "up").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe")
    return tmp_path / "run"


def test_a_file_is_read_also_where_a_link_leads_to_the_run(run: Path, tmp_path: Path) -> None:
    (tmp_path / "linked").symlink_to(run)
    for path in (run, tmp_path / "linked"):
        with open_inside(path, path / "a" / "b" / "file") as file:
            assert file.read() == b"recorded"


@pytest.mark.parametrize("name", ["link", "within", "up/secret", "pipe", ".", "../b", "../../.."])
def test_what_a_link_leads_to_and_what_is_no_file_is_refused(run: Path, name: str) -> None:
    with pytest.raises(OSError, match="not read: it is a link, or not a regular file"):
        open_inside(run, run / "a" / "b" / name)


def test_what_is_not_there_is_reported(run: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_inside(run, run / "a" / "c" / "file")
