"""Several processes of one name: one server's, or several servers'."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import permutations
from pathlib import Path

import pytest

from farm.model.server_settings import ProcessSettings
from farm.server.process import (
    Followed,
    MediaServerProcess,
    choose_process,
    search_commands,
    unseen_reason,
)
from farm.server.whole import whole
from tests.farm.server.listed import SYSTEM, process

JANUS = ProcessSettings(name="janus")
WORKER = ProcessSettings(name="mediasoup-worker")
SFU = ProcessSettings(name="server.js")


def janus(pid: int, ticks: int = 1, parent: int = 1, group: int | None = None) -> str:
    return process(pid, "janus", "/usr/bin/janus", ticks, parent=parent, group=group)


def node(pid: int, command: str, ticks: int = 1, parent: int = 1, group: int | None = None) -> str:
    return process(pid, "node", command, ticks, parent=parent, group=group)


def worker(pid: int, ticks: int, parent: int = 20, group: int = 20) -> str:
    command = "/opt/sfu/mediasoup-worker --logLevel=warn"
    return process(pid, "mediasoup-worke", command, ticks, parent=parent, group=group)


SHIMS = process(100, "containerd-shim", "/usr/bin/containerd-shim-runc-v2") + process(
    200, "containerd-shim", "/usr/bin/containerd-shim-runc-v2"
)
SUPERVISOR = process(50, "supervisord", "/usr/bin/python3 /usr/bin/supervisord")
SCRIPT = process(60, "two_servers.sh", "/bin/sh /opt/two_servers.sh")
DESKTOP = process(70, "systemd", "/lib/systemd/systemd --user")


@pytest.mark.parametrize(
    "two",
    [
        janus(10, 900) + janus(20, 500),
        SHIMS + janus(10, 900, parent=100) + janus(20, 500, parent=200),
        SUPERVISOR + janus(10, 900, parent=50) + janus(20, 500, parent=50),
        SCRIPT + janus(10, 900, 60, 60) + janus(20, 500, 60, 60),
        janus(10, 900, group=60) + janus(20, 500, group=60),
        DESKTOP + janus(10, 900, parent=70) + janus(20, 500, parent=70),
    ],
    ids=["of systemd", "of containers", "of a supervisor", "of a script", "orphans", "of a user"],
)
def test_of_two_servers_of_one_name_none_is_chosen(two: str) -> None:
    assert choose_process(JANUS, SYSTEM + two) is None
    assert unseen_reason(JANUS, SYSTEM + two) == (
        "2 processes are named janus, pids 10, 20: name one by server.process.port, container or"
        " pid"
    )


def test_of_many_some_are_listed() -> None:
    said = SYSTEM + "".join(janus(pid) for pid in range(10, 18))
    assert "8 processes are named janus, pids 10, 11, 12, 13, 14 and more: " in unseen_reason(
        JANUS, said
    )


def test_a_parent_and_its_workers_are_one_server() -> None:
    cluster = node(20, "node server.js", 30) + "".join(
        node(pid, "/usr/bin/node /opt/server.js", ticks, 20, 20)
        for pid, ticks in ((21, 500), (22, 900))
    )
    found = choose_process(SFU, SYSTEM + cluster)
    assert (found, found and found.alike) == (MediaServerProcess(22, 22), 3)
    other = node(90, "node /srv/other/server.js", 5)
    assert choose_process(SFU, SYSTEM + cluster + other) is None
    assert "pids 22, 90:" in unseen_reason(SFU, SYSTEM + cluster + other)


def test_workers_of_a_parent_of_another_name_are_one_server() -> None:
    said = SYSTEM + node(20, "node server.js") + worker(21, 500) + worker(22, 900)
    found = choose_process(WORKER, said)
    assert (found, found and found.alike) == (MediaServerProcess(22, 22), 2)
    in_a_container = (
        node(1, "node server.js", group=1) + worker(21, 500, 1, 1) + worker(22, 9, 1, 1)
    )
    assert choose_process(WORKER, in_a_container) == MediaServerProcess(21, 21)
    hidden = worker(21, 500) + worker(22, 900)
    assert choose_process(WORKER, hidden) is None


def test_workers_that_a_worker_starts_are_of_its_server() -> None:
    said = SYSTEM + janus(10, 5) + SCRIPT.replace("S 1 ", "S 10 ") + janus(30, 900, parent=60)
    assert choose_process(JANUS, said) == MediaServerProcess(30, 30)


def test_an_editor_of_the_server_s_script_is_not_the_server() -> None:
    editor = process(40, "vim", "vim /opt/sfu/server.js", ticks=60)
    found = choose_process(SFU, SYSTEM + editor + node(30, "node server.js", 900))
    assert found == MediaServerProcess(30, 30)
    restarted = SYSTEM + editor + node(31, "node server.js", 5)
    assert choose_process(SFU, restarted, Followed(found, found)) == MediaServerProcess(31, 31)


def test_a_server_is_not_taken_for_one_that_ran_beside_it() -> None:
    mine, other = janus(100, 900), janus(20, 500)
    found = choose_process(JANUS, SYSTEM + mine)
    followed = Followed(found, found, alive_ticks=300)
    assert choose_process(JANUS, SYSTEM + mine + other, followed) == found
    afresh = Followed(found, found, alive_ticks=300, afresh=True)
    assert choose_process(JANUS, SYSTEM + mine.replace("900", "1") + other, afresh) == found
    after = SYSTEM + janus(400, 5) + other
    assert choose_process(JANUS, after, followed) == MediaServerProcess(400, 400)
    assert choose_process(JANUS, SYSTEM + other, followed) is None
    assert unseen_reason(JANUS, SYSTEM + other, followed) == (
        "process janus is gone; what ran beside it is another server"
    )
    assert choose_process(JANUS, after + janus(500), followed) is None
    assert ", pids 400, 500: " in unseen_reason(JANUS, after + janus(500), followed)
    unknown = Followed(found, found)
    assert choose_process(JANUS, after, unknown) is None


def test_after_a_restart_it_is_one_of_the_kind_of_before() -> None:
    cluster = [node(20, "node server.js", 30), node(21, "node server.js", 900, 20, 20)]
    before = choose_process(SFU, SYSTEM + "".join(cluster))
    assert before == MediaServerProcess(21, 21)
    fresh = [node(40, "node server.js", 9), node(41, "node server.js", 1, 40, 40)]
    for order in permutations(fresh):
        found = choose_process(SFU, SYSTEM + "".join(order), Followed(before, before))
        assert found == MediaServerProcess(41, 41)
    kms = ProcessSettings(name=None, container="kms")
    inside = "@farm container 20 abcdef123456 running\n" + "".join(
        f"/proc/{pid}/cgroup:0::/system.slice/docker-abcdef123456.scope\n" for pid in (20, 21, 22)
    )
    server = MediaServerProcess(7, 7, program="janus")
    entry, fresh_janus, beside = (
        node(20, "node entry.js", 80),
        janus(22, 2, 20),
        node(21, "node x", 9),
    )
    everyone = inside + SYSTEM + entry + fresh_janus + beside
    assert choose_process(kms, everyone, Followed(server, server)) == MediaServerProcess(22, 22)
    assert choose_process(kms, everyone) == MediaServerProcess(20, 20)


def of_container(*pids: int) -> str:
    return "@farm container 20 abcdef123456 running\n" + "".join(
        f"/proc/{pid}/cgroup:0::/system.slice/docker-abcdef123456.scope\n" for pid in pids
    )


def test_afresh_it_is_whichever_of_its_server_has_worked_most() -> None:
    sfu = ProcessSettings(name=None, container="sfu")
    inside = of_container(20, 21) + SYSTEM
    at_start = inside + node(20, "node server.js", 300) + worker(21, 5)
    later = inside + node(20, "node server.js", 400) + worker(21, 90_000)
    found = choose_process(sfu, at_start)
    assert found == MediaServerProcess(20, 20)
    assert choose_process(sfu, later, Followed(found, found, 300)) == found
    busiest = choose_process(sfu, later, Followed(found, found, 300, afresh=True))
    assert busiest == MediaServerProcess(21, 21)
    restarted = of_container(40, 41) + SYSTEM + node(40, "node server.js", 300)
    restarted = restarted.replace("container 20", "container 40") + worker(41, 5, 40, 40)
    again = choose_process(sfu, restarted, Followed(busiest, busiest, 300, afresh=True))
    assert again == MediaServerProcess(41, 41)


def test_afresh_it_is_no_other_server_and_no_editor_however_busy() -> None:
    cluster = node(20, "node server.js", 300), node(21, "node server.js", 5, 20, 20)
    found = choose_process(SFU, SYSTEM + "".join(cluster))
    assert found == MediaServerProcess(20, 20)
    now = node(20, "node server.js", 300), node(21, "node server.js", 900, 20, 20)
    editor = process(40, "vim", "vim /opt/sfu/server.js", ticks=5_000)
    other = node(50, "node /srv/other/server.js", 9_000)
    output = SYSTEM + "".join(now) + editor + other
    afresh = Followed(found, found, 300, afresh=True)
    assert choose_process(SFU, output, afresh) == MediaServerProcess(21, 21)


@contextmanager
def running(*starts: str) -> Iterator[list[int]]:
    """Python programs in groups of their own; yields the pids that they print."""
    children = [
        subprocess.Popen(
            [sys.executable, "-c", start], stdout=subprocess.PIPE, text=True, process_group=0
        )
        for start in starts
    ]
    try:
        outputs = [child.stdout for child in children if child.stdout is not None]
        yield [int(word) for output in outputs for word in output.readline().split()]
    finally:
        for child in children:
            os.killpg(child.pid, 9)
            child.communicate()


def test_real_siblings_are_workers_or_servers_by_what_started_them(tmp_path: Path) -> None:
    name = f"farm-test-{os.getpid()}"
    program = tmp_path / name
    program.write_text("import time; print(end='', flush=True); time.sleep(60)\n")
    parent = (
        "import subprocess, sys, time;"
        f"pids = [subprocess.Popen([sys.executable, {str(program)!r}]).pid for _ in range(2)];"
        "print(*pids, flush=True); time.sleep(60)"
    )
    wanted = ProcessSettings(name=name)

    def said() -> str:
        command = ["sh", "-c", whole(*search_commands(wanted))]
        return subprocess.run(command, capture_output=True, check=False).stdout.decode(
            errors="replace"
        )

    with running(parent) as workers:
        found = choose_process(wanted, said())
        assert found is not None
        assert (found.pid in workers, found.alike) == (True, 2)
        with running(parent):
            assert choose_process(wanted, said()) is None
            assert choose_process(wanted, said(), Followed(found, found)) == found
