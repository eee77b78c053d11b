"""A media server in a network of its own, starved of one thing on purpose."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

ADDRESS, OURS, INTERFACE = "10.77.0.2", "10.77.0.1", "media0"
URL = f"ws://{ADDRESS}:8888/kurento"

SLOW = """
import socket, time
class Slow(socket.socket):
    def sendto(self, *words):
        until = time.perf_counter() + {seconds}
        while time.perf_counter() < until:
            pass
        return super().sendto(*words)
socket.socket = Slow
"""
"""Each packet sent takes so much work: one thread does it all."""

SMALL = """
import socket
class Small(socket.socket):
    def __init__(self, *words, **named):
        super().__init__(*words, **named)
        if self.type == socket.SOCK_DGRAM:
            self.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, {size})
socket.socket = Small
"""

HUNGRY = """
import socket
class Hungry(socket.socket):
    def __init__(self, *words, **named):
        super().__init__(*words, **named)
        if self.type == socket.SOCK_DGRAM:
            self.eaten = bytearray(b"x" * {size})
socket.socket = Hungry
"""
"""Each UDP socket takes so much memory along."""


@dataclass
class StarvedServer:
    """`reset` is the shell command that gives a fresh one; `keeper` holds its network open."""

    keeper: int
    pid_file: Path
    groups: Mapping[str, Path]

    @property
    def reset(self) -> str:
        return f"kill -HUP $(cat {self.pid_file})"

    def inside(self, *command: str) -> None:
        """Run something in its network."""
        subprocess.run(["nsenter", "-n", "-t", str(self.keeper), *command], check=True)

    def set(self, controller: str, value: str, **files: str) -> None:
        """Write into its control group: `value` with the file of version 1 or 2, as there is."""
        group = self.groups[controller]
        name = next(name for name in files.values() if (group / name).exists())
        (group / name).write_text(value)

    def worker(self) -> psutil.Process:
        """The process that carries the media."""
        (worker,) = psutil.Process(int(self.pid_file.read_text())).children()
        return worker


@contextmanager
def server_of_its_own(
    *before: str, handicap: str = "", controllers: Sequence[str] = ()
) -> Iterator[StarvedServer]:
    """The embedded server behind a cable of its own.

    `before` are words before its command (`taskset -c 0`), `handicap` is code that its Python runs
    first, `controllers` are those of control groups that it gets a group of.
    """
    with ExitStack() as stack:
        keeper = subprocess.Popen(["unshare", "-n", "sleep", "600"])
        stack.callback(keeper.wait)
        stack.callback(keeper.kill)
        while _network_of(str(keeper.pid)) == _network_of("self"):
            assert keeper.poll() is None
        _cable(keeper.pid)
        folder = Path(tempfile.mkdtemp(prefix="starved-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        (folder / "sitecustomize.py").write_text(handicap)
        made = {name: _group(stack, folder.name, name) for name in controllers}
        pid_file = folder / "pid"
        enter = "".join(f"echo $$ > {path}/cgroup.procs; " for path in made.values())
        command = [
            *("nsenter", "-n", "-t", str(keeper.pid), "sh", "-c", f'{enter}exec "$@"', "sh"),
            *before,
            *(sys.executable, "-P", "-m", "infra.embedded_kurento"),
            *("--host", ADDRESS, "--port", "8888", "--address", ADDRESS),
            *("--respawn", "--pid-file", str(pid_file)),
        ]
        server = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(folder)},
        )
        stack.callback(_end, server)
        assert server.stdout is not None
        assert json.loads(server.stdout.readline())["ready"]
        yield StarvedServer(keeper.pid, pid_file, made)


def _network_of(pid: str) -> Path:
    return Path("/proc", pid, "ns/net").readlink()


def _cable(keeper: int) -> None:
    inside = ["nsenter", "-n", "-t", str(keeper)]
    for command in (
        ["ip", "link", "add", "probes0", "type", "veth", "peer", INTERFACE, "netns", str(keeper)],
        ["ip", "address", "add", f"{OURS}/24", "dev", "probes0"],
        ["ip", "link", "set", "probes0", "up"],
        [*inside, "ip", "link", "set", "lo", "up"],
        [*inside, "ip", "address", "add", f"{ADDRESS}/24", "dev", INTERFACE],
        [*inside, "ip", "link", "set", INTERFACE, "up"],
    ):
        subprocess.run(command, check=True)


def _group(stack: ExitStack, name: str, controller: str) -> Path:
    """Of version 1, where each controller has a tree of its own; else of version 2."""
    root = Path("/sys/fs/cgroup", controller)
    if not root.is_dir():
        root = root.parent
        (root / "cgroup.subtree_control").write_text(f"+{controller}")
    path = root / name
    path.mkdir(exist_ok=True)
    stack.callback(_remove, path)
    return path


def _remove(path: Path) -> None:
    with suppress(FileNotFoundError):
        path.rmdir()


def _end(server: subprocess.Popen[str]) -> None:
    """It, and what it started."""
    family = [psutil.Process(server.pid)] if server.poll() is None else []
    family += [child for each in family for child in each.children(recursive=True)]
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    server.wait()
    psutil.wait_procs(family, timeout=10)
