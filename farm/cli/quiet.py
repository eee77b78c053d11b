"""Is this machine quiet enough to run probes: what do other programs use of its cores?"""

from __future__ import annotations

import time

from farm.cpu_shares import cores_of, others_text
from farm.hosts.cpu_users import CpuUsers
from farm.hosts.sampler import busy_share, read_cpu, usable_cores

QUIET = 0.25
"""Of all cores: other programs of normal priority that use more are in the way."""


def look_at_others(seconds: float) -> tuple[bool, str]:
    """Whether the machine was quiet for so long, and what other programs used. Blocks."""
    users, cores, before = CpuUsers(tuple, tuple, None), usable_cores(None), read_cpu(None)
    users.look(seconds, None)
    time.sleep(seconds)
    busy = busy_share(before, read_cpu(None))
    shares = users.look(seconds, None if busy is None else cores * busy) or ()
    taken = cores_of("others", shares, low_priority=False)
    return taken <= QUIET * cores, others_text(shares, cores)
