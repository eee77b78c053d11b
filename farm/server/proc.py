"""Texts of Linux' `/proc` -> counters, at one moment. See proc(5).

What the kernel or a container hides, or says in a form that is not known, is `None`, never 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from farm.server.frames import Frame

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CpuTicks:
    """One line of `/proc/stat`. Guest time is within user time; waiting for a disk is idle."""

    busy: int
    steal: int
    softirq: int
    total: int


@dataclass(frozen=True, slots=True)
class RunningProcess:
    """`started` (ticks after boot) tells one process from a later one with the same pid."""

    pid: int
    started: int
    ticks: int
    threads: int | None
    rss_bytes: int | None


@dataclass(frozen=True, slots=True)
class Thread:
    name: str
    started: int
    ticks: int


@dataclass(frozen=True, slots=True)
class Traffic:
    """Counters of one interface."""

    received_bytes: int
    received_packets: int
    sent_bytes: int
    sent_packets: int


@dataclass(frozen=True, slots=True)
class Udp:
    """Counters of one network namespace, the one of `path`."""

    path: str
    in_errors: int
    buffer_errors: int


@dataclass(frozen=True, slots=True)
class Look:
    """All counters at one moment; `threads` only where they were looked at."""

    uptime_s: float | None
    cores: Mapping[int, CpuTicks] | None
    load_1m: float | None
    memory_total_bytes: int | None
    memory_available_bytes: int | None
    process: RunningProcess | None
    descriptors: int | None
    threads: Mapping[int, Thread] | None
    traffic: Traffic | None
    udp: Udp | None


def look(frame: Frame, pid: int | None, interface: str | None) -> Look:
    """Read a frame. `pid` is the media server's, `interface` the one that carries its media."""
    files = frame.files
    memory = _or_none(_meminfo, files.get("/proc/meminfo")) or {}
    own_snmp = f"/proc/{pid}/net/snmp"
    snmp = own_snmp if own_snmp in files else "/proc/net/snmp"
    return Look(
        uptime_s=_or_none(_first_number, files.get("/proc/uptime")),
        cores=_or_none(_cores, files.get("/proc/stat")),
        load_1m=_or_none(_first_number, files.get("/proc/loadavg")),
        memory_total_bytes=memory.get("MemTotal"),
        memory_available_bytes=memory.get("MemAvailable"),
        process=_process(files, pid),
        descriptors=frame.descriptors,
        threads=_threads(files, pid),
        traffic=_or_none(lambda text: _traffic(text, interface), files.get("/proc/net/dev")),
        udp=_or_none(lambda text: _udp(text, snmp), files.get(snmp)),
    )


# ---------------------------------------------------------------- reading one file


def _or_none(read: Callable[[str], T], text: str | None) -> T | None:
    """What `read` makes of a file; `None` for one that is hidden or not as proc(5) has it."""
    try:
        return None if text is None else read(text)
    except (ValueError, IndexError, KeyError):
        return None


def _first_number(text: str) -> float:
    return float(text.split(maxsplit=1)[0])


def _cores(text: str) -> dict[int, CpuTicks]:
    cores = {}
    for line in text.split("\n"):
        name, *words = line.split() or [""]
        if name.startswith("cpu") and name != "cpu":
            user, nice, system, idle, iowait, irq, softirq, steal = (int(x) for x in words[:8])
            busy = user + nice + system + irq + softirq
            cores[int(name[3:])] = CpuTicks(busy, steal, softirq, busy + steal + idle + iowait)
    if not cores:
        raise ValueError(text)
    return cores


def _meminfo(text: str) -> dict[str, int]:
    values = {}
    for line in text.split("\n"):
        name, _, rest = line.partition(":")
        if name in ("MemTotal", "MemAvailable"):
            values[name] = int(rest.split()[0]) * 1024
    return values


def _stat_fields(text: str) -> tuple[str, list[str]]:
    """The name, which may hold anything, and the fields behind it; the first is the state."""
    start, end = text.index("("), text.rindex(")")
    return text[start + 1 : end], text[end + 1 :].split()


def _process(files: Mapping[str, str], pid: int | None) -> RunningProcess | None:
    if pid is None:
        return None
    status = files.get(f"/proc/{pid}/status")

    def read(text: str) -> RunningProcess | None:
        _, words = _stat_fields(text)
        if words[0] in "ZXx":
            return None
        return RunningProcess(
            pid=pid,
            started=int(words[19]),
            ticks=int(words[11]) + int(words[12]),
            threads=int(words[17]),
            rss_bytes=_or_none(_rss_bytes, status),
        )

    return _or_none(read, files.get(f"/proc/{pid}/stat"))


def _rss_bytes(status: str) -> int:
    for line in status.split("\n"):
        name, _, rest = line.partition(":")
        if name == "VmRSS":
            return int(rest.split()[0]) * 1024
    raise KeyError("VmRSS")


def _threads(files: Mapping[str, str], pid: int | None) -> dict[int, Thread] | None:
    prefix = f"/proc/{pid}/task/"
    threads = {}
    for path, text in files.items():
        if path.startswith(prefix):
            thread = _or_none(_thread, text)
            if thread is not None:
                threads[int(path.removeprefix(prefix).partition("/")[0])] = thread
    return threads or None


def _thread(text: str) -> Thread:
    name, words = _stat_fields(text)
    return Thread(name, int(words[19]), int(words[11]) + int(words[12]))


def _traffic(text: str, interface: str | None) -> Traffic:
    for line in text.split("\n"):
        name, _, rest = line.partition(":")
        if name.strip() == interface:
            words = [int(word) for word in rest.split()]
            return Traffic(words[0], words[1], words[8], words[9])
    raise KeyError(interface)


def _udp(text: str, path: str) -> Udp:
    names, values = (line.split()[1:] for line in text.split("\n") if line.startswith("Udp:"))
    udp = dict(zip(names, map(int, values), strict=True))
    return Udp(path, udp["InErrors"], udp["RcvbufErrors"] + udp["SndbufErrors"])
