"""A media server in a network of its own, starved of one thing on purpose.

Networks, control groups (version 1) and disks of one's own are root's to make, where there are any.
For others the server runs in the network that the test is in, and can be starved of what needs
none of these.
"""

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

GROUPS = Path("/sys/fs/cgroup")
IS_ROOT = os.geteuid() == 0
CONTROLLERS = frozenset(
    name for name in ("cpu", "memory", "blkio") if IS_ROOT and os.access(GROUPS / name, os.W_OK)
)
"""The controllers of control groups (version 1) that can be used here."""

IO_PRESSURE = Path("/proc/pressure/io")
HAS_DISKS = (
    "blkio" in CONTROLLERS
    and IO_PRESSURE.exists()
    and Path("/dev/loop-control").exists()
    and shutil.which("mkfs.ext4") is not None
)
ADDRESS = "10.77.0.2" if IS_ROOT else "127.0.0.1"
OURS, INTERFACE, PORT = "10.77.0.1", "media0", 18888
URL = f"ws://{ADDRESS}:{PORT}/kurento"

SLOW = """
import socket, time
class Slow(socket.socket):
    def sendto(self, *words):
        until = time.perf_counter() + {level}
        while time.perf_counter() < until:
            pass
        return super().sendto(*words)
socket.socket = Slow
"""
"""Each packet sent takes so many seconds of work: one thread does it all."""

SMALL = """
import signal, socket, time
class Small(socket.socket):
    def __init__(self, *words, **named):
        super().__init__(*words, **named)
        if self.type == socket.SOCK_DGRAM:
            self.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2304)
    def setsockopt(self, level, name, *value):
        if self.type == socket.SOCK_DGRAM and name == socket.SO_RCVBUF:
            value = (2304,)
        super().setsockopt(level, name, *value)
socket.socket = Small
signal.signal(signal.SIGALRM, lambda *_: time.sleep({level}))
signal.setitimer(signal.ITIMER_REAL, 0.2, 0.2)
"""
"""It does not read for so many seconds now and then; packets are dropped meanwhile."""

HUNGRY = """
import socket
class Hungry(socket.socket):
    def __init__(self, *words, **named):
        super().__init__(*words, **named)
        if self.type == socket.SOCK_DGRAM:
            self.eaten = bytearray(b"x" * {size})
socket.socket = Hungry
"""
"""Each UDP socket allocates so much memory."""


@dataclass
class StarvedServer:
    """`reset` is the shell command that gives a fresh one; `keeper` holds its network open.

    `stack` is closed when the server has ended.
    """

    keeper: int | None
    pid_file: Path
    groups: Mapping[str, Path]
    stack: ExitStack

    @property
    def reset(self) -> str:
        return f"kill -HUP $(cat {self.pid_file})"

    def inside(self, *command: str) -> str:
        """Run a command in its network; returns its output."""
        assert self.keeper is not None
        enter = ["nsenter", "-n", "-t", str(self.keeper)]
        return subprocess.run(
            [*enter, *command], check=True, stdout=subprocess.PIPE, text=True
        ).stdout

    def allow(self, controller: str, file: str, value: str) -> None:
        """Set a limit of its control group (version 1)."""
        (self.groups[controller] / file).write_text(value)

    def used_bytes(self) -> int:
        """The memory of its control group."""
        return int((self.groups["memory"] / "memory.usage_in_bytes").read_text())


@contextmanager
def server_of_its_own(
    *before: str,
    handicap: str = "",
    controllers: Sequence[str] = (),
    recordings: Path | None = None,
) -> Iterator[StarvedServer]:
    """The embedded server behind a cable of its own.

    `before` are words before its command (`taskset -c 0`), `handicap` is code that its Python runs
    first, `controllers` are those of control groups that it gets a group of. It may record into
    `recordings`.
    """
    with ExitStack() as stack:
        keeper = _network(stack) if IS_ROOT else None
        folder = Path(tempfile.mkdtemp(prefix="starved-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        (folder / "sitecustomize.py").write_text(handicap)
        made = {name: _group(stack, folder.name, name) for name in controllers}
        pid_file = folder / "pid"
        enter = "".join(f"echo $$ > {path}/cgroup.procs; " for path in made.values())
        command = [
            *(() if keeper is None else ("nsenter", "-n", "-t", str(keeper))),
            *("sh", "-c", f'{enter}exec "$@"', "sh"),
            *before,
            *(sys.executable, "-P", "-m", "infra.embedded_kurento"),
            *("--host", ADDRESS, "--port", str(PORT), "--address", ADDRESS),
            *("--respawn", "--pid-file", str(pid_file)),
            *(() if recordings is None else ("--recordings", str(recordings))),
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
        yield StarvedServer(keeper, pid_file, made, stack)


def _network(stack: ExitStack) -> int:
    """A process that does nothing but hold a network open."""
    keeper = subprocess.Popen(["unshare", "-n", "sleep", "600"])
    stack.callback(keeper.wait)
    stack.callback(keeper.kill)
    while _network_of(str(keeper.pid)) == _network_of("self"):
        assert keeper.poll() is None
    _cable(keeper.pid)
    stack.callback(subprocess.run, ["ip", "link", "delete", "probes0"], check=True)
    return keeper.pid


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
    path = GROUPS / controller / name
    path.mkdir()
    stack.callback(path.rmdir)
    return path


def slow_disk(server: StarvedServer, place: Path, bytes_per_s: int) -> None:
    """A file system at `place`, to which the server can write no faster, and waits meanwhile."""
    image = place.with_suffix(".img")
    with image.open("wb") as file:
        file.truncate(64 << 20)
    place.mkdir()
    subprocess.run(["mkfs.ext4", "-q", "-F", "-O", "^has_journal", str(image)], check=True)
    printed = subprocess.run(
        ["losetup", "-f", "--show", str(image)], check=True, stdout=subprocess.PIPE, text=True
    )
    device = printed.stdout.strip()
    server.stack.callback(subprocess.run, ["losetup", "-d", device], check=True)
    subprocess.run(["mount", "-o", "sync", device, str(place)], check=True)
    server.stack.callback(subprocess.run, ["umount", "-l", str(place)], check=True)
    number = Path(device).stat().st_rdev
    limit = f"{os.major(number)}:{os.minor(number)} {bytes_per_s}"
    server.allow("blkio", "blkio.throttle.write_bps_device", limit)


def _end(server: subprocess.Popen[str]) -> None:
    """A process and its descendants."""
    family = [psutil.Process(server.pid)] if server.poll() is None else []
    family += [child for each in family for child in each.children(recursive=True)]
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    server.wait()
    psutil.wait_procs(family, timeout=10)
