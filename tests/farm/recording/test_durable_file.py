"""Files and folders that take their place whole, however many write them at once."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from farm.recording.durable_file import KEPT_S, beside, folder_beside, replace_file


def together(act: Callable[[int], object], times: int) -> None:
    """Four threads, each so often."""

    def often(which: int) -> None:
        for number in range(times):
            act(which * times + number)

    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(often, which) for which in range(4)]:
            done.result()


def test_a_file_written_by_several_is_one_of_theirs(tmp_path: Path) -> None:
    path = tmp_path / "NAME.json"

    def write(number: int) -> None:
        replace_file(path, lambda to: to.write_text(f"{number}\n" * 1000))
        assert len(set(path.read_text().splitlines())) == 1

    together(write, times=50)
    assert len(path.read_text().splitlines()) == 1000
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_could_not_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("before")

    def write() -> None:
        with beside(path) as to:
            to.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_written_by_several_is_one_of_theirs(tmp_path: Path) -> None:
    path = tmp_path / "report"

    def write(number: int) -> None:
        with folder_beside(path) as to:
            for name in ("a.png", "index.html"):
                (to / name).write_text(str(number))

    together(write, times=50)
    assert len({file.read_text() for file in path.iterdir()}) == 1
    assert sorted(file.name for file in path.iterdir()) == ["a.png", "index.html"]
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_could_not_be_filled_leaves_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "report"
    path.mkdir()
    (path / "index.html").write_text("before")

    def write() -> None:
        with folder_beside(path) as to:
            (to / "index.html").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()
    assert (path / "index.html").read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_one_left_goes_a_day_later(tmp_path: Path) -> None:
    old, new = tmp_path / "report.0a1b2c3d.tmp", tmp_path / "report.4e5f6a7b.tmp"
    for left in (old, new):
        left.mkdir()
        (left / "half.png").write_bytes(b"")
    long_ago_s = time.time() - KEPT_S - 1
    os.utime(old, (long_ago_s, long_ago_s))
    with folder_beside(tmp_path / "report"):
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report", "report.4e5f6a7b.tmp"]
