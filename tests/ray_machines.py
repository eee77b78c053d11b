"""Two machines with Ray, for tests: network namespaces of our own with a cable between them.

On `here` run the cluster's head and whoever wants to be its client, on `there` one more node. Each
`ray start` is a process tree of its own; whatever belongs to one is ended by its pid.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

HERE, THERE = "10.77.0.1", "10.77.0.2"
STARTS_WITHIN_S = 90.0
ENDS_WITHIN_S = 60.0

# Users other than root get a user namespace, in which they keep their user id.
AS_WHO = () if os.geteuid() == 0 else ("-c", "--keep-caps")
CABLE = """\
set -e
ip link set lo up
unshare -n sleep 1000 &
while [ "$(readlink /proc/$!/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
ip link add here type veth peer name there netns $!
ip addr add {here}/24 dev here
ip link set here up
nsenter --net=/proc/$!/ns/net sh -c 'ip link set lo up
    ip addr add {there}/24 dev there && ip link set there up'
echo $!
exec sleep 1000
"""


@dataclass
class Machine:
    """One of the two; `within` starts a command on it, `temporary` is its /tmp."""

    within: tuple[str, ...]
    trees: list[psutil.Process]
    temporary: Path

    @property
    def raylet(self) -> psutil.Process:
        """The process that makes it a node; without it the cluster loses the machine."""
        (found,) = [each for each in self.processes() if _name(each) == "raylet"]
        return found

    @property
    def ours(self) -> list[psutil.Process]:
        """The farm's processes on it: browsers, and those that own them."""
        return [each for each in self.processes() if _is_ours(each)]

    def left(self) -> list[str]:
        """The farm's processes that are left; waits a moment for the last to end."""
        deadline = time.monotonic() + ENDS_WITHIN_S
        while (alive := self.ours) and time.monotonic() < deadline:
            time.sleep(0.1)
        return [str(each) for each in alive]

    @property
    def files(self) -> list[Path]:
        """The files in its /tmp."""
        return list(self.temporary.iterdir())

    def processes(self) -> list[psutil.Process]:
        """Ray's processes on it, with their descendants."""
        found: dict[int, psutil.Process] = {}
        for tree in self.trees:
            with suppress(psutil.NoSuchProcess):
                found |= {each.pid: each for each in (tree, *tree.children(recursive=True))}
        self.trees = list(
            found.values()
        )  # descendants of a process that has ended cannot be listed any more
        return self.trees

    def end(self) -> None:
        for each in self.processes():
            with suppress(psutil.NoSuchProcess):
                each.kill()
        psutil.wait_procs(self.trees, timeout=20)


@dataclass
class Machines:
    here: Machine
    there: Machine


@contextmanager
def two_machines() -> Iterator[Machines]:
    """Both with Ray, one CPU each, named `here` and `there`; all of it ended at the end."""
    with ExitStack() as stack:
        script = CABLE.format(here=HERE, there=THERE)
        cable = subprocess.Popen(
            ["unshare", "-n", *AS_WHO, "sh", "-c", script], stdout=subprocess.PIPE, text=True
        )
        stack.callback(_end_all, psutil.Process(cable.pid))
        assert cable.stdout is not None
        other = cable.stdout.readline().strip()
        assert other, "no network namespace could be made"
        head = _ray(stack, _enter(cable.pid), "here", ["--head", f"--node-ip-address={HERE}"])
        node = [f"--address={HERE}:6379", f"--node-ip-address={THERE}"]
        yield Machines(head, _ray(stack, _enter(int(other)), "there", node))


def _enter(pid: int) -> tuple[str, ...]:
    user = () if os.geteuid() == 0 else (f"--user=/proc/{pid}/ns/user", "--preserve-credentials")
    return ("nsenter", *user, f"--net=/proc/{pid}/ns/net", "--")


def _ray(stack: ExitStack, within: tuple[str, ...], name: str, words: Sequence[str]) -> Machine:
    """A node that is up; below a short path, since a socket's has at most 107 characters."""
    folder = Path(tempfile.mkdtemp(prefix="ray-"))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    if "--head" in words:
        own = ["--port=6379", "--ray-client-server-port=10001", "--include-dashboard=false"]
        words = [*words, *own]
    temporary = folder / "t"
    temporary.mkdir()
    log = folder / "start.log"
    with log.open("w") as output:
        started = subprocess.Popen(
            [
                *within,
                *(sys.executable, "-P", "-m", "ray.scripts.scripts", "start", *words),
                *(f"--node-name={name}", "--num-cpus=1", "--object-store-memory=80000000"),
                *(f"--temp-dir={folder}", "--disable-usage-stats", "--block"),
            ],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "TMPDIR": str(temporary), "RAY_AUTH_MODE": "disabled"},
        )
    machine = Machine(within, [psutil.Process(started.pid)], temporary)
    stack.callback(started.wait, 20)
    stack.callback(machine.end)
    deadline = time.monotonic() + STARTS_WITHIN_S
    while "Ray runtime started" not in log.read_text():
        assert started.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)
    machine.processes()
    return machine


def _is_ours(process: psutil.Process) -> bool:
    try:
        alive = process.is_running() and process.status() != psutil.STATUS_ZOMBIE
        words = " ".join(process.cmdline())
    except psutil.Error:
        return False
    return alive and ("--remote-debugging" in words or "farm.processes" in words)


def _name(process: psutil.Process) -> str | None:
    try:
        return process.name()
    except psutil.NoSuchProcess:
        return None


def _end_all(process: psutil.Process) -> None:
    """A process and its children."""
    tree = [*process.children(recursive=True), process]
    for each in tree:
        each.kill()
    psutil.wait_procs(tree, timeout=20)
