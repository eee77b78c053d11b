"""The control groups of a process: their limits, and CPU time that they withheld. cgroups(7).

Any group above the process' own may have a limit, so all of them are read, in versions 1 and 2:
the tightest limit counts.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from farm.analysis.aggregates import grown
from farm.linux.parsing import numbers, or_none

UNLIMITED_BYTES = 1 << 60
"""Version 1 writes no limit as a number near 2^63."""


@dataclass(frozen=True, slots=True)
class Groups:
    """Directories of a process' groups, its own first; empty where they cannot be seen."""

    cpu: tuple[str, ...] = ()
    cpuacct: tuple[str, ...] = ()
    memory: tuple[str, ...] = ()
    io: tuple[str, ...] = ()

    @property
    def fast_files(self) -> tuple[str, ...]:
        """Files to be read each second."""
        usage = [f"{folder}/cpuacct.usage" for folder in self.cpuacct[:1]]
        return (*(f"{folder}/cpu.stat" for folder in self.cpu), *usage)

    @property
    def slow_files(self) -> tuple[str, ...]:
        """Files to be read every few seconds; those of the other version do not exist."""
        cpu = ("cpu.max", "cpu.cfs_quota_us", "cpu.cfs_period_us")
        limit = ("memory.max", "memory.limit_in_bytes", "memory.events", "memory.failcnt")
        used = ("memory.current", "memory.usage_in_bytes", "memory.stat")
        written = ("io.max", "blkio.throttle.write_bps_device")
        return tuple(
            f"{folder}/{name}"
            for folders, names in ((self.cpu, cpu), (self.memory, limit + used), (self.io, written))
            for folder in folders
            for name in names
        )


@dataclass(frozen=True, slots=True)
class Quota:
    """Periods of a quota in which the group ran, and those in which it was throttled."""

    periods: int
    throttled_periods: int


@dataclass(frozen=True, slots=True)
class CpuUse:
    """CPU use of groups: `usage_us` of the process' own group; `quotas` by group."""

    usage_us: int | None
    quotas: Mapping[str, Quota]


@dataclass(frozen=True, slots=True)
class Limits:
    """The tightest limits, `None` without one; memory used is without caches that can be dropped.

    `memory_limit_hits` counts how often a group reached its memory limit.
    """

    cores: float | None
    memory_bytes: int | None
    memory_used_bytes: int | None
    memory_limit_hits: int | None
    written_bps: float | None


def locate_command(pid: int) -> str:
    """The command whose output `groups` reads."""
    return f"grep -asH '' {' '.join(locating_files(pid))}"


def locating_files(pid: int) -> tuple[str, ...]:
    """The files that `groups` reads."""
    return (f"/proc/{pid}/cgroup", "/proc/self/mountinfo")


def limits_command(where: Groups) -> str:
    """The command whose output `read_limits` reads."""
    return f"grep -asH '' {shlex.join(where.slow_files)}"


def groups(files: Mapping[str, str], pid: int) -> Groups:
    """Where the groups of a process are mounted, from the output of `locate_command`."""
    mounts = [
        mount
        for line in files.get("/proc/self/mountinfo", "").split("\n")
        if (mount := or_none(_mount, line)) is not None
    ]
    by_controller: dict[str, tuple[str, ...]] = {}
    for line in files.get(f"/proc/{pid}/cgroup", "").split("\n"):
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        for mount in mounts:
            if number == "0" and not controllers and mount.version == 2:
                folders = _folders(mount, path)
                for name in ("cpu", "memory", "io"):
                    by_controller.setdefault(name, folders)
            elif mount.version == 1:
                shared = mount.controllers & set(controllers.split(","))
                for name in shared:
                    key = "io" if name == "blkio" else name
                    by_controller[key] = _folders(mount, path)
    return Groups(
        cpu=by_controller.get("cpu", ()),
        cpuacct=by_controller.get("cpuacct", ()),
        memory=by_controller.get("memory", ()),
        io=by_controller.get("io", ()),
    )


def read_cpu_use(files: Mapping[str, str], where: Groups) -> CpuUse | None:
    """CPU use of the groups; `None` if no group can be seen."""
    stats = {path: numbers(files[path]) for path in _there(files, where.cpu, "cpu.stat")}
    own = f"{where.cpu[0]}/cpu.stat" if where.cpu else ""
    usage = [stats[own]["usage_usec"]] if "usage_usec" in stats.get(own, ()) else []
    usage += [
        nanoseconds // 1000
        for path in _there(files, where.cpuacct[:1], "cpuacct.usage")
        if (nanoseconds := or_none(int, files[path])) is not None
    ]
    quotas = {
        path: Quota(stat["nr_periods"], stat["nr_throttled"])
        for path, stat in stats.items()
        if "nr_throttled" in stat and "nr_periods" in stat
    }
    return CpuUse(usage[0] if usage else None, quotas) if usage or quotas else None


