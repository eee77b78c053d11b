"""Counters of the kernel that show whether the bottleneck that a test made had an effect."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.starved_server import INTERFACE, IO_PRESSURE, StarvedServer


@dataclass
class Bite:
    """A bottleneck bites when `count` reaches `enough` for `at_least_s` of a trial.

    `rises`: what counts is by how much it rises a second. It is looked at `every_s`.
    """

    count: Callable[[StarvedServer], float]
    enough: float
    rises: bool = True
    at_least_s: float = 3.0
    every_s: float = 0.5
    seconds: float = field(default=0.0, init=False)

    @property
    def bites(self) -> bool:
        return self.seconds >= self.at_least_s

    @asynccontextmanager
    async def watched(self, server: StarvedServer) -> AsyncIterator[None]:
        """Read the counter while the body runs."""
        looking = asyncio.create_task(self._look_on(server))
        try:
            yield
        finally:
            looking.cancel()
            with suppress(asyncio.CancelledError):
                await looking

    async def _look_on(self, server: StarvedServer) -> None:
        clock = asyncio.get_running_loop().time
        before, before_s = self.count(server), clock()
        while True:
            await asyncio.sleep(self.every_s)
            now, now_s = self.count(server), clock()
            passed_s = now_s - before_s
            reached = (now - before) / passed_s if self.rises else now
            if reached >= self.enough:
                self.seconds += passed_s
            before, before_s = now, now_s


def wanted_cpu_s(server: StarvedServer) -> float:
    """CPU time that the server has used or waited for; `schedstat` has both, in nanoseconds."""
    nanoseconds = 0
    for process in family(server):
        with suppress(psutil.NoSuchProcess):
            for thread in process.threads():
                with suppress(FileNotFoundError, ProcessLookupError):  # it has ended since
                    stat = Path(f"/proc/{process.pid}/task/{thread.id}/schedstat")
                    used, waited, _ = stat.read_text().split()
                    nanoseconds += int(used) + int(waited)
    return nanoseconds / 1e9


def throttled_periods(server: StarvedServer) -> float:
    """Periods in which the server's CPU quota was used up."""
    words = (server.groups["cpu"] / "cpu.stat").read_text().split()
    return float(words[words.index("nr_throttled") + 1])


def held_back_packets(server: StarvedServer) -> float:
    """Packets that the shaper of the server's network could not send at once."""
    (queue,) = json.loads(server.inside("tc", "-s", "-j", "qdisc", "show", "dev", INTERFACE))
    return float(queue["overlimits"])


def memory_refusals(server: StarvedServer) -> float:
    """How often the server's control group was at its memory limit."""
    return float((server.groups["memory"] / "memory.failcnt").read_text())


def packets_without_room(server: StarvedServer) -> float:
    """Datagrams that were dropped at full socket buffers of the server's network."""
    network = "self" if server.keeper is None else str(server.keeper)
    lines = Path("/proc", network, "net/snmp").read_text().splitlines()
    names, values = (line.split() for line in lines if line.startswith("Udp:"))
    return float(values[names.index("RcvbufErrors")])


def open_files(server: StarvedServer) -> float:
    """The open descriptors of the process of the server that has most of them."""
    most = 0
    for process in family(server):
        with suppress(psutil.NoSuchProcess):  # it has ended since
            most = max(most, process.num_fds())
    return most


def stalled_by_disks_s(_: StarvedServer) -> float:
    """How long anything on this machine has waited for a disk (PSI): nothing else is slow here."""
    some = IO_PRESSURE.read_text().splitlines()[0]
    return int(some.rpartition("total=")[2]) / 1e6


def family(server: StarvedServer) -> list[psutil.Process]:
    """The server's processes; one is replaced at each reset."""
    try:
        keeper = psutil.Process(int(server.pid_file.read_text()))
        return [keeper, *keeper.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []
