"""Identifies the media server's process on the server's machine.

`search_commands` are commands for any POSIX shell, `choose_process` reads their output. If several
processes of one server match (a wrapper that started it, its forked workers), the one with most
CPU time is it. Of several servers none is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import attrgetter

from farm.linux.frames import proc_files
from farm.model.server_settings import ProcessSettings
from farm.server.container import contained, container_commands, uncontained_reason
from farm.server.listeners import LIST_HOLDERS, LIST_SOCKETS, listeners
from farm.server.process_list import LIST_PROCESSES, ListedProcess, families, listed_processes

COMM_LENGTH = 15
"""The kernel cuts a process' name to this: `kurento-media-s`."""

MOST_PIDS = 5
"""In a message."""


@dataclass(frozen=True, slots=True)
class MediaServerProcess:
    """A process of the media server; `started` (ticks after boot) tells apart reuses of a pid.

    `program` is what runs in it, `node server.js`, and `name` what the kernel calls it. `family` is
    the pid of its server's eldest process, which may be its own. `alike` counts that server's
    processes of this name.
    """

    pid: int
    started: int
    program: str = field(default="", compare=False)
    name: str = field(default="", compare=False)
    family: int = field(default=0, compare=False)
    alike: int = field(default=1, compare=False)

    def __str__(self) -> str:
        return f"pid {self.pid}"

    @property
    def is_eldest(self) -> bool:
        return self.pid == self.family


@dataclass(frozen=True, slots=True)
class Followed:
    """What is known of the media server's process from earlier searches.

    `last` is the one found last, alive until `alive_ticks` after boot at least. `like` is of the
    kind that is wanted: one that had worked when it was chosen. `afresh`: while it lives, whichever
    of its server has worked most is wanted.
    """

    last: MediaServerProcess | None = None
    like: MediaServerProcess | None = None
    alive_ticks: float = 0.0
    afresh: bool = False

    def pid_in(self, everyone: Mapping[int, ListedProcess]) -> int | None:
        """The pid of `last` while it lives."""
        last = self.last
        listed = everyone.get(last.pid) if last is not None else None
        return last.pid if last and listed and listed.started == last.started else None


def search_commands(process: ProcessSettings) -> tuple[str, ...]:
    """The commands whose output `choose_process` reads."""
    if process.pid is not None:
        return (f"grep -asH '' /proc/{process.pid}/stat",)
    if process.port is not None:
        return (LIST_SOCKETS, LIST_HOLDERS, LIST_PROCESSES)
    if process.container is not None:
        return (*container_commands(process.container), LIST_PROCESSES)
    return (LIST_PROCESSES,)


def choose_process(
    process: ProcessSettings, output: str, followed: Followed = Followed()
) -> MediaServerProcess | None:
    """The media server's process; `None` if none is seen, or named, or several servers fit.

    The last one stays it while it lives, unless `afresh`. After it one of its kind is taken: of a
    server that has just started none has used more CPU than others.
    """
    files = proc_files(output.split("\n"))
    everyone = listed_processes(files)
    servers = _servers(process, output, files, everyone, followed)
    there, like = followed.pid_in(everyone), followed.like
    of_last = [family for family, pids in servers.items() if there in pids]
    if not of_last and len(servers) != 1:
        return None
    family = (of_last or [*servers])[0]
    members = [everyone[pid] for pid in servers[family]]

    def unlike(each: ListedProcess) -> tuple[bool, ...]:
        if like is None or (followed.afresh and there is not None):
            return ()
        is_eldest = each.pid == family
        return each.program != like.program, each.pid != there, is_eldest != like.is_eldest

    chosen = min(members, key=lambda each: (*unlike(each), -each.ticks, each.pid))
    return MediaServerProcess(
        chosen.pid,
        chosen.started,
        program=chosen.program,
        name=chosen.name,
        family=family,
        alike=sum(each.name == chosen.name for each in members),
    )


def _servers(
    process: ProcessSettings,
    output: str,
    files: Mapping[str, str],
    everyone: Mapping[int, ListedProcess],
    followed: Followed,
) -> Mapping[int, set[int]]:
    """The processes that fit, by server: by the pid of its eldest (0: a container, whole).

    A server that ran beside the one that is followed is another.
    """
    if process.pid is not None:
        return families({process.pid}, everyone)
    if process.container is not None:
        pids = contained(process.container, output, files) & everyone.keys()
        return {0: pids} if pids else {}
    fitting: Mapping[int, set[int]] = {}
    if process.port is not None:
        networks = listeners(process.port, output, everyone).networks
        fitting = networks[0] if len(networks) == 1 else {}
    elif process.name is not None:
        fitting = families(_named(process.name, everyone, followed.like), everyone)
    last, there = followed.last, followed.pid_in(everyone)
    return {
        family: pids
        for family, pids in fitting.items()
        if last is None
        or family == last.family
        or there in pids
        or min(everyone[pid].started for pid in pids) > followed.alive_ticks
    }


