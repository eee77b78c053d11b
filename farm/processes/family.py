"""Finds the processes that belong to a child: its session, its group, its marked relatives.

Chromium, sshd and their kind start processes that leave their parent's session and outlive it, so a
group is not enough, and once a parent is dead its descendants cannot be walked any more. Therefore
each child gets `MARK` in its environment, which its descendants inherit (sshd's overwrite it, but
end with their connection), and its family is determined before a child is ended.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

import psutil

MARK = "PROBE_FARM_CHILD"
"""The environment variable whose value identifies the descendants of a child."""


def relatives(
    mark: str, leaders: Iterable[psutil.Process], known: Iterable[psutil.Process] = ()
) -> set[psutil.Process]:
    """All living processes of these sessions, with this mark, `known`, or below such a process.

    `mark` is matched as a prefix, so that one controller's mark finds all of its children. A
    leader whose pid now belongs to another process has no session any more (the kernel keeps the
    number of a session while it has a member) and has no relatives. Zombies do not count.
    """
    sessions = {leader.pid for leader in leaders if not _recycled(leader)}
    known = set(known)
    living: dict[int, psutil.Process] = {}
    children: dict[int, list[int]] = {}
    pending: list[int] = []
    for process in psutil.process_iter():
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                continue
            children.setdefault(process.ppid(), []).append(process.pid)
            living[process.pid] = process
            if (
                process in known
                or _session_or_group_in(process.pid, sessions)
                or _marked(process, mark)
            ):
                pending.append(process.pid)
        except psutil.NoSuchProcess:
            continue
    family: dict[int, psutil.Process] = {}
    while pending:
        pid = pending.pop()
        if pid not in family and pid != os.getpid():
            family[pid] = living[pid]
            pending.extend(child for child in children.get(pid, ()) if child in living)
    return set(family.values())


def kill(processes: Iterable[psutil.Process]) -> None:
    """SIGKILL each process, unless its pid belongs to another one by now."""
    for process in processes:
        try:
            process.kill()
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue


def _recycled(leader: psutil.Process) -> bool:
    return psutil.pid_exists(leader.pid) and not leader.is_running()


def _session_or_group_in(pid: int, sessions: set[int]) -> bool:
    try:
        return os.getsid(pid) in sessions or os.getpgid(pid) in sessions
    except (ProcessLookupError, PermissionError):
        return False


def _marked(process: psutil.Process, mark: str) -> bool:
    try:
        return process.environ().get(MARK, "").startswith(mark)
    except (psutil.Error, OSError):
        return False
