"""How cores spent their time between two readings of /proc/stat. proc(5)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psutil


@dataclass(frozen=True, slots=True)
class CoreTime:
    """Seconds that some cores spent, in total, and the number of cores.

    Waiting for a disk is idle; guest time is part of user time and is not added again.
    """

    cores: int
    total_s: float
    idle_s: float
    stolen_s: float
    interrupts_s: float

    @property
    def busy_percent(self) -> float | None:
        """Percent of time that was not idle."""
        return _percent(self.total_s - self.idle_s, self.total_s)

    @property
    def stolen_percent(self) -> float | None:
        return _percent(self.stolen_s, self.total_s)

    @property
    def by_programs(self) -> float | None:
        """Cores used by programs: without stolen time and interrupts."""
        taken_s = self.idle_s + self.stolen_s + self.interrupts_s
        percent = _percent(self.total_s - taken_s, self.total_s)
        return None if percent is None else self.cores * percent / 100


def chosen_cores(cores: Sequence[int] | None) -> tuple[int, ...]:
    """These cores; `None`: all that this process may use."""
    return tuple(sorted(os.sched_getaffinity(0)) if cores is None else cores)


def read_core_counters() -> Sequence[Any]:
    """The counters of every core since boot."""
    return psutil.cpu_times(percpu=True)


def core_time(before: Sequence[Any], after: Sequence[Any], cores: Sequence[int]) -> CoreTime:
    """Time of `cores` between two readings of the counters."""
    pairs = [(before[core], after[core]) for core in cores if core < len(before)]

    def grown(*names: str) -> float:
        return float(
            sum(getattr(now, name) - getattr(then, name) for then, now in pairs for name in names)
        )

    idle_s, stolen_s = grown("idle", "iowait"), grown("steal")
    interrupts_s = grown("irq", "softirq")
    used_s = grown("user", "nice", "system")
    total_s = idle_s + stolen_s + interrupts_s + used_s
    return CoreTime(len(pairs), total_s, idle_s, stolen_s, interrupts_s)


def _percent(part_s: float, whole_s: float) -> float | None:
    """Counters of a core may go back by a tick: never below 0 or above 100."""
    return min(100.0, max(0.0, 100 * part_s / whole_s)) if whole_s > 0 else None
