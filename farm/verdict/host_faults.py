"""Faults of a host of the generator: CPU, memory, dropped packets, missing samples. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from farm.model.criteria import InvalidLimits
from farm.model.host_samples import HostSample
from farm.model.trial_evidence import TrialEvidence
from farm.model.verdict import Reason
from farm.model.wording import counted, percent
from farm.verdict.host_cpu import cpu_faults, waits_are_known
from farm.verdict.host_seconds import by_host, span

UNSEEN_SHARE = 0.5
"""The share of a hold without samples of a host above which the trial is invalid."""

FORGIVEN_S = 3.0
"""Up to so long without a sample is not noted."""


def busy_hosts(
    samples: Iterable[HostSample], invalid: InvalidLimits, start_s: float, end_s: float | None
) -> tuple[Reason, ...]:
    """Faults of CPU, memory, single threads and the demo app between two times."""
    faults: list[Reason] = []
    for host, seconds in by_host(samples, start_s, end_s).items():
        faults += cpu_faults(seconds, host, invalid)
        faults += _thread(seconds, host, invalid.thread_cpu)
        faults += _memory(seconds, host, invalid.memory_available)
        faults += _app(seconds, invalid.app_late_s)
    return tuple(faults)


def _thread(seconds: Sequence[HostSample], host: str, limit: float) -> Iterator[Reason]:
    """A thread that was over the limit in each of 5 s."""
    for last in range(len(seconds)):
        spanned = span(seconds, last)
        names = {sample.busiest_thread for sample in spanned}
        shares = [(sample.busiest_thread_percent or 0) / 100 for sample in spanned]
        if spanned and len(names) == 1 and None not in names and min(shares) > limit:
            share = sum(shares) / len(shares)
            message = (
                f"thread {names.pop()} on host {host} used {percent(share)} of a core for 5 s, "
                f"limit {percent(limit)}"
            )
            yield Reason("thread_cpu", message, value=share, limit=limit, at_s=spanned[0].run_s)
            return


def _memory(seconds: Sequence[HostSample], host: str, limit: float) -> Iterator[Reason]:
    """The 5 s with the least available memory, if it was below the limit in all of them."""
    spells: list[tuple[float, float]] = []
    for last in range(len(seconds)):
        spanned = span(seconds, last)
        shares = [
            sample.memory_available_bytes / sample.memory_bytes
            for sample in spanned
            if sample.memory_available_bytes is not None and sample.memory_bytes
        ]
        if spanned and len(shares) == len(spanned) and max(shares) < limit:
            spells.append((max(shares), spanned[0].run_s or 0.0))
    if spells:
        share, at_s = min(spells)
        message = (
            f"host {host} had {percent(share)} of its memory left for 5 s, limit {percent(limit)}"
        )
        yield Reason("memory", message, value=share, limit=limit, at_s=at_s)


def _app(seconds: Sequence[HostSample], limit_s: float) -> Iterator[Reason]:
    """How late the loop of the demo app was at most; pages waited for it."""
    worst = max(seconds, key=lambda sample: sample.app_late_s or 0.0)
    if worst.app_late_s is not None and worst.app_late_s > limit_s:
        message = f"the demo app was {worst.app_late_s:.1f} s late, limit {limit_s:g} s"
        yield Reason("app_late", message, value=worst.app_late_s, limit=limit_s, at_s=worst.run_s)


def dropping_hosts(
    samples: Iterable[HostSample], invalid: InvalidLimits, start_s: float, end_s: float | None
) -> Iterator[Reason]:
    """Hosts whose browsers' sockets dropped packets between two times."""
    for host, seconds in by_host(samples, start_s, end_s).items():
        drops = [sample for sample in seconds if sample.udp_drops]
        total, limit = sum(sample.udp_drops or 0 for sample in drops), invalid.udp_drops
        if total > limit:
            message = f"browsers on host {host} dropped {counted(total, 'packet')}, limit {limit}"
            yield Reason("udp_drops", message, value=total, limit=limit, at_s=drops[0].run_s)


# ---------------------------------------------------------------- missing samples


def unseen_hosts(evidence: TrialEvidence) -> Iterator[Reason]:
    """Hosts that were not sampled for most of the hold."""
    for host, unseen_s in unseen(evidence).items():
        share = unseen_s / _hold_s(evidence)
        if share > UNSEEN_SHARE:
            message = (
                f"host {host} was not sampled for {percent(share)} of the hold, "
                f"limit {percent(UNSEEN_SHARE)}"
            )
            at_s = evidence.phases.hold_s
            yield Reason("host_unseen", message, value=share, limit=UNSEEN_SHARE, at_s=at_s)


def unseen(evidence: TrialEvidence) -> Mapping[str, float]:
    """Seconds of a whole hold without a sample, of each host that carried probes."""
    start_s, length_s = evidence.phases.hold_s, _hold_s(evidence)
    if start_s is None or length_s <= 0:
        return {}
    seen = by_host(evidence.host_samples, start_s, evidence.phases.leave_s)
    hosts = sorted({probe.host for probe in evidence.plan.probes})
    return {host: max(0.0, length_s - len(seen.get(host, ()))) for host in hosts}


def unseen_notes(evidence: TrialEvidence) -> Iterator[str]:
    """Notes on hosts that were not sampled for a while, which leaves the verdict as it is."""
    for host, unseen_s in unseen(evidence).items():
        if unseen_s > FORGIVEN_S:
            yield f"host {host} was not sampled for {unseen_s:.0f} s of the hold"


def unknown_wait_notes(evidence: TrialEvidence) -> Iterator[str]:
    """Notes on hosts whose kernel does not count how long threads wait for a core."""
    start_s, end_s = evidence.phases.hold_s, evidence.phases.leave_s
    if start_s is None:
        return
    for host, seconds in by_host(evidence.host_samples, start_s, end_s).items():
        # Older recordings, made without waits, have no `cores` either.
        asked = any(sample.cores is not None for sample in seconds)
        if asked and not waits_are_known(seconds):
            yield (
                f"host {host} does not count how long probes waited for a core: "
                "it was judged by its CPU use"
            )


def _hold_s(evidence: TrialEvidence) -> float:
    start_s, end_s = evidence.phases.hold_s, evidence.phases.leave_s
    return 0.0 if start_s is None or end_s is None else end_s - start_s
