"""Faults of a host's CPU: probes that waited for a core, and which programs used it. Pure.

Being busy is no fault: a host may be at 95 % and serve each thread at once, or at 60 % in bursts
that keep all of them waiting. So the threads' own waits count, and whether other programs of the
same priority used a part of full cores. Where the kernel counts no waits, CPU use decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from farm.analysis.aggregates import mean_known
from farm.analysis.cpu_shares import (
    CONTENDED_SHARE,
    USERS,
    cores_of,
    mean_shares,
    of_cores,
    others_text,
    total_wait,
    wait_each_s,
)
from farm.model.criteria import HOST_BUSY, InvalidLimits
from farm.model.host_samples import CpuShare, CpuWait, HostSample
from farm.model.page_samples import CpuUser
from farm.model.trial_evidence import TrialEvidence
from farm.model.verdict import OTHER_PROGRAMS, Reason
from farm.model.wording import percent, plural
from farm.verdict.host_seconds import by_host, span

T = TypeVar("T")

FULL_PERCENT = 90.0
"""CPU from which cores count as full: means of a second hide moments at 100 %."""

LEAST = 0.05
"""Of a core: users of less are left out of messages."""

THROTTLED_PERCENT = 20.0
"""Share of a CPU quota's periods in which it was used up, from which it explains waits."""


def cpu_faults(
    seconds: Sequence[HostSample], host: str, invalid: InvalidLimits
) -> Iterator[Reason]:
    """Faults of one host: probes that waited, CPU use where that is limited, and steal."""
    limit_s = invalid.waited_for_cpu_s
    if (waited := _longest_wait(seconds, lambda sample: sample.cpu_wait, limit_s)) is not None:
        code, had = _why(waited.seconds, invalid)
        yield waited.reason(code, f"host {host}: probes waited", "their", limit_s, had)
    elif waits_are_known(seconds):
        yield from _contended(seconds, host, invalid.other_programs)
    busy = invalid.host_cpu
    if busy is None and not waits_are_known(seconds):
        busy = HOST_BUSY
    if busy is not None:
        yield from _over(
            seconds, "host_cpu", busy, lambda sample: sample.cpu_percent, f"host {host}"
        )
    yield from _over(
        seconds,
        "steal",
        invalid.steal,
        lambda sample: sample.steal_percent,
        f"the machine under host {host}",
    )


def contended_servers(evidence: TrialEvidence, invalid: InvalidLimits) -> Iterator[Reason]:
    """The reason that makes a failed trial invalid if, on a host of probes, other programs used the
    cores for which a media server there waited, in the hold.

    Not for a server whose control group used up its quota: that one explains its waits.
    """
    start_s, end_s = evidence.phases.hold_s, evidence.phases.leave_s
    throttled = mean_known(
        sample.cgroup_throttled_percent
        for sample in evidence.server_samples
        if start_s is not None and sample.at_s >= start_s
    )
    if start_s is None or (throttled or 0.0) >= THROTTLED_PERCENT:
        return
    limit_s = invalid.waited_for_cpu_s
    for host, seconds in by_host(evidence.host_samples, start_s, end_s).items():
        waited = _longest_wait(seconds, lambda sample: sample.media_server_cpu_wait, limit_s)
        if waited is None:
            continue
        busy = mean_known(sample.media_server_cpu_percent for sample in waited.seconds)
        shares = mean_shares(sample.media_server_cpu_users for sample in waited.seconds)
        cores = _first(sample.media_server_cores for sample in waited.seconds)
        if busy is not None and busy >= FULL_PERCENT and is_contended(shares, cores, invalid):
            who = f"host {host}: the media server, which runs there, waited"
            had = others_text(shares, cores)
            yield waited.reason(OTHER_PROGRAMS, who, "its", limit_s, had)


def contended_hosts(
    samples: Iterable[HostSample], invalid: InvalidLimits, start_s: float, end_s: float | None
) -> Iterator[Reason]:
    """Hosts whose cores other programs used between two times, which may explain another fault."""
    for host, seconds in by_host(samples, start_s, end_s).items():
        shares = mean_shares(sample.cpu_users for sample in seconds)
        cores = _first(sample.cores for sample in seconds)
        if is_contended(shares, cores, invalid):
            yield Reason(
                OTHER_PROGRAMS,
                f"host {host}: {others_text(shares, cores)}",
                value=cores_of("others", shares),
                at_s=start_s,
            )


def is_contended(shares: Sequence[CpuShare], cores: int | None, invalid: InvalidLimits) -> bool:
    """Whether other programs used enough of these cores to make the farm's own threads wait.

    What an experiment allows them (`invalid.other_programs`) is held against nobody.
    Programs of low priority count, too: they yield at once only within one scheduling group
    (sched(7)).
    """
    limit = max(CONTENDED_SHARE, invalid.other_programs)
    return limit < 1 and cores_of("others", shares) >= limit * (cores or 1)


def waits_are_known(seconds: Sequence[HostSample]) -> bool:
    """Whether any sample has the time for which threads waited."""
    return any(sample.cpu_wait is not None for sample in seconds)


