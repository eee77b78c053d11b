"""The use of a host's cores by programs, and waits for them, over several seconds. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from farm.model.host_samples import CpuShare, CpuWait
from farm.model.page_samples import CpuUser

CONTENDED_SHARE = 0.2
"""The share of cores from which other programs that use them slow the farm's own there."""

LEAST_CORES = 0.05
"""Use of less is left out: it would be shown as 0.0."""

NAMED = 3
"""How many programs a sentence names at most."""

USERS: dict[CpuUser, str] = {
    "probes": "probes",
    "farm": "the farm itself",
    "media_server": "the media server",
    "others": "other programs",
}
"""Users of cores in words, in the order in which they are listed."""

UNSEEN = "not seen by name"


def mean_shares(seconds: Iterable[tuple[CpuShare, ...] | None]) -> tuple[CpuShare, ...]:
    """The mean over the seconds that are known, in the order of `USERS`.

    Of other programs the largest comes first, those without a name last.
    """
    known = [second for second in seconds if second is not None]
    cores: defaultdict[tuple[CpuUser, str | None, bool], float] = defaultdict(float)
    for second in known:
        for share in second:
            cores[share.user, share.program, share.low_priority] += share.cores / len(known)
    order = list(USERS)
    return tuple(
        sorted(
            (CpuShare(user, program, mean, low) for (user, program, low), mean in cores.items()),
            key=lambda share: (
                order.index(share.user),
                share.program is None,
                -share.cores,
                share.program or "",
            ),
        )
    )


def cores_of(user: CpuUser, shares: Iterable[CpuShare], *, low_priority: bool = True) -> float:
    """The cores that a user used; without programs of low priority if `low_priority` is false."""
    return sum(
        share.cores
        for share in shares
        if share.user == user and (low_priority or not share.low_priority)
    )


def total_wait(waits: Iterable[CpuWait | None]) -> CpuWait:
    """The sum of all that are known."""
    known = [wait for wait in waits if wait is not None]
    return CpuWait(
        run_s=sum(wait.run_s for wait in known),
        wait_s=sum(wait.wait_s for wait in known),
        turns=sum(wait.turns for wait in known),
    )


def wait_each_s(waits: Iterable[CpuWait | None]) -> float | None:
    """The mean wait of a thread for a core, each time it was ready to run. None: unknown."""
    total = total_wait(waits)
    return total.wait_s / total.turns if total.turns else None


def others_text(shares: Iterable[CpuShare], cores: int | None) -> str:
    """`other programs used 1.6 of 2 cores (cc1plus 1.4)`."""
    others = [share for share in shares if share.user == "others"]
    named = [share_text(share) for share in others[:NAMED] if share.cores >= LEAST_CORES]
    return f"{USERS['others']} used {of_cores(cores_of('others', others), cores)}" + (
        f" ({', '.join(named)})" if named else ""
    )


def share_text(share: CpuShare, digits: int = 1) -> str:
    """`cc1plus 1.4`, `backup 0.2 (low priority)`."""
    low = " (low priority)" if share.low_priority else ""
    return f"{share.program or UNSEEN} {share.cores:.{digits}f}{low}"


def of_cores(used: float, cores: int | None) -> str:
    """`1.6 of 2 cores`."""
    if cores is None:
        return f"{used:.1f} cores"
    return f"{used:.1f} of {cores} core{'' if cores == 1 else 's'}"
