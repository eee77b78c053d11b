"""Who used the cores of this machine between two looks: probes, the farm, the media server, others.

Each program's time is the kernel's own account (`/proc/PID/stat`, proc(5)). What the machine spent
beyond that belongs to programs that are not seen from here: they came and went between two looks,
or run outside of the container that this is.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from farm.observations import CpuShare, CpuUser

PROC = Path("/proc")
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
SCHED_IDLE = 5
LOW_NICE = 10
"""As `nice` gives without a number: from here on a program means to leave when it is asked."""

LEAST_CORES = 0.01
MOST_OTHERS = 5
"""So many other programs are told by name, each that used a hundredth of a core."""

INTERPRETERS = ("bash", "java", "node", "perl", "python", "ruby", "sh")
Root = Callable[[], Iterable[int]]


@dataclass(frozen=True, slots=True)
class ProcessTime:
    """A process at one look; `began` (ticks since boot) tells it from a later one of its number."""

    parent: int
    name: str
    began: int
    cpu_s: float
    core: int
    low_priority: bool


class CpuUsers:
    """Looks at all processes of this machine. `cores` are those that count; `None`: all.

    `browsers` and `media_server` tell processes whose families are the probes' and the server's.
    """

    def __init__(self, browsers: Root, media_server: Root, cores: Sequence[int] | None) -> None:
        self._browsers = browsers
        self._media_server = media_server
        self._cores = None if cores is None else frozenset(cores)
        self._before: Mapping[int, ProcessTime] | None = None

    def look(self, passed_s: float, busy_cores: float | None) -> tuple[CpuShare, ...] | None:
        """Since the last look, `passed_s` ago, in which `busy_cores` were busy; None at first."""
        before, processes = self._before, read_processes()
        self._before = processes
        if before is None:
            return None
        whose = _families(
            processes,
            {
                "media_server": self._media_server(),
                "probes": self._browsers(),
                "farm": [os.getpid()],
            },
        )
        used = {
            pid: (now.cpu_s - _since_s(before.get(pid), now)) / passed_s
            for pid, now in processes.items()
            if self._cores is None or now.core in self._cores
        }
        return shares(used, whose, processes, busy_cores)


def shares(
    used: Mapping[int, float],
    whose: Mapping[int, CpuUser],
    processes: Mapping[int, ProcessTime],
    busy_cores: float | None,
) -> tuple[CpuShare, ...]:
    """Cores by user, others by program, the largest first; `used` are cores by process."""
    groups: defaultdict[CpuUser, float] = defaultdict(float)
    programs: defaultdict[tuple[str, bool], float] = defaultdict(float)
    for pid, cores in used.items():
        if pid in whose:
            groups[whose[pid]] += cores
        elif cores >= LEAST_CORES:
            process = processes[pid]
            programs[_title(pid, process.name), process.low_priority] += cores
    ranked = sorted(programs.items(), key=lambda item: (-item[1], item[0]))
    found = [CpuShare(user, None, cores) for user, cores in groups.items()]
    found += [CpuShare("others", name, cores, low) for (name, low), cores in ranked[:MOST_OTHERS]]
    if busy_cores is not None:
        unnamed = busy_cores - sum(share.cores for share in found)
        if unnamed >= LEAST_CORES:
            found.append(CpuShare("others", None, unnamed))
    return tuple(found)


def read_processes() -> Mapping[int, ProcessTime]:
    """Every process that is seen from here, by its number."""
    found = {}
    for entry in PROC.iterdir():
        if entry.name.isdecimal():
            with suppress(OSError, ValueError, IndexError):
                found[int(entry.name)] = read_process((entry / "stat").read_text())
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


def _since_s(then: ProcessTime | None, now: ProcessTime) -> float:
    """What it had used at the look before; 0 for one that has begun since."""
    return then.cpu_s if then is not None and then.began == now.began else 0.0


def _families(
    processes: Mapping[int, ProcessTime], roots: Mapping[CpuUser, Iterable[int]]
) -> Mapping[int, CpuUser]:
    """Whose each process is: its own root's, or that of the nearest of its parents."""
    whose: dict[int, CpuUser] = {}
    for user, pids in roots.items():
        for pid in pids:
            whose.setdefault(pid, user)
    for pid in processes:
        way, at = [], pid
        while at in processes and at not in whose and at not in way:
            way.append(at)
            at = processes[at].parent
        if at in whose:
            whose.update(dict.fromkeys(way, whose[at]))
    return whose


def _title(pid: int, name: str) -> str:
    """A program's name; of an interpreter with the script that it runs."""
    if not name.rstrip("0123456789.").startswith(INTERPRETERS):
        return name
    with suppress(OSError):
        words = (PROC / str(pid) / "cmdline").read_text(errors="replace").split("\0")[1:]
        if words[:1] == ["-m"]:
            return " ".join((name, *words[:2]))
        if words and words[0] and not words[0].startswith("-"):
            return f"{name} {Path(words[0]).name}"
    return name
