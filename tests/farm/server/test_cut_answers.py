"""Answers of a server that kills what it runs: cut anywhere, lines lost, nothing guessed."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from farm.errors import AnswerCut, FarmError
from farm.linux.control_groups import groups, locate_command
from farm.linux.frames import Frame, proc_files
from farm.linux.network import Interface
from farm.linux.proc import fast_files, read_counters, thread_files
from farm.linux.slow_samples import read_slow_counters, slow_files
from farm.linux.top import parse_top
from farm.model.server_settings import ProcessSettings
from farm.server.interface import choose_interface, namespace_command, read_namespace
from farm.server.machine import COMMAND, read_machine
from farm.server.process import choose_process, search_commands, unseen_reason
from farm.server.recorded_files import BROKEN_OFF, files, free_bytes
from farm.server.shell import CommandResult
from farm.server.whole import whole, whole_text

Read = Callable[[str], Any]

RECORDED = """\
@ffprobe
@file 0 @size 392914 @track audio 0.007000 11.994000 @track video 0.033000 11.900000 @probed @end
@file 1 @missing @end
@file 2 @size 500 @probed @trouble [matroska,webm @ 0x564b] EBML header parsing failed @end
"""
PATHS = ("/r/a.webm", "/r/b.webm", "/r/c.webm")
DF = "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/sda1 1000 500 400 50% /\n"
WAYS = """\
/proc/7/net/dev:    lo: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0
/proc/7/net/dev:  eth0: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0
/proc/7/net/route:Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask
/proc/7/net/route:eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\t0\t0\t0
/proc/7/net/route:eth0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
/proc/7/net/fib_trie:        |-- 172.17.0.2
/proc/7/net/fib_trie:           /32 host LOCAL
/proc/7/net/if_inet6:fe80000000000000004204fffe000002 05 40 20 80     eth0
"""


@cache
def said_here(*commands: str) -> str:
    """What this machine answers."""
    answer = subprocess.run(
        ["/bin/sh", "-c", "; ".join(commands)], capture_output=True, check=False
    )
    return answer.stdout.decode(errors="replace")


def machine(said: str) -> None:
    found = read_machine(said)
    inside = read_namespace(7, WAYS)
    choose_interface("auto", found, frozenset({"172.17.0.2", "fe80::1"}), False, inside)


def network(said: str) -> None:
    found = read_machine("")
    inside = read_namespace(7, said)
    for setting in ("auto", "eth0"):
        choose_interface(setting, found, frozenset({"172.17.0.2", "fe80::1"}), False, inside)


def frame(said: str) -> None:
    answered = Frame(1, proc_files(said.split("\n")), {"queues": (said[:40],), "class": (said,)})
    where = groups(dict(answered.files), 1)
    read_counters(answered, 1, Interface("lo"), where)
    read_slow_counters(answered, 1, where)


def process(wanted: ProcessSettings) -> Read:
    return lambda said: (choose_process(wanted, said), unseen_reason(wanted, said))


KMS = ProcessSettings(name=None, container="kms")
PORT = ProcessSettings(name=None, port=22)
DOCKER = "@farm container 1 abcdef running\n@farm refused docker Error: No such container: kms\n"
TOP = "top - 23:13:46 up 1 day\nTasks: 2 total\n%Cpu(s): 73.8 us, 12.7 sy, 0.0 ni, 13.5 id\n\n" + (
    "  PID USER      %CPU COMMAND\n   12 root      99,9 kms\n"
)

PARSERS: dict[str, tuple[Read, Callable[[], str]]] = {
    "machine": (machine, lambda: said_here(COMMAND)),
    "its network": (network, lambda: WAYS),
    "its own network": (
        network,
        lambda: said_here(namespace_command(1)).replace("/proc/1/", "/proc/7/"),
    ),
    "a process by name": (
        process(ProcessSettings(name="sh")),
        lambda: said_here(*search_commands(ProcessSettings())),
    ),
    "a process by port": (process(PORT), lambda: said_here(*search_commands(PORT))),
    "a container": (process(KMS), lambda: DOCKER + said_here(*search_commands(KMS))),
    "control groups": (
        lambda said: groups(proc_files(said.split("\n")), 1),
        lambda: said_here(locate_command(1)),
    ),
    "a sample": (
        frame,
        lambda: said_here(
            f"grep -asH '' {' '.join(fast_files(1, Interface('lo'), groups({}, 1)))}"
            f" {' '.join(slow_files(1, groups({}, 1)))} {' '.join(thread_files(1))}"
        ),
    ),
    "top": (parse_top, lambda: TOP),
    "recorded files": (lambda said: files(PATHS, said), lambda: RECORDED),
    "free space": (free_bytes, lambda: DF),
}


@pytest.mark.parametrize("name", PARSERS)
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_parser_stumbles_over_an_answer_cut_anywhere_or_without_some_lines(
    name: str, data: st.DataObject
) -> None:
    read, said = PARSERS[name][0], PARSERS[name][1]()
    lines = said.split("\n")
    lost = data.draw(st.sets(st.integers(0, len(lines) - 1), max_size=8), label="lost lines")
    of_line = data.draw(st.sampled_from(range(len(lines))), label="cut in line")
    at = data.draw(st.integers(0, len(lines[of_line])), label="at")
    kept = [line for number, line in enumerate(lines[:of_line]) if number not in lost]
    try:
        read("\n".join([*kept, lines[of_line][:at]]))
        read("\n".join(line for number, line in enumerate(lines) if number not in lost))
    except FarmError:
        pass


@given(st.integers(0, len(RECORDED)), st.sets(st.integers(0, 3)))
def test_of_a_recording_all_is_known_or_nothing(at: int, lost: set[int]) -> None:
    """Neither cut nor lost lines ever make a file missing, shorter, or another's."""
    right = files(PATHS, RECORDED)
    without = "".join(
        line for number, line in enumerate(RECORDED.splitlines(True)) if number not in lost
    )
    for said in (RECORDED[:at], without):
        for seen, true in zip(files(PATHS, said), right, strict=True):
            assert seen == true or seen.unknown == BROKEN_OFF


@pytest.mark.parametrize("at", range(len(DF)))
def test_of_free_space_all_is_known_or_nothing(at: int) -> None:
    assert free_bytes(DF[:at]) in (None, 400 * 1024)


@pytest.mark.parametrize("killed", ["first", "last"])
def test_a_command_that_was_killed_gives_no_answer(killed: str) -> None:
    dies = "sh -c 'echo cut; kill -KILL $$'"
    commands = (dies, "echo b") if killed == "first" else ("echo a", dies)
    said = subprocess.run(["/bin/sh", "-c", whole(*commands)], capture_output=True, check=False)
    answer = CommandResult(said.returncode, said.stdout.decode(), said.stderr.decode())
    with pytest.raises(AnswerCut, match=r"the machine's facts: the answer broke off \(.*killed"):
        whole_text(answer, "the machine's facts")


def test_a_command_that_only_failed_gives_its_answer() -> None:
    said = subprocess.run(
        ["/bin/sh", "-c", whole("echo a; false", "echo b")], capture_output=True, check=False
    )
    assert whole_text(CommandResult(said.returncode, said.stdout.decode(), ""), "test") == "a\nb\n"


def test_an_answer_without_its_end_is_none() -> None:
    for text in ("", "a\n", "a\n@farm who"):
        with pytest.raises(AnswerCut, match="the machine's facts: the answer broke off"):
            whole_text(CommandResult(-1, text, ""), "the machine's facts")
