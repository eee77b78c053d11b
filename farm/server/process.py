"""Identifies the media server's process on the server's machine.

`search_commands` are commands for any POSIX shell, `choose_process` reads their output. If several
processes match (a wrapper that started it, its forked workers), the one with most CPU time is it.
A port is looked for in the login's own network first: containers and other networks of the machine
may each have a listener on the same one.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import takewhile

from farm.linux.frames import proc_files
from farm.linux.parsing import or_none
from farm.model.server_settings import ProcessSettings

COMM_LENGTH = 15
"""The kernel cuts a process' name to this: `kurento-media-s`."""

_LIST_PROCESSES = "grep -asH '' /proc/[0-9]*/stat /proc/[0-9]*/cmdline"
_LISTENS = "0A"
MOST_WORDS = 300
"""Characters of docker's error output that are kept in a message."""
_OF_ALL_NETWORKS = """\
cat /proc/net/tcp /proc/net/tcp6 2>/dev/null
ls -l /proc/[0-9]*/ns/net 2>/dev/null | awk '!seen[$NF]++ { print $(NF - 2) }' | while read -r way
do echo '@farm network'; cat "${way%ns/net}net/tcp" "${way%ns/net}net/tcp6" 2>/dev/null; done"""
"""Sockets of the login's own network namespace, then of each one: a container has its own."""
_NETWORK = "@farm network"
_FORWARDERS = frozenset({"docker-proxy", "rootlessport", "rootlesskit", "conmon", "slirp4netns"})
"""Programs that hold a container's published port on the host; what serves it is inside."""

# Rootless docker has a socket of the user's own, which only a login session's environment names.
_INSPECT = """\
inspected() {
  command -v "$1" >/dev/null 2>&1 || { echo "@farm absent $1"; return 1; }
  answer=$("$@" inspect --type container --format \
    '@farm container {{.State.Pid}} {{.Id}} {{.State.Status}}' NAME 2>&1)
  refused=$?
  [ "$refused" = 0 ] && printf '%s\\n' "$answer" && return
  printf '%s\\n' "$answer" | grep . | head -n 3 | sed "s/^/@farm refused $1 /"
  return 1
}
own=/run/user/$(id -u)/docker.sock
inspected docker || { [ -S "$own" ] && inspected docker -H "unix://$own"; } || inspected podman"""

