"""CPU use of this machine by user between two readings: probes, farm, media server, others.

Each program's time is the kernel's (`/proc/PID/stat`, proc(5)). CPU time of programs beyond that
belongs to processes that are not seen: they started and ended between two readings, or run outside
of our container.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from farm.hosts.processes import PROC, ProcessTable, ProcessTime, Root
from farm.model.host_samples import CpuShare
from farm.model.page_samples import CpuUser
from farm.model.wording import one_line

LEAST_CORES = 0.01
MOST_OTHERS = 5
"""Other programs that are reported by name, each with at least `LEAST_CORES`."""

LONGEST_NAME = 40
INTERPRETERS = frozenset({"bash", "java", "node", "perl", "python", "ruby", "sh"})


class CpuUsers:
    """Compares each reading of all processes with the one before.

    `browsers` and `media_server` return pids; they and their descendants are the probes' and the
    media server's.
    """

    def __init__(self, browsers: Root, media_server: Root) -> None:
        self._browsers = browsers
        self._media_server = media_server
        self._before: ProcessTable = {}
        self._now: ProcessTable = {}
        self._passed_s = 0.0
        self._user_of: Mapping[int, CpuUser] = {}

    def update(self, processes: ProcessTable, passed_s: float) -> None:
        """Take a new reading; the one before was `passed_s` ago."""
        self._before, self._now, self._passed_s = self._now, processes, passed_s
        self._user_of = _user_of(
            processes,
            {
                "media_server": self._media_server(),
                "probes": self._browsers(),
                "farm": [os.getpid()],
            },
        )

    def on(self, cores: Collection[int], by_programs: float | None) -> tuple[CpuShare, ...] | None:
        """Users of these cores, of which programs used `by_programs`; None at the first reading."""
        if not self._before:
            return None
        used = {
            pid: (now.cpu_s - _since_s(self._before.get(pid), now)) / self._passed_s
            for pid, now in self._now.items()
            if now.core in cores
        }
        return shares(used, self._user_of, self._now, by_programs)


def shares(
    used: Mapping[int, float],
    user_of: Mapping[int, CpuUser],
    processes: ProcessTable,
    by_programs: float | None,
) -> tuple[CpuShare, ...]:
    """Cores by user, others by program, the largest first; `used` are cores by process.

    A process counts for the core on which it last ran, so that the sum may exceed the cores: others
    are then reduced in proportion.
    """
    groups: defaultdict[CpuUser, float] = defaultdict(float)
    programs: defaultdict[tuple[str, bool], float] = defaultdict(float)
    for pid, cores in used.items():
        if pid in user_of:
            groups[user_of[pid]] += cores
        elif cores >= LEAST_CORES:
            process = processes[pid]
            programs[_title(pid, process.name), process.low_priority] += cores
    if by_programs is not None and programs:
        left = max(0.0, by_programs - sum(groups.values()))
        too_much = max(1.0, sum(programs.values()) / left) if left else float("inf")
        programs = defaultdict(float, {key: each / too_much for key, each in programs.items()})
    ranked = sorted(programs.items(), key=lambda item: (-item[1], item[0]))
    result = [CpuShare(user, None, cores) for user, cores in groups.items()]
    result += [
        CpuShare("others", name, cores, low)
        for (name, low), cores in ranked[:MOST_OTHERS]
        if cores >= LEAST_CORES
    ]
    if by_programs is not None:
        unnamed = by_programs - sum(share.cores for share in result)
        if unnamed >= LEAST_CORES:
            result.append(CpuShare("others", None, unnamed))
    return tuple(result)


def _since_s(then: ProcessTime | None, now: ProcessTime) -> float:
    """CPU time of the process at the reading before; 0 if it has started since."""
    return then.cpu_s if then is not None and then.began == now.began else 0.0


def _user_of(
    processes: ProcessTable, roots: Mapping[CpuUser, Iterable[int]]
) -> Mapping[int, CpuUser]:
    """The user of each process: that of its nearest ancestor (or itself) that is a root."""
    user_of: dict[int, CpuUser] = {}
    for user, pids in roots.items():
        for pid in pids:
            user_of.setdefault(pid, user)
    for pid in processes:
        path, at = [], pid
        while at in processes and at not in user_of and at not in path:
            path.append(at)
            at = processes[at].parent
        if at in user_of:
            user_of.update(dict.fromkeys(path, user_of[at]))
    return user_of


def _title(pid: int, name: str) -> str:
    """A program's name; for an interpreter also its script."""
    title = name
    if name.split("-", maxsplit=1)[0].rstrip("0123456789.") in INTERPRETERS:
        with suppress(OSError):
            words = (PROC / str(pid) / "cmdline").read_text(errors="replace").split("\0")[1:]
            if words[:1] == ["-m"]:
                title = " ".join((name, *words[:2]))
            elif words and words[0] and not words[0].startswith("-"):
                title = f"{name} {Path(words[0]).name}"
    return one_line(title)[:LONGEST_NAME]
