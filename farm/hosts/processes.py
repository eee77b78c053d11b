"""Every process of this machine at one look, and who descends from whom. proc(5)."""

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
"""As `nice` gives without a number: from here on a program means to leave when it is asked."""

Root = Callable[[], Iterable[int]]
"""Tells processes that, with their descendants, are somebody's."""


@dataclass(frozen=True, slots=True)
class ProcessTime:
    """A process at one look; `began` (ticks since boot) tells it from a later one of its number."""

    parent: int
    name: str
    began: int
    cpu_s: float
    core: int
    low_priority: bool


Look = Mapping[int, ProcessTime]


def read_processes() -> Look:
    """Every process that is seen from here, by its number."""
    found = {}
    for entry in PROC.iterdir():
        if entry.name.isdecimal():
            with suppress(OSError, ValueError, IndexError):
                found[int(entry.name)] = read_process((entry / "stat").read_text(errors="replace"))
    return found


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


def families(roots: Iterable[int], processes: Look | None = None) -> Iterator[int]:
    """These processes and their descendants, as far as they live (in `processes`)."""
    seen = read_processes() if processes is None else processes
    children = defaultdict(list)
    for pid, process in seen.items():
        children[process.parent].append(pid)
    left, told = [pid for pid in roots if pid in seen], set()
    while left:
        pid = left.pop()
        if pid not in told:
            told.add(pid)
            yield pid
            left += children[pid]
