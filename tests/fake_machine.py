"""A fake Linux machine with a media server, which answers the commands of `farm.server`.

Its counters follow the test's clock, so that a test knows what every figure must come to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch

from farm.errors import ServerError, ServerUnreachable
from farm.server.machine import COMMAND
from farm.server.process_list import BOOT_ID
from farm.server.shell import CommandResult, OutputPiece
from farm.server.whole import MARK
from farm.testing import FakeClock

DF = "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/sda1"
BOOTED_S = 5000.0
"""The uptime of the machine, in seconds, when the run began."""


@dataclass
class FakeMediaServer:
    """A process of the machine, which `parent` started; `busy` is its share of one core."""

    pid: int = 4321
    started: int = 100
    busy: float = 0.5
    rss_kb: int = 26_000
    threads: int = 30
    descriptors: int = 40
    parent: int = 1


@dataclass
class FakeMachine:
    """Implements `farm.server.shell.Shell`.

    Two cores; the media server is all that uses CPU; 125 kB/s come in and 250 kB/s go out on eth0.
    It booted at `booted_at_s`, and `boot` is that boot's id. `hidden` files cannot be read; `group`
    is its control group, `limits` what its files say. `beside` are other processes of that name.
    `reset` is what the reset command does. When it is `busy`, its processes cannot be listed in
    time; when it `kills`, no answer of its commands is whole: of those with `kills_only` in them.
    """

    clock: FakeClock
    process: FakeMediaServer | None = field(default_factory=FakeMediaServer)
    beside: tuple[FakeMediaServer, ...] = ()
    hidden: set[str] = field(default_factory=set)
    reset: Callable[[], CommandResult] = lambda: CommandResult(0, "", "")
    up: bool = True
    busy: bool = False
    kills: bool = False
    kills_only: str = ""
    here: bool = False
    group: str | None = None
    limits: str = ""
    where: str = "media.example"
    boot: str = "8a6b1c3e-0d0f-4d0e-9a55-3c1b7f0c2d11"
    booted_at_s: float = -BOOTED_S
    opened: int = 0
    _channels: list[FakeChannel] = field(default_factory=list)

    async def open(self) -> None:
        if not self.up:
            raise ServerUnreachable("media.example port 22 cannot be reached")
        self.opened += 1

    async def close(self) -> None:
        self.drop()

    def drop(self) -> None:
        """End every channel."""
        while self._channels:
            self._channels.pop().end()

    def reboot(self, process: FakeMediaServer, uptime_s: float) -> None:
        """Be another boot of the machine, up for so long, with a server of its own."""
        self.drop()
        self.boot, self.booted_at_s = f"another-{self.boot}", self.clock.run_s() - uptime_s
        self.process = process

    async def run(self, command: str, within_s: float, setting: str) -> CommandResult:
        if not self.up:
            raise ServerUnreachable("the connection broke")
        asked, mark, _ = command.partition("\n[ $?")
        answer = await self._ran(asked, within_s, setting)
        killed = self.kills and self.kills_only in command
        whole = f"{answer.stdout}\n{MARK}\n" if mark and not killed else answer.stdout
        return replace(answer, stdout=whole)

    async def _ran(self, command: str, within_s: float, setting: str) -> CommandResult:
        if command.endswith("/if_inet6"):
            return CommandResult(0, "", "")
        if command.endswith("/mountinfo"):
            return CommandResult(0, self._groups(), "")
        if command == "true":
            return CommandResult(0, "", "")
        if command == COMMAND:
            return CommandResult(0, self._facts(), "")
        if command == "cat /proc/uptime":
            return CommandResult(0, self.files()["/proc/uptime"], "")
        if command == "restart the media server":
            return self.reset()
        if "df -Pk" in command:
            return CommandResult(0, f"{DF} 1000 500 400 50% /", "")
        if command.startswith("grep -asH '' /sys/fs/cgroup"):
            return CommandResult(0, self.limits, "")
        assert command.startswith("grep -asH '' /proc/")
        if self.busy:
            raise ServerError(f"`{command}` did not end within {within_s:g} s ({setting})")
        return CommandResult(0, self._processes(), "")

    async def channel(self, command: str) -> FakeChannel:
        if not self.up:
            raise ServerUnreachable("the connection broke")
        channel = FakeChannel(self)
        self._channels.append(channel)
        return channel

    def files(self) -> dict[str, str]:
        uptime_s = self.clock.run_s() - self.booted_at_s
        busy = int(100 * uptime_s * (self.process.busy if self.process else 0))
        idle = int(100 * uptime_s) * 2 - busy
        files = {
            "/proc/uptime": f"{uptime_s:.2f} 1.00",
            BOOT_ID: self.boot,
            "/proc/loadavg": "0.50 0.40 0.30 1/99 1",
            "/proc/stat": (
                f"cpu  {busy} 0 0 {idle} 0 0 0 0 0 0\n"
                f"cpu0 {busy} 0 0 {int(100 * uptime_s) - busy} 0 0 0 0 0 0\n"
                f"cpu1 0 0 0 {int(100 * uptime_s)} 0 0 0 0 0 0\nintr 1 2 3"
            ),
            "/proc/meminfo": "MemTotal: 8000 kB\nMemFree: 1 kB\nMemAvailable: 6000 kB",
            "/proc/net/dev": (
                "Inter-| Receive\n face |bytes\n"
                "    lo: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n"
                f"  eth0: {int(uptime_s * 125e3)} {int(uptime_s * 100)} 0 0 0 0 0 0"
                f" {int(uptime_s * 250e3)} {int(uptime_s * 200)} 0 0 0 0 0 0"
            ),
            "/proc/net/snmp": (
                "Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors\n"
                f"Udp: 1 0 {int(uptime_s * 3)} 1 {int(uptime_s * 2)} 0"
            ),
        }
        if self.process is not None:
            own = f"/proc/{self.process.pid}"
            ticks = int(100 * uptime_s * self.process.busy)
            stat = (
                f"(kurento-media-s) S 1 1 1 0 -1 0 0 0 0 0 {ticks} 0 0 0 20 0"
                f" {self.process.threads} 0 {self.process.started} 0 0"
            )
            files[f"{own}/stat"] = f"{self.process.pid} {stat}"
            files[f"{own}/status"] = f"Name:\tkurento\nVmRSS:\t {self.process.rss_kb} kB"
            files[f"{own}/cmdline"] = "/usr/bin/kurento-media-server\0-f\0x"
            files[f"{own}/task/{self.process.pid}/stat"] = f"{self.process.pid} {stat}"
        for other in self.beside:
            stat = (
                f"(kurento-media-s) S {other.parent} {other.pid} 1 0 -1 0 0 0 0 0"
                f" {int(other.busy * 1e6)} 0 0 0 20 0 9 0 {other.started} 0 0"
            )
            files[f"/proc/{other.pid}/stat"] = f"{other.pid} {stat}"
            files[f"/proc/{other.pid}/cmdline"] = "/usr/bin/kurento-media-server\0"
        if self.group is not None:
            files[f"/sys/fs/cgroup{self.group}/cpu.max"] = "50000 100000"
        return {path: text for path, text in files.items() if path not in self.hidden}

    def _groups(self) -> str:
        if self.process is None or self.group is None:
            return ""
        mount = "29 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw"
        return f"/proc/{self.process.pid}/cgroup:0::{self.group}\n/proc/self/mountinfo:{mount}"

    def _facts(self) -> str:
        lines = ["@farm hostname kms-1", "@farm kernel Linux 6.1.0", "@farm ticks 100"]
        lines += _grepped(self.files())
        lines += ["/proc/net/route:Iface Destination", "/proc/cpuinfo:model name\t: Slow CPU"]
        lines += ["/proc/net/route:eth0 00000000 01000000 0003 0 0 0 00000000 0 0 0"]
        return "\n".join(lines)

    def _processes(self) -> str:
        files = self.files()
        listed = (path for path in files if path[6].isdigit() or path == BOOT_ID)
        return "\n".join(_grepped({path: files[path] for path in listed}))


class FakeChannel:
    """`sample_server.sh` on that machine; its output comes in small pieces."""

    def __init__(self, machine: FakeMachine) -> None:
        self._machine = machine
        self._pieces: asyncio.Queue[OutputPiece | None] = asyncio.Queue()
        self._ended = False
        self._say("Welcome to kms-1!\n")

    async def write(self, data: bytes) -> None:
        if self._ended:
            raise ServerUnreachable("the connection broke")
        number, pid, slow, *asked = data.decode().split()
        files = {
            path: text
            for path, text in self._machine.files().items()
            if any(fnmatch(path, pattern) for pattern in asked)
        }
        process = self._machine.process
        lines = [f"@farm begin {number}", *_grepped(files)]
        if slow == "1" and process and pid == str(process.pid):
            lines += ["@farm file -"] * process.descriptors
        self._say("\n".join([*lines, f"@farm end {number}", ""]))

    async def read(self) -> OutputPiece:
        piece = await self._pieces.get()
        if piece is None:
            self._pieces.put_nowait(None)
            raise ServerUnreachable("the connection broke")
        return piece

    async def close(self) -> None:
        self.end()

    def end(self) -> None:
        self._ended = True
        self._pieces.put_nowait(None)

    def _say(self, text: str) -> None:
        for start in range(0, len(text), 100):
            self._pieces.put_nowait(OutputPiece(text[start : start + 100].encode(), error=False))


def _grepped(files: dict[str, str]) -> list[str]:
    return [f"{path}:{line}" for path, text in files.items() for line in text.split("\n")]