def unseen_reason(process: ProcessSettings, output: str, followed: Followed = Followed()) -> str:
    """Why `choose_process` finds none in this output, as far as the output shows it."""
    files = proc_files(output.split("\n"))
    everyone = listed_processes(files)
    if process.container is not None:
        return uncontained_reason(process.container, output)
    if not everyone and process.pid is None:
        return "no process is seen there (/proc)"
    servers = _servers(process, output, files, everyone, followed)
    if len(servers) > 1:
        return _several(process, servers, everyone)
    if not servers and _servers(process, output, files, everyone, Followed(like=followed.like)):
        return f"{process_label(process)} is gone; what ran beside it is another server"
    if process.port is not None and (why := _unheard(process.port, output, everyone)):
        return why
    own = ": this login is shown only its own processes (/proc with hidepid)"
    is_own = process.pid is None and 1 not in everyone
    return f"{process_label(process)} is not seen there{own if is_own else ''}"


def _unheard(port: int, output: str, everyone: Mapping[int, ListedProcess]) -> str | None:
    """Why it is not known which process listens on a port; `None`: nothing listens on it."""
    listening = listeners(port, output, everyone)
    if len(listening.networks) > 1:
        pids = ", ".join(str(min(set().union(*each.values()))) for each in listening.networks)
        return (
            f"{len(listening.networks)} networks (containers) of that machine have a process that"
            f" listens on TCP port {port}, pids {pids}: name it by server.process.container or pid"
        )
    if listening.forwarder is not None:
        return (
            f"{listening.forwarder} forwards TCP port {port} there to a container: name it by"
            " server.process.container"
        )
    if listening.is_held:
        return (
            f"something listens on TCP port {port} there, but this login may not see which process"
            " it is"
        )
    return None


def _several(
    process: ProcessSettings,
    servers: Mapping[int, set[int]],
    everyone: Mapping[int, ListedProcess],
) -> str:
    """That several servers fit, with the busiest process of each."""
    fit, names = f"are named {process.name}", "port"
    if process.port is not None:
        fit, names = f"listen on TCP port {process.port} there", "name"
    pids = sorted(max(pids, key=lambda pid: everyone[pid].ticks) for pids in servers.values())
    shown = ", ".join(str(pid) for pid in pids[:MOST_PIDS])
    more = " and more" if len(pids) > MOST_PIDS else ""
    return (
        f"{len(servers)} processes {fit}, pids {shown}{more}: name one by server.process.{names},"
        " container or pid"
    )


def process_label(process: ProcessSettings) -> str | None:
    """The process as a user would name it; `None` if the experiment names none."""
    if process.pid is not None:
        return f"process {process.pid}"
    if process.port is not None:
        return f"the process that listens on TCP port {process.port}"
    if process.container is not None:
        return f"container {process.container}"
    return None if process.name is None else f"process {process.name}"


def _named(
    name: str, everyone: Mapping[int, ListedProcess], like: MediaServerProcess | None
) -> set[int]:
    """Pids by the program's name; else by the script or module that an interpreter runs.

    An editor may work on that script: the interpreter is that of `like`, else the busiest.
    """
    programs = {
        each.pid
        for each in everyone.values()
        if each.name == name[:COMM_LENGTH]
        and (len(name) <= COMM_LENGTH or not each.arguments[0] or name in _words(each))
    }
    if programs:
        return programs
    matching = [each for each in everyone.values() if name in _words(each)]
    if like is not None and any(each.name == like.name for each in matching):
        interpreter = like.name
    else:
        interpreter = max(matching, key=attrgetter("ticks")).name if matching else ""
    return {each.pid for each in matching if each.name == interpreter}


def _words(process: ListedProcess) -> set[str]:
    """Names by which a process matches: its first four arguments and their base names.

    `python -m infra.x` is `infra.x`, `/usr/bin/kurento-media-server -f /etc/x` is
    `kurento-media-server`.
    """
    first = process.arguments[:4]
    return {*first, *(word.rpartition("/")[2] for word in first)}