_INSPECTED = re.compile(r"^@farm container (\d+) (\S+) (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class MediaServerProcess:
    """A process of the media server; `started` (ticks after boot) tells apart reuses of a pid.

    `program` is what runs in it, `node server.js`.
    """

    pid: int
    started: int
    program: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"pid {self.pid}"


@dataclass(frozen=True, slots=True)
class _Candidate:
    pid: int
    started: int
    name: str
    arguments: tuple[str, ...]
    ticks: int


def search_commands(process: ProcessSettings) -> tuple[str, ...]:
    """The commands whose output `choose_process` reads."""
    if process.pid is not None:
        return (f"grep -asH '' /proc/{process.pid}/stat",)
    if process.port is not None:
        holders = "ls -l /proc/[0-9]*/fd 2>/dev/null | grep -a -e '^/proc/' -e socket:"
        return (_OF_ALL_NETWORKS, holders, _LIST_PROCESSES)
    if process.container is not None:
        inspected = _INSPECT.replace("NAME", shlex.quote(process.container))
        return (inspected, "grep -asH '' /proc/[0-9]*/cgroup", _LIST_PROCESSES)
    return (_LIST_PROCESSES,)


def choose_process(process: ProcessSettings, output: str) -> MediaServerProcess | None:
    """The media server's process; `None` if none is seen, or none is named."""
    files = proc_files(output.split("\n"))
    candidates = _candidates(files)
    if process.pid is not None:
        pids = {process.pid}
    elif process.port is not None:
        networks = _listening(process.port, output, candidates)
        pids = networks[0] if len(networks) == 1 else set()
    elif process.container is not None:
        pids = _contained(process.container, output, files)
    else:
        pids = _named(process.name, candidates) if process.name else set()
    fitting = [candidate for candidate in candidates if candidate.pid in pids]
    fitting.sort(key=lambda candidate: (-candidate.ticks, candidate.pid))
    if not fitting:
        return None
    return MediaServerProcess(fitting[0].pid, fitting[0].started, _program(fitting[0]))


def unseen_reason(process: ProcessSettings, output: str) -> str:
    """Why `choose_process` finds none in this output, as far as the output shows it."""
    files = proc_files(output.split("\n"))
    seen = {candidate.pid for candidate in _candidates(files)}
    if process.container is not None:
        return _uncontained(process.container, output)
    if not seen and process.pid is None:
        return "no process is seen there (/proc)"
    if process.port is not None:
        networks = _listening(process.port, output, _candidates(files))
        if len(networks) > 1:
            pids = ", ".join(str(min(each)) for each in networks)
            return (
                f"{len(networks)} networks (containers) of that machine have a process that listens"
                f" on TCP port {process.port}, pids {pids}: name it by server.process.container"
                " or pid"
            )
    if process.port is not None and any(_listening_inodes(process.port, output)):
        return (
            f"something listens on TCP port {process.port} there, but this login may not see which"
            " process it is"
        )
    if process.pid is None and 1 not in seen:
        return (
            f"{process_label(process)} is not seen there: this login is shown only its own"
            " processes (/proc with hidepid)"
        )
    return f"{process_label(process)} is not seen there"


def _uncontained(container: str, output: str) -> str:
    """Why the container has no visible process, with docker's or podman's error output."""
    if inspected := _INSPECTED.search(output):
        pid, _, status = inspected.groups()
        if pid == "0":
            return f"container {container} is there, but does not run ({status})"
        return f"container {container} runs as pid {pid}, which is not seen there (/proc)"
    refused: dict[str, list[str]] = {}
    for tool, words in re.findall(r"^@farm refused (\S+) (.+)$", output, re.MULTILINE):
        refused.setdefault(tool, []).append(words.strip())
    if not refused:
        absent = re.findall(r"^@farm absent (\S+)$", output, re.MULTILINE)
        without = f": there is neither {' nor '.join(absent)} there" if absent else ""
        return f"container {container} is not seen there{without}"
    words = "; ".join(f"{tool} says: {' '.join(lines)}" for tool, lines in refused.items())
    return f"container {container} is not seen there: {words[:MOST_WORDS]}"


def process_label(process: ProcessSettings) -> str | None:
    """The process as a user would name it; `None` if the experiment names none."""
    if process.pid is not None:
        return f"process {process.pid}"
    if process.port is not None:
        return f"the process that listens on TCP port {process.port}"
    if process.container is not None:
        return f"container {process.container}"
    return None if process.name is None else f"process {process.name}"


def _candidates(files: Mapping[str, str]) -> list[_Candidate]:
    candidates = []
    for path, text in files.items():
        pid = re.fullmatch(r"/proc/(\d+)/stat", path)
        name = re.match(r"\d+ \((.*)\) ([A-Za-z]) (.*)", text, re.DOTALL)
        if pid and name and name[2] not in "ZXx":
            times = or_none(_times, name[3])
            arguments = tuple(files.get(f"/proc/{pid[1]}/cmdline", "").split("\0"))
            if times is not None:
                candidates.append(_Candidate(int(pid[1]), times[1], name[1], arguments, times[0]))
    return candidates


def _times(behind_state: str) -> tuple[int, int]:
    """CPU ticks and start time of a process; proc(5), /proc/PID/stat."""
    words = behind_state.split()
    return int(words[10]) + int(words[11]), int(words[18])


def _program(candidate: _Candidate) -> str:
    """Name of the program and of its script; without options, which may hold secrets."""
    words = takewhile(lambda word: word and word[0] != "-", candidate.arguments[:2])
    return " ".join(word.rpartition("/")[2] for word in words) or candidate.name


def _named(name: str, candidates: list[_Candidate]) -> set[int]:
    """Pids by the program's name; else by the script or module that an interpreter runs."""
    programs = {
        candidate.pid
        for candidate in candidates
        if candidate.name == name[:COMM_LENGTH]
        and (len(name) <= COMM_LENGTH or not candidate.arguments[0] or name in _words(candidate))
    }
    return programs or {candidate.pid for candidate in candidates if name in _words(candidate)}


def _words(candidate: _Candidate) -> set[str]:
    """Names by which a process matches: its first four arguments and their base names.

    `python -m infra.x` is `infra.x`, `/usr/bin/kurento-media-server -f /etc/x` is
    `kurento-media-server`, `vi kurento-media-server` is not: it was given a file to work on; but
    neither a shell nor an editor outlasts a media server in CPU time.
    """
    first = candidate.arguments[:4]
    return {*first, *(word.rpartition("/")[2] for word in first)}


def _listening(port: int, output: str, candidates: list[_Candidate]) -> list[set[int]]:
    """Pids with a listening socket on `port` in the login's own network, else of each other one.

    They come from /proc/net/tcp and the links in /proc/*/fd.
    """
    forwarders = {each.pid for each in candidates if each.name in _FORWARDERS}
    holders: dict[str, set[int]] = {}
    holder = 0
    for line in output.split("\n"):
        if folder := re.fullmatch(r"/proc/(\d+)/fd:", line):
            holder = int(folder[1])
        elif socket := re.search(r"socket:\[(\d+)\]$", line):
            holders.setdefault(socket[1], set()).add(holder)
    own, *others = (
        {pid for inode in inodes for pid in holders.get(inode, ())} - forwarders
        for inodes in _listening_inodes(port, output)
    )
    return [own] if own else [pids for pids in others if pids]


def _listening_inodes(port: int, output: str) -> list[set[str]]:
    """The sockets that listen on `port` in each network, the login's own first."""
    networks: list[set[str]] = [set()]
    for line in output.split("\n"):
        if line == _NETWORK:
            networks.append(set())
            continue
        words = line.split()
        if (
            len(words) > 9
            and words[0].endswith(":")
            and words[3] == _LISTENS
            and words[1].endswith(f":{port:04X}")
        ):
            networks[-1].add(words[9])
    return networks


def _contained(container: str, output: str, files: Mapping[str, str]) -> set[int]:
    """Pids of the container's cgroup; if docker did not answer, by its id in the path."""
    inspected = _INSPECTED.search(output)
    group = files.get(f"/proc/{inspected[1]}/cgroup") if inspected else None
    identity = inspected[2] if inspected else container
    return {
        int(path.split("/")[2])
        for path, text in files.items()
        if path.endswith("/cgroup") and (text == group or identity in text)
    }
