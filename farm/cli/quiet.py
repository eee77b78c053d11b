"""Checks whether this machine is quiet enough to run probes: CPU that other programs use."""

from __future__ import annotations

import time

from farm.analysis.cpu_shares import CONTENDED_SHARE, cores_of, others_text
from farm.hosts.cores import chosen_cores, core_time, read_core_counters
from farm.hosts.cpu_users import CpuUsers
from farm.hosts.processes import read_processes


def look_at_others(seconds: float) -> tuple[bool, str]:
    """Measure for some seconds whether the machine is quiet, and what others used. Blocks."""
    users, cores, before = CpuUsers(tuple, tuple), chosen_cores(None), read_core_counters()
    users.update(read_processes(), seconds)
    time.sleep(seconds)
    users.update(read_processes(), seconds)
    cpu = core_time(before, read_core_counters(), cores)
    shares = users.on(cores, cpu.by_programs) or ()
    taken = cores_of("others", shares, low_priority=False)
    return taken < CONTENDED_SHARE * len(cores), others_text(shares, len(cores))
