"""Why a container is not seen: in the words of docker or podman, run by a real shell."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from farm.model.server_settings import ProcessSettings
from farm.server.process import choose_process, search_commands, unseen_reason
from farm.server.whole import whole

KMS = ProcessSettings(name=None, container="kms")
PROGRAMS = ("grep", "ls", "awk", "head", "sed", "id", "cat")

NO_DAEMON = (
    "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon"
    " running?"
)
DENIED = (
    "permission denied while trying to connect to the Docker daemon socket at"
    ' unix:///var/run/docker.sock: Get "http://%2Fvar%2Frun%2Fdocker.sock/v1.50/containers/kms/json":'
    " dial unix /var/run/docker.sock: connect: permission denied"
)


def tool(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def asked(folder: Path) -> str:
    """What the search says on a machine that has these tools, and a shell's own."""
    for name in PROGRAMS:
        found = subprocess.run(["which", name], capture_output=True, text=True, check=True)
        (folder / name).symlink_to(found.stdout.strip())
    environment = {**os.environ, "PATH": str(folder)}
    said = subprocess.run(
        ["/bin/sh", "-c", whole(*search_commands(KMS))],
        capture_output=True,
        check=False,
        text=True,
        env=environment,
    )
    return said.stdout


def refusing(words: str) -> str:
    return f"cat >&2 <<'END'\n{words}\nEND\nexit 1"


@pytest.mark.parametrize("words", [NO_DAEMON, DENIED, "Error: No such container: kms"])
def test_docker_s_own_words_are_shown(tmp_path: Path, words: str) -> None:
    tool(tmp_path, "docker", refusing(words))
    said = asked(tmp_path)
    assert choose_process(KMS, said) is None
    assert unseen_reason(KMS, said) == f"container kms is not seen there: docker says: {words}"


def test_both_are_asked_and_both_are_shown(tmp_path: Path) -> None:
    tool(tmp_path, "docker", refusing(NO_DAEMON))
    tool(tmp_path, "podman", refusing('Error: no such object: "kms"'))
    assert unseen_reason(KMS, asked(tmp_path)) == (
        f"container kms is not seen there: docker says: {NO_DAEMON}; "
        'podman says: Error: no such object: "kms"'
    )


def test_where_there_is_neither_that_is_said(tmp_path: Path) -> None:
    assert unseen_reason(KMS, asked(tmp_path)) == (
        "container kms is not seen there: there is neither docker nor podman there"
    )


def test_podman_in_docker_s_place_answers(tmp_path: Path) -> None:
    tool(tmp_path, "docker", refusing(NO_DAEMON))
    tool(tmp_path, "podman", f"echo '@farm container {os.getpid()} abcdef running'")
    said = asked(tmp_path)
    found = choose_process(KMS, said)
    assert found is not None


def test_a_warning_beside_the_answer_is_none(tmp_path: Path) -> None:
    emulates = "Emulate Docker CLI using podman. Create /etc/containers/nodocker to quiet msg."
    tool(
        tmp_path,
        "docker",
        f"echo '{emulates}' >&2; echo '@farm container {os.getpid()} abcdef running'",
    )
    assert choose_process(KMS, asked(tmp_path)) is not None


def test_a_stopped_container_is_said_to_be_there(tmp_path: Path) -> None:
    tool(tmp_path, "docker", "echo '@farm container 0 abcdef exited'")
    said = asked(tmp_path)
    assert choose_process(KMS, said) is None
    assert unseen_reason(KMS, said) == "container kms is there, but does not run (exited)"


def test_a_container_of_another_machine_is_said_to_be_out_of_sight(tmp_path: Path) -> None:
    tool(tmp_path, "docker", "echo '@farm container 4194999 abcdef running'")
    said = asked(tmp_path)
    assert choose_process(KMS, said) is None
    assert unseen_reason(KMS, said).startswith(
        "container kms runs as pid 4194999, which is not seen"
    )


def test_why_another_process_is_not_seen_is_said() -> None:
    stat = "/proc/{pid}/stat:{pid} (sh) S 1 1 1 0 -1 0 0 0 0 0 1 0 0 0 20 0 9 0 7\n"
    listener = "   0: 00000000:22B8 00000000:0000 0A 0:0 00:0 0 0 0 777 1 0 100 0 0 10 0\n"
    everything, own = stat.format(pid=1) + stat.format(pid=9), stat.format(pid=9)
    name, port = ProcessSettings(name="kms"), ProcessSettings(name=None, port=8888)
    assert unseen_reason(name, everything) == "process kms is not seen there"
    assert "only its own processes (/proc with hidepid)" in unseen_reason(name, own)
    assert unseen_reason(name, "") == "no process is seen there (/proc)"
    assert "TCP port 8888 there, but this login may not see" in unseen_reason(
        port, listener + everything
    )
    assert unseen_reason(port, everything).endswith("listens on TCP port 8888 is not seen there")
