"""What cores spent their time on between two looks. proc(5), /proc/stat."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psutil


@dataclass(frozen=True, slots=True)
class CoreTime:
    """Seconds of some cores together, and how many cores they are.

    Waiting for a disk is idle; a guest's time is part of user time and is not added again.
    """

    cores: int
    total_s: float
    idle_s: float
    stolen_s: float
    interrupts_s: float

    @property
    def busy_percent(self) -> float | None:
        """All that was not idle."""
        return _percent(self.total_s - self.idle_s, self.total_s)

    @property
    def stolen_percent(self) -> float | None:
        return _percent(self.stolen_s, self.total_s)

    @property
    def by_programs(self) -> float | None:
        """How many of the cores programs had: not the hypervisor's others, nor interrupts."""
        taken_s = self.idle_s + self.stolen_s + self.interrupts_s
        percent = _percent(self.total_s - taken_s, self.total_s)
        return None if percent is None else self.cores * percent / 100


def chosen_cores(cores: Sequence[int] | None) -> tuple[int, ...]:
    """These; `None`: all that we may use."""
    return tuple(sorted(os.sched_getaffinity(0)) if cores is None else cores)


def look_at_cores() -> Sequence[Any]:
    """The counters of every core since boot."""
    return psutil.cpu_times(percpu=True)


def spent(before: Sequence[Any], after: Sequence[Any], cores: Sequence[int]) -> CoreTime:
    """By `cores` between two looks."""
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
