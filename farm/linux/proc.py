"""Parses counters of Linux' `/proc` at one moment. See proc(5).

A value that is hidden, or in an unknown form, is `None`, never 0.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from farm.linux.control_groups import CpuUse, Groups, read_cpu_use
from farm.linux.disks import Disk, ProcessIo, read_disks, read_process_io
from farm.linux.frames import Frame
from farm.linux.network import Interface, Tcp, Traffic, Udp, read_tcp, read_traffic, read_udp
from farm.linux.parsing import first_number, numbers, or_none


@dataclass(frozen=True, slots=True)
class CpuTicks:
    """One line of `/proc/stat`. Guest time is within user time; waiting for a disk is idle."""

    busy: int
    steal: int
    softirq: int
    waiting: int
    total: int


@dataclass(frozen=True, slots=True)
class Activity:
    """Activity of the machine; `blocked` are processes that wait for a disk at this moment."""

    context_switches: int
    blocked: int


@dataclass(frozen=True, slots=True)
class Pressure:
    """Microseconds in which some task waited for the resource, since boot. `/proc/pressure`."""

    cpu: int | None
    memory: int | None
    io: int | None


@dataclass(frozen=True, slots=True)
class RunningProcess:
    """A process; `started` (ticks after boot) tells it from a later one with the same pid.

    `cores` is the number of cores that it may run on.
    """

    pid: int
    started: int
    ticks: int
    major_faults: int
    threads: int
    virtual_bytes: int
    rss_bytes: int | None
    cores: int | None


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread; `blocked`: it waits for a disk at this moment.

    `waited_ns` is its time on a run queue without a CPU, `slices` how often it was given one;
    `None` if the kernel does not count them.
    """

    name: str
    started: int
    ticks: int
    blocked: bool
    waited_ns: int | None
    slices: int | None


@dataclass(frozen=True, slots=True)
class ProcCounters:
    """All counters at one moment; `threads` only if they were read."""

    uptime_s: float | None
    cores: Mapping[int, CpuTicks] | None
    activity: Activity | None
    pressure: Pressure
    load_1m: float | None
    memory_total_bytes: int | None
    memory_available_bytes: int | None
    memory_unwritten_bytes: int | None
    oom_kills: int | None
    disks: Mapping[str, Disk] | None
    process: RunningProcess | None
    process_io: ProcessIo | None
    threads: Mapping[int, Thread] | None
    group: CpuUse | None
    traffic: Traffic | None
    udp: Udp | None
    tcp: Tcp | None


def fast_files(pid: int | None, interface: Interface | None, groups: Groups) -> tuple[str, ...]:
    """The files that `read_counters` reads, once a second."""
    names = ("stat", "uptime", "loadavg", "meminfo", "vmstat", "diskstats", "net/dev")
    pressure = ("pressure/cpu", "pressure/memory", "pressure/io")
    of_network = ("net/snmp", "net/snmp6")
    own = () if pid is None else (f"{pid}/stat", f"{pid}/status", f"{pid}/io")
    own_network = () if pid is None else tuple(f"{pid}/{name}" for name in of_network)
    files = [f"/proc/{name}" for name in names + pressure + of_network + own + own_network]
    if interface is not None and interface.counted_in not in files:
        files.append(interface.counted_in)
    return (*files, *groups.fast_files)


def thread_files(pid: int) -> tuple[str, ...]:
    """The files of each thread that `read_counters` reads, as patterns for a shell."""
    return (f"/proc/{pid}/task/*/stat", f"/proc/{pid}/task/*/schedstat")


def read_counters(
    frame: Frame, pid: int | None, interface: Interface | None, groups: Groups
) -> ProcCounters:
    """Parse a frame. `pid` is the media server's, `interface` the one that carries its media."""
    files = frame.files
    memory = numbers(files.get("/proc/meminfo", ""))
    unwritten = [memory[name] for name in ("Dirty", "Writeback") if name in memory]
    return ProcCounters(
        uptime_s=or_none(first_number, files.get("/proc/uptime")),
        cores=or_none(_cores, files.get("/proc/stat")),
        activity=or_none(_activity, files.get("/proc/stat")),
        pressure=Pressure(
            *(or_none(_waited, files.get(f"/proc/pressure/{name}")) for name in _PRESSURES)
        ),
        load_1m=or_none(first_number, files.get("/proc/loadavg")),
        memory_total_bytes=_kib(memory.get("MemTotal")),
        memory_available_bytes=_kib(memory.get("MemAvailable")),
        memory_unwritten_bytes=_kib(sum(unwritten)) if unwritten else None,
        oom_kills=numbers(files.get("/proc/vmstat", "")).get("oom_kill"),
        disks=or_none(read_disks, files.get("/proc/diskstats")),
        process=_process(files, pid),
        process_io=or_none(read_process_io, files.get(f"/proc/{pid}/io")),
        threads=_threads(files, pid),
        group=read_cpu_use(files, groups),
        traffic=read_traffic(files, interface),
        udp=read_udp(files, pid),
        tcp=read_tcp(files, pid),
    )


