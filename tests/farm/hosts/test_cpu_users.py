"""Who used the cores of a machine."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from farm.hosts.cores import chosen_cores
from farm.hosts.cpu_users import CpuUsers, shares
from farm.hosts.processes import (
    TICKS_PER_S,
    ProcessTime,
    families,
    read_process,
    read_processes,
)
from farm.model.host_samples import CpuShare


def process(name: str, *, low: bool = False) -> ProcessTime:
    return ProcessTime(1, name, began=1, cpu_s=0.0, core=0, low_priority=low)


def test_a_line_of_proc_is_read_whatever_the_programs_name_is() -> None:
    stat = "77 (a) b (c) S 12 77 77 0 -1 4194304 1 0 0 0 150 50 9 9 20 0 1 0 4711 1 1 " + "0 " * 14
    found = read_process(stat + "1 0 0 0 0 0")
    assert (found.name, found.parent, found.began) == ("a) b (c", 12, 4711)
    assert found.cpu_s == 200 / TICKS_PER_S
    assert not found.low_priority


def test_others_are_told_by_program_and_what_nobody_saw_without_a_name() -> None:
    processes = {pid: process("cc1plus") for pid in range(10, 14)}
    processes |= {20: process("backup", low=True), 30: process("chromium"), 31: process("farm")}
    used = {**dict.fromkeys(range(10, 14), 0.3), 20: 0.2, 30: 0.4, 31: 0.001}
    found = shares(used, {30: "probes", 31: "farm"}, processes, by_programs=2.0)
    assert [(each.user, each.program, each.low_priority) for each in found] == [
        ("probes", None, False),
        ("farm", None, False),
        ("others", "cc1plus", False),
        ("others", "backup", True),
        ("others", None, False),
    ]
    assert [each.cores for each in found] == pytest.approx([0.4, 0.001, 1.2, 0.2, 0.199])


def test_a_busy_machine_whose_account_is_unknown_has_nobody_unnamed() -> None:
    assert shares({}, {}, {}, by_programs=None) == ()
    assert shares({}, {}, {}, by_programs=1.5) == (CpuShare("others", None, 1.5),)


def test_others_have_no_more_than_ours_left_them() -> None:
    processes = {pid: process("cc1plus") for pid in (1, 2)} | {3: process("chromium")}
    found = shares({1: 1.0, 2: 0.9, 3: 0.4}, {3: "probes"}, processes, by_programs=1.0)
    assert [(each.program, each.cores) for each in found] == [
        (None, 0.4),
        ("cc1plus", pytest.approx(0.6)),
    ]
    assert shares({1: 1.0, 3: 1.2}, {3: "probes"}, processes, by_programs=1.0) == (
        CpuShare("probes", None, 1.2),
    )


def test_a_programs_name_keeps_to_its_line() -> None:
    (found,) = shares({1: 0.5}, {}, {1: process("a\n\x1b[2Jb")}, by_programs=0.5)
    assert found.program == "a  [2Jb"


def test_a_family_is_all_that_descends_from_its_roots() -> None:
    def below(parent: int) -> ProcessTime:
        return ProcessTime(parent, "x", 1, 0.0, 0, low_priority=False)

    processes = {10: below(1), 11: below(10), 12: below(11), 20: below(1), 21: below(20)}
    assert set(families([10], processes)) == {10, 11, 12}
    assert set(families([11, 12, 99], processes)) == {11, 12}


@pytest.fixture
def burner(tmp_path: Path) -> Iterator[psutil.Process]:
    """A program of low priority that has nothing to do with us: its parent has ended."""
    script = tmp_path / "burner.py"
    script.write_text("while True: pass\n")
    command = f"nice -n 19 {sys.executable} {script} >/dev/null 2>&1 & echo $!"
    said = subprocess.run(["sh", "-c", command], stdout=subprocess.PIPE, check=True, text=True)
    other = psutil.Process(int(said.stdout))
    yield other
    other.kill()


def burnt(other: psutil.Process, users: CpuUsers) -> list[CpuShare]:
    """Who used the cores while it burnt half a second of CPU."""
    users.update(read_processes(), 1.0)
    started_s = other.cpu_times().user
    while other.cpu_times().user < started_s + 0.5:
        psutil.cpu_percent(0.05)
    users.update(read_processes(), 1.0)
    return [each for each in users.on(chosen_cores(None), None) or () if each.cores >= 0.4]


@pytest.mark.live
@pytest.mark.alone
def test_another_program_is_named_with_its_script_and_its_priority(burner: psutil.Process) -> None:
    found = burnt(burner, CpuUsers(tuple, tuple))
    named = [each for each in found if (each.program or "").endswith(" burner.py")]
    assert [(each.user, each.low_priority) for each in named] == [("others", True)]


@pytest.mark.live
@pytest.mark.alone
def test_the_family_of_a_browser_and_of_the_media_server_are_no_others(
    burner: psutil.Process,
) -> None:
    for users in (
        CpuUsers(lambda: [burner.pid], tuple),
        CpuUsers(tuple, lambda: [burner.pid]),
    ):
        found = burnt(burner, users)
        assert {each.user for each in found} & {"probes", "media_server"}
        assert not [each for each in found if (each.program or "").endswith(" burner.py")]
