"""A lock between processes: one has it, whoever it ends for, and nothing outlives its holder."""

from __future__ import annotations

import os
import platform
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from farm.errors import InUse
from farm.files.file_lock import Holder, holder, take, waited_for
from farm.processes import Processes

HOLDS_WITH_A_CHILD = """
import subprocess, sys
from pathlib import Path
from farm.files.file_lock import take
lock = take(Path(sys.argv[1]), "it")
child = subprocess.Popen(["sleep", "1000"], close_fds=False, stdout=subprocess.DEVNULL)
print(child.pid, flush=True)
child.wait()
"""


def test_a_second_one_is_refused_and_told_whose_it_is(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with take(path, "runs/call"):
        with pytest.raises(InUse) as refused:
            take(path, "runs/call")
        here = re.escape(f"pid {os.getpid()} on {platform.node()}")
        assert re.fullmatch(
            rf"runs/call: another farm writes it: {here}, since \d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
            str(refused.value),
        )
        found = holder(path)
        assert found is not None
        assert (found.pid, found.host) == (os.getpid(), platform.node())
    assert holder(path) is None


def test_a_lock_given_back_is_free_and_may_be_given_back_twice(tmp_path: Path) -> None:
    lock = take(tmp_path / "lock", "it")
    lock.release()
    with take(tmp_path / "lock", "it"):
        lock.release()
        assert holder(tmp_path / "lock") is not None


def test_nobody_has_what_is_not_there(tmp_path: Path) -> None:
    assert holder(tmp_path / "lock") is None
    assert list(tmp_path.iterdir()) == []


def test_who_only_just_took_it_is_unknown(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with take(path, "it"):
        path.write_text("")
        assert holder(path) == Holder()
        with pytest.raises(InUse, match="another farm writes it: since a moment ago"):
            take(path, "it")


def test_a_killed_holder_s_lock_is_free_though_a_child_of_it_lives(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS_WITH_A_CHILD, str(path)], stdout=subprocess.PIPE
    ) as farm:
        assert farm.stdout is not None
        child = psutil.Process(int(farm.stdout.readline()))
        try:
            found = holder(path)
            assert found is not None
            assert found.pid == farm.pid
            farm.send_signal(signal.SIGKILL)
            farm.wait()
            assert child.is_running()
            take(path, "it").release()
        finally:
            child.kill()


async def test_no_process_of_ours_inherits_a_lock(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with take(path, "it"):
        assert str(path) in [each.path for each in psutil.Process().open_files()]
        async with Processes(tmp_path / "logs") as processes:
            await processes.start("sleeper", ["sleep", "1000"])
            started = psutil.Process().children(recursive=True)
            assert len(started) >= 2, "the guardian and the sleeper"
            for process in started:
                assert str(path) not in [each.path for each in process.open_files()]


def test_those_who_look_refuse_nobody(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    over = threading.Event()

    def look() -> int:
        looks = 0
        while not over.is_set():
            holder(path)
            looks += 1
        return looks

    with ThreadPoolExecutor(2) as threads:
        looking = [threads.submit(look) for _ in range(2)]
        try:
            for _ in range(1_000):
                take(path, "it").release()
        finally:
            over.set()
        assert all(looks.result() > 0 for looks in looking)


def test_a_lock_that_is_removed_by_its_holder_is_never_had_twice(tmp_path: Path) -> None:
    """Whoever opened the file before it was removed locks another one, or none."""
    path = tmp_path / "lock"
    had = Occupancy()

    def once() -> None:
        with waited_for(path):
            with had:
                pass
            path.unlink()

    _together(once, times=300)
    assert had.most == 1
    assert had.times == 4 * 300


def test_others_wait_for_what_takes_a_moment(tmp_path: Path) -> None:
    counted = tmp_path / "count"
    counted.write_text("0")

    def once() -> None:
        with waited_for(tmp_path / "lock"):
            counted.write_text(str(int(counted.read_text()) + 1))

    _together(once, times=100)
    assert counted.read_text() == "400"


class Occupancy:
    """How many are inside at once."""

    def __init__(self) -> None:
        self.times = self.most = self._inside = 0
        self._guard = threading.Lock()

    def __enter__(self) -> None:
        with self._guard:
            self.times += 1
            self._inside += 1
            self.most = max(self.most, self._inside)

    def __exit__(self, *_: object) -> None:
        with self._guard:
            self._inside -= 1


def _together(act: Callable[[], None], times: int) -> None:
    def often() -> None:
        for _ in range(times):
            act()

    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(often) for _ in range(4)]:
            done.result()
