"""Files and folders that take their place whole, however many write them at once."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from farm.recording.durable_file import KEPT_S, beside, folder_beside, replace_file, sweep
from farm.recording.exchange import exchanged


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


def test_a_folder_is_replaced_without_a_moment_that_there_is_none(tmp_path: Path) -> None:
    one, other, path = tmp_path / "one", tmp_path / "other", tmp_path / "report"
    for folder in (one, other, path):
        folder.mkdir()
    if not exchanged(one, other):
        pytest.skip("this filesystem cannot exchange two folders")
    over = threading.Event()

    def look() -> int:
        looks = 0
        while not over.is_set():
            assert path.stat()
            looks += 1
        return looks

    def write(number: int) -> None:
        with folder_beside(path) as to:
            (to / "index.html").write_text(str(number))

    with ThreadPoolExecutor(1) as thread:
        looking = thread.submit(look)
        try:
            together(write, times=100)
        finally:
            over.set()
        assert looking.result() > 0


def test_two_folders_are_exchanged_or_left_as_they_are(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        folder.mkdir()
        (folder / "name").write_text(folder.name)
    names = ["other", "one"] if exchanged(one, other) else ["one", "other"]
    assert [(folder / "name").read_text() for folder in (one, other)] == names
    assert not exchanged(one, tmp_path / "none")
    assert (one / "name").read_text() == names[0]


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
    folders = [tmp_path / name for name in ("report.0a1b2c3d.tmp", "report.4e5f6a7b.tmp")]
    files = [tmp_path / name for name in ("a.csv.0a1b2c3d.tmp", "a.csv.4e5f6a7b.tmp", "mine.tmp")]
    for left in folders:
        left.mkdir()
        (left / "half.png").write_bytes(b"")
    for left in files:
        left.write_bytes(b"half")
    long_ago_s = time.time() - KEPT_S - 1
    for old in (folders[0], files[0], files[2]):
        os.utime(old, (long_ago_s, long_ago_s))
    kept = [*files[1:], folders[1]]
    sweep(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted(kept)
    os.utime(folders[1], (long_ago_s, long_ago_s))
    with folder_beside(tmp_path / "report"):
        pass
    assert sorted(tmp_path.iterdir()) == sorted([*files[1:], tmp_path / "report"])
    sweep(tmp_path / "none")
