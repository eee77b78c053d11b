"""Which process is the media server: by name, pid, port or container."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from farm.model.server_settings import ProcessSettings
from farm.server.process import (
    MediaServerProcess,
    choose_process,
    process_label,
    search_commands,
)
from farm.server.whole import whole
from tests.farm.server.listed import KURENTO, SYSTEM, process


def by_name(name: str) -> ProcessSettings:
    return ProcessSettings(name=name)


def test_a_name_longer_than_the_kernel_keeps_is_found() -> None:
    assert choose_process(by_name("kurento-media-server"), SYSTEM + KURENTO) == MediaServerProcess(
        25, 25
    )


def test_a_namesake_by_its_first_15_letters_is_not() -> None:
    other = process(30, "kurento-media-s", "/usr/bin/kurento-media-shell", 5000)
    assert choose_process(by_name("kurento-media-server"), other + KURENTO) == MediaServerProcess(
        25, 25
    )


def test_an_interpreter_is_known_by_what_it_runs() -> None:
    module = process(40, "python3", "python3 -P -m infra.embedded --port 0")
    script = process(41, "node", "node /opt/sfu/server.js")
    assert choose_process(
        by_name("infra.embedded"), SYSTEM + module + script
    ) == MediaServerProcess(40, 40)
    assert choose_process(by_name("server.js"), SYSTEM + module + script) == MediaServerProcess(
        41, 41
    )


def test_it_is_told_what_runs_in_it_but_no_option() -> None:
    for command, program in (
        ("/usr/bin/node /opt/sfu/server.js --secret x", "node server.js"),
        ("python3 -P -m infra.embedded --port 0", "python3"),
        ("/usr/bin/kurento-media-server -f /etc/kurento.conf", "kurento-media-server"),
        ("", "sfu"),
    ):
        found = choose_process(ProcessSettings(name=None, pid=40), process(40, "sfu", command))
        assert found is not None
        assert found.program == program


def test_where_none_is_named_none_is_taken() -> None:
    assert choose_process(ProcessSettings(name=None), SYSTEM + KURENTO) is None
    assert process_label(ProcessSettings(name=None)) is None


def test_of_a_wrapper_and_what_it_started_the_one_that_worked_is_meant() -> None:
    wrapper = process(24, "kurento-media-s", "/usr/bin/kurento-media-server", 3)
    worker = process(25, "kurento-media-s", "/usr/bin/kurento-media-server", 900, parent=24)
    found = choose_process(by_name("kurento-media-server"), SYSTEM + wrapper + worker)
    assert found == MediaServerProcess(25, 25)
    assert found is not None
    assert found.alike == 2


def test_a_zombie_and_a_dead_name_are_not_found() -> None:
    zombie = process(25, "kurento-media-s", "", 900, state="Z")
    assert choose_process(by_name("kurento-media-server"), SYSTEM + zombie) is None
    assert choose_process(by_name("janus"), SYSTEM + KURENTO) is None
    assert choose_process(by_name("janus"), "grep: not found") is None


def test_a_pid_is_itself_while_it_lives() -> None:
    assert choose_process(ProcessSettings(pid=25), KURENTO) == MediaServerProcess(25, 25)
    assert choose_process(ProcessSettings(pid=26), "") is None


def test_a_container_is_all_of_its_control_group() -> None:
    said = (
        "@farm container 20 abcdef123456 running\n"
        "/proc/1/cgroup:0::/init.scope\n"
        "/proc/20/cgroup:0::/system.slice/docker-abcdef123456.scope\n"
        "/proc/25/cgroup:0::/system.slice/docker-abcdef123456.scope\n"
    )
    entry = process(20, "entrypoint.sh", "/bin/sh /entrypoint.sh")
    assert choose_process(
        ProcessSettings(container="kms"), said + SYSTEM + entry + KURENTO
    ) == MediaServerProcess(25, 25)
    by_id = said.partition("\n")[2] + SYSTEM + entry + KURENTO
    assert choose_process(ProcessSettings(container="abcdef123456"), by_id) == MediaServerProcess(
        25, 25
    )
    assert choose_process(ProcessSettings(container="other"), by_id) is None
    assert choose_process(ProcessSettings(container="docker"), by_id) is None


@pytest.mark.parametrize("how", ["name", "pid", "port"])
def test_a_real_process_is_found_by_a_real_shell(how: str) -> None:
    name = f"farm-test-media-server-{os.getpid()}"  # other tests' processes are seen, too
    script = (
        "import socket, sys, time; s = socket.create_server(('127.0.0.1', 0));"
        "print(s.getsockname()[1], flush=True); time.sleep(60)"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script, name], stdout=subprocess.PIPE, text=True
    )
    try:
        assert child.stdout is not None
        port = int(child.stdout.readline())
        wanted = {
            "name": ProcessSettings(name=name),
            "pid": ProcessSettings(pid=child.pid),
            "port": ProcessSettings(port=port),
        }[how]
        said = subprocess.run(
            ["sh", "-c", whole(*search_commands(wanted))], capture_output=True, check=False
        )
        found = choose_process(wanted, said.stdout.decode(errors="replace"))
        assert found is not None
        assert found.pid == child.pid
    finally:
        child.kill()
        child.communicate()


def test_a_container_s_name_cannot_break_out_of_the_command() -> None:
    command = whole(*search_commands(ProcessSettings(container="x; echo broken")))
    said = subprocess.run(["sh", "-c", command], capture_output=True, check=False).stdout
    assert b"broken" not in said.split(b"/proc/", 1)[0]


def test_messages_name_the_process_as_the_user_did() -> None:
    assert process_label(ProcessSettings()) == "process kurento-media-server"
    assert process_label(ProcessSettings(port=8888)) == "the process that listens on TCP port 8888"
    assert process_label(ProcessSettings(container="kms")) == "container kms"
    assert process_label(ProcessSettings(pid=7)) == "process 7"
