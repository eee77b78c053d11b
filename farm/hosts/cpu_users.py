"""Who used the cores of this machine between two looks: probes, farm, media server, others.

Each program's time is the kernel's own account (`/proc/PID/stat`, proc(5)). What programs had
beyond that belongs to some that are not seen from here: they came and went between two looks, or
run outside of the container that this is.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from farm.hosts.processes import PROC, Look, ProcessTime, Root
from farm.model.host_samples import CpuShare
from farm.model.page_samples import CpuUser
from farm.model.wording import one_line

LEAST_CORES = 0.01
MOST_OTHERS = 5
"""So many other programs are told by name, each that used a hundredth of a core."""

LONGEST_NAME = 40
INTERPRETERS = frozenset({"bash", "java", "node", "perl", "python", "ruby", "sh"})


class CpuUsers:
    """Sets each look at all processes against the one before.

    `browsers` and `media_server` tell processes whose families are the probes' and the server's.
    """

    def __init__(self, browsers: Root, media_server: Root) -> None:
        self._browsers = browsers
        self._media_server = media_server
        self._before: Look = {}
        self._now: Look = {}
        self._passed_s = 0.0
        self._whose: Mapping[int, CpuUser] = {}

    def look(self, processes: Look, passed_s: float) -> None:
        """The look before was `passed_s` ago."""
        self._before, self._now, self._passed_s = self._now, processes, passed_s
        self._whose = _families(
            processes,
            {
                "media_server": self._media_server(),
                "probes": self._browsers(),
                "farm": [os.getpid()],
            },
        )

    def on(self, cores: Collection[int], by_programs: float | None) -> tuple[CpuShare, ...] | None:
        """Who had these cores, on which programs used so many; None before the second look."""
        if not self._before:
            return None
        used = {
            pid: (now.cpu_s - _since_s(self._before.get(pid), now)) / self._passed_s
            for pid, now in self._now.items()
            if now.core in cores
        }
        return shares(used, self._whose, self._now, by_programs)


def shares(
    used: Mapping[int, float],
    whose: Mapping[int, CpuUser],
    processes: Look,
    by_programs: float | None,
) -> tuple[CpuShare, ...]:
    """Cores by user, others by program, the largest first; `used` are cores by process.

    A process counts for the core on which it was seen last, so that together they may have more
    than the cores had: then others are told as so much less.
    """
    groups: defaultdict[CpuUser, float] = defaultdict(float)
    programs: defaultdict[tuple[str, bool], float] = defaultdict(float)
    for pid, cores in used.items():
        if pid in whose:
            groups[whose[pid]] += cores
        elif cores >= LEAST_CORES:
            process = processes[pid]
            programs[_title(pid, process.name), process.low_priority] += cores
    if by_programs is not None and programs:
        left = max(0.0, by_programs - sum(groups.values()))
        too_much = max(1.0, sum(programs.values()) / left) if left else float("inf")
        programs = defaultdict(float, {key: each / too_much for key, each in programs.items()})
    ranked = sorted(programs.items(), key=lambda item: (-item[1], item[0]))
    found = [CpuShare(user, None, cores) for user, cores in groups.items()]
    found += [
        CpuShare("others", name, cores, low)
        for (name, low), cores in ranked[:MOST_OTHERS]
        if cores >= LEAST_CORES
    ]
    if by_programs is not None:
        unnamed = by_programs - sum(share.cores for share in found)
        if unnamed >= LEAST_CORES:
            found.append(CpuShare("others", None, unnamed))
    return tuple(found)


def _since_s(then: ProcessTime | None, now: ProcessTime) -> float:
    """What it had used at the look before; 0 for one that has begun since."""
    return then.cpu_s if then is not None and then.began == now.began else 0.0


def _families(processes: Look, roots: Mapping[CpuUser, Iterable[int]]) -> Mapping[int, CpuUser]:
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
    title = name
    if name.split("-", maxsplit=1)[0].rstrip("0123456789.") in INTERPRETERS:
        with suppress(OSError):
            words = (PROC / str(pid) / "cmdline").read_text(errors="replace").split("\0")[1:]
            if words[:1] == ["-m"]:
                title = " ".join((name, *words[:2]))
            elif words and words[0] and not words[0].startswith("-"):
                title = f"{name} {Path(words[0]).name}"
    return one_line(title)[:LONGEST_NAME]
