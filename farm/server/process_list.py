"""The processes of the server's machine, as its /proc lists them, and their families. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from functools import partial
from itertools import takewhile

from farm.linux.parsing import or_none

BOOT_ID = "/proc/sys/kernel/random/boot_id"
"""The file that tells one boot of the machine from another (random(4))."""

LIST_PROCESSES = f"grep -asH '' /proc/[0-9]*/stat /proc/[0-9]*/cmdline {BOOT_ID}"

_STAT = re.compile(r"/proc/\d+/stat")
_ENDED = frozenset("ZXx")
_SHELLS = frozenset({"ash", "bash", "busybox", "dash", "fish", "ksh", "sh", "zsh"})


@dataclass(frozen=True, slots=True)
class ListedProcess:
    """A process that is no zombie: proc(5), /proc/PID/stat and cmdline.

    `started` is in ticks after boot, `ticks` are of CPU time; `group` is its process group.
    """

    pid: int
    parent: int
    group: int
    started: int
    name: str
    arguments: tuple[str, ...]
    ticks: int

    @property
    def program(self) -> str:
        """Name of the program and of its script; without options, which may hold secrets."""
        words = takewhile(lambda word: word and word[0] != "-", self.arguments[:2])
        return " ".join(word.rpartition("/")[2] for word in words) or self.name

    @property
    def is_shell(self) -> bool:
        """Whether it is a shell, also one that runs a script."""
        program = self.arguments[0].rpartition("/")[2].removeprefix("-")
        return not _SHELLS.isdisjoint({self.name, program})


def listed_processes(files: Mapping[str, str]) -> dict[int, ListedProcess]:
    """The processes in these files of /proc, by pid."""
    listed = (
        or_none(partial(_listed, files.get(path.replace("/stat", "/cmdline"), "")), text)
        for path, text in files.items()
        if _STAT.fullmatch(path)
    )
    return {process.pid: process for process in listed if process is not None}


def _listed(command_line: str, stat: str) -> ListedProcess | None:
    """The process of a stat; `None` of a zombie. Raises ValueError or IndexError for a cut one."""
    pid, _, named = stat.partition(" (")
    name, _, behind_name = named.rpartition(") ")
    state, *words = behind_name.split()
    if state in _ENDED:
        return None
    return ListedProcess(
        pid=int(pid),
        parent=int(words[0]),
        group=int(words[1]),
        started=int(words[18]),
        name=name,
        arguments=tuple(command_line.split("\0")),
        ticks=int(words[10]) + int(words[11]),
    )


def ancestors(pid: int, everyone: Mapping[int, ListedProcess]) -> Iterator[ListedProcess]:
    """The parent of a process, its parent and so on, as far as they are seen."""
    left = dict(everyone)
    process = left.pop(pid)
    while (above := left.pop(process.parent, None)) is not None:
        yield above
        process = above


def families(pids: Set[int], everyone: Mapping[int, ListedProcess]) -> dict[int, set[int]]:
    """The seen ones of these processes by family, each by the pid of its eldest.

    A process is of the family of those above it that are among `pids`. So are workers of one
    parent, whatever it is: they stay in its process group. What an init, a supervisor or a
    container's runtime starts has a group of its own. A script keeps all that it starts in its
    own; that is no sign that it is one server.
    """
    found: dict[int, set[int]] = {}
    for pid in pids & everyone.keys():
        eldest = everyone[pid]
        for above in ancestors(pid, everyone):
            is_of_group = above.pid == eldest.parent and above.group == eldest.group
            if above.pid in pids or (is_of_group and not above.is_shell):
                eldest = above
        found.setdefault(eldest.pid, set()).add(pid)
    return found
