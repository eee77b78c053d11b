"""Which processes of the server's machine listen on a TCP port, as its /proc shows it. Pure.

The login's own network counts first: containers and other networks of the machine may each have a
listener on the same port.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from farm.server.port_forwarders import forwarder_name, port_inside
from farm.server.process_list import ListedProcess, families

LIST_SOCKETS = """\
cat /proc/net/tcp /proc/net/tcp6 2>/dev/null
ls -l /proc/[0-9]*/ns/net 2>/dev/null | awk '!seen[$NF]++ { print $(NF - 2) }' | while read -r way
do echo '@farm network'; cat "${way%ns/net}net/tcp" "${way%ns/net}net/tcp6" 2>/dev/null; done"""
"""Sockets of the login's own network namespace, then of each one: a container has its own."""
LIST_HOLDERS = "ls -l /proc/[0-9]*/fd 2>/dev/null | grep -a -e '^/proc/' -e socket:"

_NETWORK = "@farm network"
_LISTENS = "0A"


@dataclass(frozen=True, slots=True)
class Listeners:
    """The processes that listen on a port: `networks` has the families of each network.

    There is one network where it is known which is meant. `forwarder` is the program that holds
    the port for a container; `is_held`: something listens on it, be it seen or not.
    """

    networks: tuple[Mapping[int, set[int]], ...]
    forwarder: str | None
    is_held: bool


def listeners(port: int, output: str, everyone: Mapping[int, ListedProcess]) -> Listeners:
    """Read the output of `LIST_SOCKETS` and `LIST_HOLDERS`."""
    holders = _holders(output)
    own, *elsewhere = (
        {socket: holders.get(socket, set()) & everyone.keys() for socket in sockets}
        for sockets in _listening_sockets(port, output)
    )
    is_held = bool(own or any(elsewhere))
    forwarders = {pid: name for pid, each in everyone.items() if (name := forwarder_name(each))}
    of_port = set().union(*own.values()) & forwarders.keys()
    of_port |= {pid for pid in forwarders if port_inside(port, everyone[pid]) is not None}
    forwarder = forwarders[min(of_port)] if of_port else None
    if serving := _families(own, forwarders.keys(), everyone):
        return Listeners((serving,), None, is_held)
    is_hidden = not of_port and not all(own.values())
    insides = {port_inside(port, everyone[pid]) for pid in of_port}
    if is_hidden or not insides <= {None, port}:
        return Listeners((), forwarder, is_held)
    networks = (_families(each, forwarders.keys(), everyone) for each in elsewhere)
    return Listeners(tuple(each for each in networks if each), forwarder, is_held)


def _families(
    holders: Mapping[str, set[int]],
    without: Collection[int],
    everyone: Mapping[int, ListedProcess],
) -> dict[int, set[int]]:
    """Families of those that hold these sockets; to share one is to be of one family."""
    found = families(set().union(*holders.values()).difference(without), everyone)
    for pids in holders.values():
        first, *more = sorted(eldest for eldest in found if found[eldest] & pids) or (0,)
        for eldest in more:
            found[first] |= found.pop(eldest)
    return found


def _holders(output: str) -> dict[str, set[int]]:
    """The processes that hold each socket, from the links in /proc/*/fd."""
    holders: dict[str, set[int]] = {}
    holder = 0
    for line in output.split("\n"):
        if folder := re.fullmatch(r"/proc/(\d+)/fd:", line):
            holder = int(folder[1])
        elif socket := re.search(r"socket:\[(\d+)\]$", line):
            holders.setdefault(socket[1], set()).add(holder)
    return holders


def _listening_sockets(port: int, output: str) -> list[set[str]]:
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