@dataclass(frozen=True, slots=True)
class _Waited:
    """Some seconds, and how long all threads together waited in them."""

    seconds: Sequence[HostSample]
    total: CpuWait

    @property
    def each_s(self) -> float:
        return self.total.wait_s / self.total.turns

    def reason(self, code: str, who: str, whose: str, limit_s: float, had: str) -> Reason:
        share = self.total.wait_s / (self.total.wait_s + self.total.run_s)
        message = (
            f"{who} {percent(share)} of {whose} time for a core, "
            f"{self.each_s * 1000:.1f} ms each time, limit {limit_s * 1000:g} ms; {had}"
        )
        return Reason(code, message, value=self.each_s, limit=limit_s, at_s=self.seconds[0].run_s)


def _longest_wait(
    seconds: Sequence[HostSample],
    waits: Callable[[HostSample], CpuWait | None],
    limit_s: float,
) -> _Waited | None:
    """The 5 s in which threads waited longest each time, if their mean is over the limit."""
    worst: _Waited | None = None
    for last in range(len(seconds)):
        spanned = span(seconds, last)
        each_second = [waits(sample) for sample in spanned]
        total = total_wait(each_second)
        if None not in each_second and total.turns and total.wait_s / total.turns > limit_s:
            waited = _Waited(spanned, total)
            if worst is None or waited.each_s > worst.each_s:
                worst = waited
    return worst


def _contended(seconds: Sequence[HostSample], host: str, limit: float) -> Iterator[Reason]:
    """The busiest 5 s in which full cores were shared with other programs of the same priority.

    It counts however short the waits were: the effect of those programs on media is unknown.
    """
    worst: tuple[float, float, str, Sequence[HostSample]] | None = None
    for last in range(len(seconds)):
        spanned = span(seconds, last)
        busy = mean_known(sample.cpu_percent for sample in spanned)
        shares = mean_shares(sample.cpu_users for sample in spanned)
        of = _first(sample.cores for sample in spanned)
        share = cores_of("others", shares, low_priority=False) / (of or 1)
        if busy is None or busy / 100 <= HOST_BUSY or share <= limit:
            continue
        if worst is None or busy > worst[0]:
            worst = busy, share, others_text(shares, of), spanned
    if worst is not None:
        busy, share, had, spanned = worst
        each_s = wait_each_s(sample.cpu_wait for sample in spanned) or 0.0
        message = (
            f"host {host} was {percent(busy / 100)} busy for 5 s, and {had}, "
            f"limit {percent(limit)} of them; probes waited {each_s * 1000:.1f} ms each time"
        )
        yield Reason(OTHER_PROGRAMS, message, value=share, limit=limit, at_s=spanned[0].run_s)


def _why(seconds: Sequence[HostSample], invalid: InvalidLimits) -> tuple[str, str]:
    """Why probes waited for a core, as a code and in words; the remedy depends on it."""
    shares = mean_shares(sample.cpu_users for sample in seconds)
    of = _first(sample.cores for sample in seconds)
    throttled = mean_known(sample.cpu_throttled_percent for sample in seconds)
    if throttled is not None and throttled >= THROTTLED_PERCENT:
        limit = _first(sample.cpu_limit_cores for sample in seconds)
        allowed = "" if limit is None else f" of {limit:.3g} {plural(limit, 'core')}"
        how_often = f"was used up in {throttled:.0f} % of the periods"
        return "cpu_quota", f"its control group's CPU quota{allowed} {how_often}"
    if is_contended(shares, of, invalid):
        return OTHER_PROGRAMS, others_text(shares, of)
    if not shares:
        return "waited_for_cpu", "what used the cores is unknown"
    rest: tuple[CpuUser, ...] = ("farm", "media_server", "others")
    used = {user: cores_of(user, shares) for user in rest}
    others = [f"{USERS[user]} {cores:.1f}" for user, cores in used.items() if cores >= LEAST]
    probes = f"probes used {of_cores(cores_of('probes', shares), of)}"
    return "waited_for_cpu", ", ".join([probes, *others])


def _first(values: Iterable[T | None]) -> T | None:
    return next((value for value in values if value is not None), None)


def _over(
    seconds: Sequence[HostSample],
    code: str,
    limit: float,
    figure: Callable[[HostSample], float | None],
    who: str,
) -> Iterator[Reason]:
    """The busiest 5 s, if their mean is over the limit."""
    worst: tuple[float, float] | None = None
    for last in range(len(seconds)):
        spanned = span(seconds, last)
        values = [value for sample in spanned if (value := figure(sample)) is not None]
        if not spanned or len(values) < len(spanned):
            continue
        mean = sum(values) / len(values) / 100
        if mean > limit and (worst is None or mean > worst[0]):
            worst = mean, spanned[0].run_s or 0.0
    if worst is not None:
        share, at_s = worst
        busy = f"{who} was {percent(share)} busy"
        stolen = f"{who} had {percent(share)} of its CPU time stolen by its hypervisor"
        what = stolen if code == "steal" else busy
        message = f"{what} for 5 s, limit {percent(limit)}"
        yield Reason(code, message, value=share, limit=limit, at_s=at_s)
