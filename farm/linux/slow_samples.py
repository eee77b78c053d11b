"""Counters that are read every few seconds: they cost the server more or change less.

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
class SlowCounters:
    """Slow counters at one moment; of a limit that is not set, `None`."""

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


def slow_files(pid: int | None, groups: Groups) -> tuple[str, ...]:
    """The files that `read_slow_counters` reads."""
    if pid is None:
        return ("/proc/net/netstat",)
    own = ("limits", "net/udp", "net/udp6", "net/netstat")
    return (*(f"/proc/{pid}/{name}" for name in own), *groups.slow_files)


def read_slow_counters(frame: Frame, pid: int | None, groups: Groups) -> SlowCounters:
    """Parse a frame that was requested with `slow_files`."""
    files = frame.files
    limits = files.get(f"/proc/{pid}/limits", "")
    sockets = [int(word) for word in frame.notes.get("socket", ()) if word.isdecimal()]
    descriptors = len(sockets) + len(frame.notes.get("file", ())) or None
    queues = frame.notes.get("queues")
    return SlowCounters(
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
    match = re.search(rf"^{name} +(\d+) ", limits, re.MULTILINE)
    return int(match[1]) if match else None
