"""Parses a machine's network counters at one moment. See proc(5), tc(8)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from farm.linux.parsing import numbers, or_none


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface, in the shell's network namespace or in that of process `inside`."""

    name: str
    inside: int | None = None

    @property
    def counted_in(self) -> str:
        return "/proc/net/dev" if self.inside is None else f"/proc/{self.inside}/net/dev"


@dataclass(frozen=True, slots=True)
class Traffic:
    """Counters of one interface."""

    received_bytes: int
    received_packets: int
    received_errors: int
    received_drops: int
    sent_bytes: int
    sent_packets: int
    sent_drops: int


@dataclass(frozen=True, slots=True)
class Udp:
    """UDP counters of the network namespace that `path` belongs to; IPv4 and, if any, IPv6."""

    path: str
    no_ports: int
    in_errors: int
    receive_buffer_errors: int
    send_buffer_errors: int


@dataclass(frozen=True, slots=True)
class Tcp:
    """TCP counters of the network namespace that `path` belongs to."""

    path: str
    retransmits: int


@dataclass(frozen=True, slots=True)
class UdpSocket:
    """A socket's bytes that wait to be read, and its drops since it was opened."""

    queue_bytes: int
    drops: int


@dataclass(frozen=True, slots=True)
class Queue:
    """An interface's queue of packets to send; `limit_bps` is a shaper's, `None` without one."""

    limit_bps: float | None
    drops: int
    backlog_bytes: int


_UDP_INODE, _UDP_QUEUES = 9, 4
_SHAPER_RATES = ("rate", "bandwidth")
# class htb 1:10 parent 1:1 leaf 10: prio 0 rate 1Mbit ceil 8Mbit burst 1600b
# class hfsc 1:1 parent 1: sc m1 0bit d 0us m2 5Mbit ul m1 0bit d 0us m2 8Mbit
_CLASS = re.compile(
    r"^class (?:htb|hfsc) (\w+:\w*) (?:root|parent (\w+:\w*)) .*?"
    r"\b(?:ceil|ul(?: m1 \S+ d \S+)? m2) (\d+(?:\.\d+)?)([KMGT]?)bit\b"
)
_SCALE = {"": 1.0, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}


def read_traffic(files: Mapping[str, str], interface: Interface | None) -> Traffic | None:
    """Counters of the interface; `None` also if there is no such interface."""

    def read(text: str) -> Traffic | None:
        for line in text.split("\n"):
            name, _, rest = line.partition(":")
            if interface is not None and name.strip() == interface.name:
                words = [int(word) for word in rest.split()]
                return Traffic(
                    received_bytes=words[0],
                    received_packets=words[1],
                    received_errors=words[2],
                    received_drops=words[3],
                    sent_bytes=words[8],
                    sent_packets=words[9],
                    sent_drops=words[11],
                )
        return None

    return or_none(read, files.get(interface.counted_in)) if interface else None


def read_udp(files: Mapping[str, str], pid: int | None) -> Udp | None:
    """UDP counters of the process' network namespace if it can be seen, else of the shell's."""
    path = _of_process(files, pid, "snmp")

    def read(text: str) -> Udp:
        udp = _table(text, "Udp:")
        six = numbers(files.get(f"{path}6", ""))
        names = ("NoPorts", "InErrors", "RcvbufErrors", "SndbufErrors")
        return Udp(path, *(udp[name] + six.get(f"Udp6{name}", 0) for name in names))

    return or_none(read, files.get(path))


def read_tcp(files: Mapping[str, str], pid: int | None) -> Tcp | None:
    """TCP counters, of the same network namespace as `read_udp`."""
    path = _of_process(files, pid, "snmp")
    return or_none(lambda text: Tcp(path, _table(text, "Tcp:")["RetransSegs"]), files.get(path))


def read_listen_drops(files: Mapping[str, str], pid: int | None) -> int | None:
    """Connections dropped by full listening sockets, since boot."""
    text = files.get(_of_process(files, pid, "netstat"))
    return or_none(lambda text: _table(text, "TcpExt:")["ListenDrops"], text)


