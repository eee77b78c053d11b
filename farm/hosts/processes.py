"""Reads all processes of this machine, and their descendants. proc(5)."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
SCHED_IDLE = 5
LOW_NICE = 10
"""The niceness that `nice` gives by default: from here on a program is meant to yield."""

Root = Callable[[], Iterable[int]]
"""Returns pids; they and their descendants belong together."""


@dataclass(frozen=True, slots=True)
class ProcessTime:
    """A process at one reading; `began` (ticks since boot) tells apart reuses of a pid."""

    parent: int
    name: str
    began: int
    cpu_s: float
    core: int
    low_priority: bool


ProcessTable = Mapping[int, ProcessTime]


def read_processes() -> ProcessTable:
    """Every process that can be seen, by pid."""
    processes = {}
    for entry in PROC.iterdir():
        if entry.name.isdecimal():
            with suppress(OSError, ValueError, IndexError):
                processes[int(entry.name)] = read_process(
                    (entry / "stat").read_text(errors="replace")
                )
    return processes


def read_process(stat: str) -> ProcessTime:
    """A line of `/proc/PID/stat`; a name may have any characters. Raises ValueError, IndexError."""
    name, _, rest = stat.partition("(")[2].rpartition(")")
    fields = rest.split()
    return ProcessTime(
        parent=int(fields[1]),
        name=name,
        began=int(fields[19]),
        cpu_s=(int(fields[11]) + int(fields[12])) / TICKS_PER_S,
        core=int(fields[36]),
        low_priority=int(fields[16]) >= LOW_NICE or int(fields[38]) == SCHED_IDLE,
    )


def families(roots: Iterable[int], processes: ProcessTable | None = None) -> Iterator[int]:
    """Pids of these processes and their descendants that are alive (in `processes`)."""
    seen = read_processes() if processes is None else processes
    children = defaultdict(list)
    for pid, process in seen.items():
        children[process.parent].append(pid)
    left, passed = [pid for pid in roots if pid in seen], set()
    while left:
        pid = left.pop()
        if pid not in passed:
            passed.add(pid)
            yield pid
            left += children[pid]
