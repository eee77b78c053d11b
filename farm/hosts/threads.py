"""CPU time of threads, and their wait for a core, between two readings. proc(5).

`/proc/PID/task/TID/schedstat` has a thread's time on a core, its time on a run queue without one,
and how often it was given one. A kernel without that (no CONFIG_SCHED_INFO, or kept from counting)
still has CPU time: then waits are unknown.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from farm.hosts.processes import ProcessTable, families
from farm.model.host_samples import CpuWait

NANOSECOND = 1e-9

ThreadId = tuple[int, int]
"""A process' pid, and its thread's id."""


@dataclass(frozen=True, slots=True)
class ThreadTimes:
    """CPU seconds of each thread of some processes, and its waits; `waits` is None if unknown."""

    at_s: float
    cpu_s: Mapping[ThreadId, float]
    waits: Mapping[ThreadId, CpuWait] | None = None


def read_threads(roots: Iterable[int], processes: ProcessTable | None = None) -> ThreadTimes:
    """Times of every live thread of these processes and their descendants; `processes` if read."""
    at_s, pids = time.monotonic(), list(families(roots, processes))
    cpu_s: dict[ThreadId, float] = {}
    waits: dict[ThreadId, CpuWait] = {}
    for thread in _threads(pids):
        with suppress(OSError, ValueError):
            text = Path(f"/proc/{thread[0]}/task/{thread[1]}/schedstat").read_text()
            ran, waited, turns = map(int, text.split())
            cpu_s[thread] = ran * NANOSECOND
            waits[thread] = CpuWait(ran * NANOSECOND, waited * NANOSECOND, turns)
    if any(cpu_s.values()):
        return ThreadTimes(at_s, cpu_s, waits)
    return ThreadTimes(at_s, _cpu_times(pids))


def cpu_wait(before: ThreadTimes, after: ThreadTimes) -> CpuWait | None:
    """Wait of all threads together between two readings; of new ones since they started."""
    if before.waits is None or after.waits is None:
        return None
    run_s, wait_s, turns = 0.0, 0.0, 0
    for thread, now in after.waits.items():
        then = before.waits.get(thread, CpuWait(0.0, 0.0, 0))
        if now.turns >= then.turns:  # else the id is a new thread's
            run_s += now.run_s - then.run_s
            wait_s += now.wait_s - then.wait_s
            turns += now.turns - then.turns
    return CpuWait(run_s, wait_s, turns)


def busiest_thread(before: ThreadTimes, after: ThreadTimes) -> tuple[ThreadId, float] | None:
    """The thread that used most CPU between two readings, and its percent of a core."""
    passed_s = after.at_s - before.at_s
    spent = {
        thread: cpu_s - before.cpu_s[thread]
        for thread, cpu_s in after.cpu_s.items()
        if thread in before.cpu_s
    }
    if not spent or passed_s <= 0:
        return None
    thread = max(spent, key=lambda each: spent[each])
    return thread, 100 * spent[thread] / passed_s


def thread_name(thread: ThreadId) -> str:
    """`CrRendererMain (1234)`: the thread's name and its process."""
    pid, tid = thread
    try:
        name = Path(f"/proc/{pid}/task/{tid}/comm").read_text().strip()
    except OSError:
        name = f"thread {tid}"
    return f"{name} ({pid})"


def _threads(pids: Iterable[int]) -> Iterator[ThreadId]:
    for pid in pids:
        with suppress(OSError):
            for entry in Path(f"/proc/{pid}/task").iterdir():
                yield pid, int(entry.name)


def _cpu_times(pids: Iterable[int]) -> Mapping[ThreadId, float]:
    """CPU seconds by the coarser counters that all kernels have."""
    cpu_s: dict[ThreadId, float] = {}
    for pid in pids:
        with suppress(psutil.Error):
            for thread in psutil.Process(pid).threads():
                cpu_s[pid, thread.id] = thread.user_time + thread.system_time
    return cpu_s