def read_udp_sockets(
    files: Mapping[str, str], pid: int | None, inodes: frozenset[int] | None
) -> dict[int, UdpSocket] | None:
    """The process' UDP sockets, by inode; `None` if it cannot be seen which are its own."""
    if inodes is None or f"/proc/{pid}/net/udp" not in files:
        return None
    sockets: dict[int, UdpSocket] = {}
    for name in ("udp", "udp6"):
        for line in files.get(f"/proc/{pid}/net/{name}", "").split("\n"):
            words = line.split()
            inode = or_none(lambda _: int(words[_UDP_INODE]), line)  # noqa: B023 - called at once
            if inode in inodes:
                socket = or_none(_udp_socket, line)
                if socket is not None:
                    sockets[inode] = socket
    return sockets


def read_queue(qdiscs: str | None, classes: Iterable[str] = ()) -> Queue | None:
    """The queue, from `tc -s -j qdisc show dev X` and the lines of `tc class show dev X`."""

    def read(text: str) -> Queue:
        queues: list[dict[str, Any]] = json.loads(text)
        ends = [queue for queue in queues if queue.get("root") or queue["kind"] in _INGRESS]
        if not ends:
            raise ValueError(text)
        limits = [
            limit
            for queue in queues
            for limit in (_limit_bps(queue), _ceiling_bps(queue, classes))
            if limit is not None
        ]
        return Queue(
            min(limits, default=None),
            sum(int(queue["drops"]) for queue in ends),
            sum(int(queue["backlog"]) for queue in ends),
        )

    return or_none(read, qdiscs)


def read_allowances(lines: Iterable[str]) -> dict[str, int] | None:
    """Counters of a cloud's network limits in `ethtool -S`, by name, since the interface is up."""
    return numbers("\n".join(lines)) or None


_INGRESS = ("ingress", "clsact")


def _limit_bps(queue: Mapping[str, Any]) -> float | None:
    """A qdisc's rate limit; tc's JSON has bytes a second, netem's inside a mapping."""
    for name in _SHAPER_RATES:
        value = queue.get("options", {}).get(name)
        if isinstance(value, dict):
            value = value.get("rate")
        if isinstance(value, int | float) and value > 0:
            return 8.0 * value
    return None


def _ceiling_bps(queue: Mapping[str, Any], classes: Iterable[str]) -> float | None:
    """The rate limit of a classful shaper for traffic that no filter classifies.

    That is the lowest ceiling from its default class up; without a default class the highest of
    all ceilings.
    """
    if queue["kind"] not in ("htb", "hfsc"):
        return None
    parents: dict[str, str] = {}
    ceilings: dict[str, float] = {}
    for line in classes:
        if match := _CLASS.match(line):
            parents[match[1]] = match[2] or ""
            ceilings[match[1]] = float(match[3]) * _SCALE[match[4]]
    default = str(queue.get("options", {}).get("default", "0")).removeprefix("0x")
    each = queue.get("handle", "").partition(":")[0] + ":" + default
    on_the_way = []
    while each in ceilings:
        on_the_way.append(ceilings.pop(each))
        each = parents[each]
    return min(on_the_way, default=max(ceilings.values(), default=None))


def _udp_socket(line: str) -> UdpSocket:
    words = line.split()
    return UdpSocket(int(words[_UDP_QUEUES].partition(":")[2], 16), int(words[-1]))


def _of_process(files: Mapping[str, str], pid: int | None, name: str) -> str:
    own = f"/proc/{pid}/net/{name}"
    return own if own in files else f"/proc/net/{name}"


def _table(text: str, kind: str) -> dict[str, int]:
    """`/proc/net/snmp` has a line of names and one of numbers for each kind."""
    names, values = (line.split()[1:] for line in text.split("\n") if line.startswith(kind))
    return dict(zip(names, map(int, values), strict=True))