# ---------------------------------------------------------------- reading one file

_PRESSURES = ("cpu", "memory", "io")


def _cores(text: str) -> dict[int, CpuTicks]:
    cores = {}
    for line in text.split("\n"):
        name, *words = line.split() or [""]
        if name.startswith("cpu") and name != "cpu":
            user, nice, system, idle, iowait, irq, softirq, steal = (int(x) for x in words[:8])
            busy = user + nice + system + irq + softirq
            total = busy + steal + idle + iowait
            cores[int(name[3:])] = CpuTicks(busy, steal, softirq, iowait, total)
    if not cores:
        raise ValueError(text)
    return cores


def _activity(text: str) -> Activity:
    values = numbers(text)
    return Activity(values["ctxt"], values["procs_blocked"])


def _waited(text: str) -> int:
    """The total of the line `some avg10=0.00 avg60=0.00 avg300=0.00 total=1234`."""
    return int(re.findall(r"^some .*total=(\d+)$", text, re.MULTILINE)[0])


def _kib(value: int | None) -> int | None:
    return None if value is None else value * 1024


def _stat_fields(text: str) -> tuple[str, list[str]]:
    """The name, which may hold anything, and the fields behind it; the first is the state."""
    start, end = text.index("("), text.rindex(")")
    return text[start + 1 : end], text[end + 1 :].split()


def _process(files: Mapping[str, str], pid: int | None) -> RunningProcess | None:
    if pid is None:
        return None
    status = files.get(f"/proc/{pid}/status", "")

    def read(text: str) -> RunningProcess | None:
        _, words = _stat_fields(text)
        if words[0] in "ZXx":
            return None
        return RunningProcess(
            pid=pid,
            started=int(words[19]),
            ticks=int(words[11]) + int(words[12]),
            major_faults=int(words[9]),
            threads=int(words[17]),
            virtual_bytes=int(words[20]),
            rss_bytes=_kib(numbers(status).get("VmRSS")),
            cores=or_none(_allowed_cores, status),
        )

    return or_none(read, files.get(f"/proc/{pid}/stat"))


def _allowed_cores(status: str) -> int:
    """Number of cores in the line `Cpus_allowed_list:	0-3,8`."""
    _, _, rest = status.partition("Cpus_allowed_list:")
    spans = [span.split("-") for span in rest.split("\n")[0].strip().split(",")]
    return sum(int(span[-1]) - int(span[0]) + 1 for span in spans)


def _threads(files: Mapping[str, str], pid: int | None) -> dict[int, Thread] | None:
    prefix = f"/proc/{pid}/task/"
    threads = {}
    for path, text in files.items():
        if path.startswith(prefix) and path.endswith("/stat"):
            ran = or_none(_ran, files.get(path.removesuffix("stat") + "schedstat"))
            thread = or_none(lambda text: _thread(text, ran), text)  # noqa: B023 - called at once
            if thread is not None:
                threads[int(path.removeprefix(prefix).partition("/")[0])] = thread
    return threads or None


def _ran(schedstat: str) -> tuple[int, int]:
    """A thread's wait (ns) and time slices; three zeros: the kernel does not count them."""
    ran_ns, waited_ns, slices = (int(word) for word in schedstat.split())
    if not (ran_ns or slices):
        raise ValueError(schedstat)
    return waited_ns, slices


def _thread(text: str, ran: tuple[int, int] | None) -> Thread:
    name, words = _stat_fields(text)
    ticks = int(words[11]) + int(words[12])
    return Thread(name, int(words[19]), ticks, words[0] == "D", *(ran or (None, None)))
