"""What is looked at every few seconds, for it costs the server more or changes less.

Descriptors and sockets of the media server, its limits, queues of the interface, the cgroups'
memory.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from farm.linux.control_groups import Groups, Limits, read_limits
from farm.linux.frames import Frame
from farm.linux.network import (
    Queue,
    UdpSocket,
    read_allowances,
    read_listen_drops,
    read_queue,
    read_udp_sockets,
)
from farm.linux.parsing import first_number, or_none


@dataclass(frozen=True, slots=True)
class SeldomLook:
    """All at one moment. `descriptors_limit` and `virtual_limit_bytes` are `None` without one."""

    uptime_s: float | None
    pid: int | None
    descriptors: int | None
    descriptors_limit: int | None
    virtual_limit_bytes: int | None
    sockets: Mapping[int, UdpSocket] | None
    listen_drops: int | None
    limits: Limits | None
    queue: Queue | None
    allowances: Mapping[str, int] | None


def seldom(pid: int | None, groups: Groups) -> tuple[str, ...]:
    """The files that `seldom_look` reads."""
    if pid is None:
        return ("/proc/net/netstat",)
    own = ("limits", "net/udp", "net/udp6", "net/netstat")
    return (*(f"/proc/{pid}/{name}" for name in own), *groups.seldom)


def seldom_look(frame: Frame, pid: int | None, groups: Groups) -> SeldomLook:
    """Read a frame that was asked for `seldom`."""
    files = frame.files
    limits = files.get(f"/proc/{pid}/limits", "")
    sockets = [int(word) for word in frame.notes.get("socket", ()) if word.isdecimal()]
    descriptors = len(sockets) + len(frame.notes.get("file", ())) or None
    queues = frame.notes.get("queues")
    return SeldomLook(
        uptime_s=or_none(first_number, files.get("/proc/uptime")),
        pid=pid,
        descriptors=descriptors,
        descriptors_limit=_soft_limit(limits, "Max open files"),
        virtual_limit_bytes=_soft_limit(limits, "Max address space"),
        sockets=read_udp_sockets(files, pid, frozenset(sockets) if descriptors else None),
        listen_drops=read_listen_drops(files, pid),
        limits=read_limits(files, groups),
        queue=read_queue(queues[0], frame.notes.get("class", ())) if queues else None,
        allowances=read_allowances(frame.notes.get("allowance", ())),
    )


def _soft_limit(limits: str, name: str) -> int | None:
    found = re.search(rf"^{name} +(\d+) ", limits, re.MULTILINE)
    return int(found[1]) if found else None