def throttled_percent(before: CpuUse | None, after: CpuUse | None) -> float | None:
    """Percent of quota periods in which the most throttled group was throttled.

    `None` if no quota was in force.
    """
    if before is None or after is None:
        return None
    shares = []
    for path, now in after.quotas.items():
        then = before.quotas.get(path)
        periods = grown(then.periods if then else None, now.periods)
        throttled = grown(then.throttled_periods if then else None, now.throttled_periods)
        if periods and throttled is not None:
            shares.append(100.0 * throttled / periods)
    return max(shares, default=None)


def read_limits(files: Mapping[str, str], where: Groups) -> Limits | None:
    """Limits of the groups; `None` if no group can be seen."""
    if not any(path in files for path in where.slow_files):
        return None
    memory = [
        (limit, folder)
        for folder in where.memory
        if (limit := _memory_limit(files, folder)) is not None
    ]
    tightest = min(memory, default=(None, next(iter(where.memory), "")))
    return Limits(
        cores=_least(files, where.cpu, _cores),
        memory_bytes=tightest[0],
        memory_used_bytes=_memory_used(files, tightest[1]),
        memory_limit_hits=_memory_limit_hits(files, tightest[1]),
        written_bps=_least(files, where.io, _written_bps),
    )


@dataclass(frozen=True, slots=True)
class _Mount:
    version: int
    root: str
    point: str
    controllers: frozenset[str]


def _mount(line: str) -> _Mount | None:
    """See proc(5), /proc/PID/mountinfo."""
    before, _, after = line.partition(" - ")
    kind, _, options = after.split(" ")
    _, _, _, root, point, *_ = before.split(" ")
    if kind not in ("cgroup", "cgroup2"):
        return None
    return _Mount(2 if kind == "cgroup2" else 1, root, point, frozenset(options.split(",")))


def _folders(mount: _Mount, path: str) -> tuple[str, ...]:
    """Directories from the group up to the mount point; empty for a group outside of it."""
    if not (path.startswith("/") and mount.root.startswith("/") and mount.point.startswith("/")):
        return ()
    below = posixpath.relpath(path, mount.root)
    if below.startswith(".."):
        return ()
    top = posixpath.normpath(mount.point)
    folders, folder = [], posixpath.normpath(posixpath.join(top, below))
    while folder != top:
        folders.append(folder)
        folder = posixpath.dirname(folder)
    return (*folders, top)


def _there(files: Mapping[str, str], folders: Iterable[str], name: str) -> list[str]:
    return [path for folder in folders if (path := f"{folder}/{name}") in files]


def _least(
    files: Mapping[str, str],
    folders: Iterable[str],
    read: Callable[[Mapping[str, str], str], float | None],
) -> float | None:
    limits = (read(files, folder) for folder in folders)
    return min((limit for limit in limits if limit is not None), default=None)


def _cores(files: Mapping[str, str], folder: str) -> float | None:
    def of_one_file(text: str) -> float | None:
        quota, period = text.split()
        return None if quota == "max" else int(quota) / int(period)

    def of_two(text: str) -> float | None:
        quota = int(text)
        return None if quota < 0 else quota / int(files[f"{folder}/cpu.cfs_period_us"])

    one = or_none(of_one_file, files.get(f"{folder}/cpu.max"))
    return or_none(of_two, files.get(f"{folder}/cpu.cfs_quota_us")) if one is None else one


def _memory_limit(files: Mapping[str, str], folder: str) -> int | None:
    for name in ("memory.max", "memory.limit_in_bytes"):
        limit = or_none(int, files.get(f"{folder}/{name}"))  # "max" is no number
        if limit is not None and limit < UNLIMITED_BYTES:
            return limit
    return None


def _memory_used(files: Mapping[str, str], folder: str) -> int | None:
    """Memory used without inactive file cache, as `docker stats` shows it."""
    stat = numbers(files.get(f"{folder}/memory.stat", ""))
    droppable = stat.get("total_inactive_file", stat.get("inactive_file"))
    for name in ("memory.current", "memory.usage_in_bytes"):
        used = or_none(int, files.get(f"{folder}/{name}"))
        if used is not None and droppable is not None:
            return max(0, used - droppable)
    return None


def _memory_limit_hits(files: Mapping[str, str], folder: str) -> int | None:
    events = numbers(files.get(f"{folder}/memory.events", ""))
    return events.get("max", or_none(int, files.get(f"{folder}/memory.failcnt")))


def _written_bps(files: Mapping[str, str], folder: str) -> float | None:
    """A disk's write limit; the least if several disks have one."""
    in_one = re.findall(r"\bwbps=(\d+)", files.get(f"{folder}/io.max", ""))
    own = files.get(f"{folder}/blkio.throttle.write_bps_device", "")
    in_own = re.findall(r"^\d+:\d+ (\d+)$", own, re.MULTILINE)
    return min((8.0 * int(limit) for limit in (*in_one, *in_own)), default=None)
