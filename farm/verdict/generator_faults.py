"""Was the generator at fault? Detectors that make a trial invalid, whatever its media say.

Pure. A starved generator sends less than the load it claims and sees freezes that are its own: a
fail in such a trial blames the server for nothing, a pass praises it for a load it never had. So
either is replaced by `invalid` if a detector fires in the hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import polars as pl

from farm.experiment import Invalid
from farm.intervals import Intervals
from farm.observations import HostSample
from farm.trial import Fault, Reason, StreamInterval, TrialEvidence
from farm.wording import percent

BUSY_S = 5.0
"""How long a host or a thread must be too busy before it counts."""

FORGIVEN_POLLS = 2
"""So many late polls of a host prove nothing in a short hold."""

OURS: frozenset[str] = frozenset({"app_died", "browser_crashed", "host_lost"})
"""Faults of the generator; the others are the server's, or spoil figures only."""


def generator_faults(evidence: TrialEvidence, invalid: Invalid) -> tuple[Reason, ...]:
    """What was wrong with the generator in the hold, and what of it broke at any time."""
    found = [_of_fault(fault) for fault in evidence.faults if fault.what in OURS]
    found += _of_browsers(evidence)
    start_s, end_s = evidence.phases.hold_s, evidence.phases.leave_s
    if start_s is not None:
        found += busy_hosts(evidence.host_samples, invalid, start_s, end_s)
    found += _polls(evidence, invalid)
    found += _cameras(evidence, invalid)
    return tuple(found)


def busy_hosts(
    samples: Iterable[HostSample], invalid: Invalid, start_s: float, end_s: float | None
) -> tuple[Reason, ...]:
    """Hosts without CPU to spare between two times, and threads of theirs."""
    by_host: dict[str, list[HostSample]] = {}
    for sample in samples:
        if sample.run_s is not None and start_s <= sample.run_s <= (end_s or float("inf")):
            by_host.setdefault(sample.host, []).append(sample)
    found: list[Reason] = []
    for host, seconds in sorted(by_host.items()):
        seconds.sort(key=lambda sample: sample.run_s or 0)
        found += _over(
            seconds, "host_cpu", invalid.host_cpu, lambda sample: sample.cpu_percent, f"host {host}"
        )
        found += _over(
            seconds,
            "steal",
            invalid.steal,
            lambda sample: sample.steal_percent,
            f"the machine under host {host}",
        )
        found += _thread(seconds, host, invalid.thread_cpu)
    return tuple(found)


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
        span = _span(seconds, last)
        values = [value for sample in span if (value := figure(sample)) is not None]
        if not span or len(values) < len(span):
            continue
        mean = sum(values) / len(values) / 100
        if mean > limit and (worst is None or mean > worst[0]):
            worst = mean, span[0].run_s or 0.0
    if worst is not None:
        share, at_s = worst
        took = "taken away by its neighbours" if code == "steal" else "busy"
        message = f"{who} was {percent(share)} {took} for 5 s, limit {percent(limit)}"
        yield Reason(code, message, value=share, limit=limit, at_s=at_s)


def _thread(seconds: Sequence[HostSample], host: str, limit: float) -> Iterator[Reason]:
    """One thread that was over the limit in each of 5 s."""
    for last in range(len(seconds)):
        span = _span(seconds, last)
        names = {sample.busiest_thread for sample in span}
        shares = [(sample.busiest_thread_percent or 0) / 100 for sample in span]
        if span and len(names) == 1 and None not in names and min(shares) > limit:
            share = sum(shares) / len(shares)
            message = (
                f"thread {names.pop()} on host {host} used {percent(share)} of a core for 5 s, "
                f"limit {percent(limit)}"
            )
            yield Reason("thread_cpu", message, value=share, limit=limit, at_s=span[0].run_s)
            return


def _span(seconds: Sequence[HostSample], last: int) -> Sequence[HostSample]:
    """The samples of the 5 s that end with `last`; empty if there are not 5 s before it."""
    end_s = seconds[last].run_s or 0.0
    first = last
    while first > 0 and (seconds[first - 1].run_s or 0.0) > end_s - BUSY_S:
        first -= 1
    # A sample stands for the second before it, so five of them are 4 s apart.
    covered = end_s - (seconds[first].run_s or 0.0) >= BUSY_S - 1.5
    return seconds[first : last + 1] if covered else ()


def _of_fault(fault: Fault) -> Reason:
    return Reason(fault.what, fault.message, session=fault.session, at_s=fault.at_s)


def _of_browsers(evidence: TrialEvidence) -> Iterator[Reason]:
    """Probes whose browser never got as far as the page."""
    for join in evidence.joins:
        if not join.joined and join.reason == "browser":
            message = f"{join.probe}: {join.message}"
            yield Reason("browser", message, join.probe, join.session, at_s=join.at_s)


def _polls(evidence: TrialEvidence, invalid: Invalid) -> Iterator[Reason]:
    host_of = {probe.probe: probe.host for probe in evidence.plan.probes}
    hosts: dict[str, list[int]] = {}
    for count in evidence.polls:
        bad = max(0, count.expected - count.received) + count.late
        totals = hosts.setdefault(host_of.get(count.probe, "?"), [0, 0])
        totals[0] += bad
        totals[1] += count.expected
        if count.expected and count.received < count.expected / 2:
            message = f"{count.probe} answered {count.received} of {count.expected} polls"
            share = 1 - count.received / count.expected
            limit = invalid.late_polls
            yield Reason("late_polls", message, count.probe, value=share, limit=limit)
    for host, (bad, expected) in sorted(hosts.items()):
        if expected and bad > FORGIVEN_POLLS and bad / expected > invalid.late_polls:
            message = (
                f"{bad} of {expected} polls on host {host} were late or missing, "
                f"limit {percent(invalid.late_polls)}"
            )
            yield Reason("late_polls", message, value=bad / expected, limit=invalid.late_polls)


def _cameras(evidence: TrialEvidence, invalid: Invalid) -> Iterator[Reason]:
    """Encoders that lacked CPU, cameras that lacked frames: the worst window of each probe."""
    asked = {
        probe.probe: float(probe.variables.get("frame_rate", 0)) for probe in evidence.plan.probes
    }
    encoders: dict[str, StreamInterval] = {}
    captures: dict[str, dict[int, StreamInterval]] = {}
    intervals = Intervals.of(evidence.intervals)
    suspects = intervals.where(
        pl.col("direction") == "outbound",
        pl.col("kind") == "video",
        (pl.col("quality_limited_by_cpu_ratio") > 0)
        | (
            pl.col("capture_frame_rate") < invalid.capture_of_asked * max(asked.values(), default=0)
        ),
    )
    for interval in suspects:
        limited_s = (interval.quality_limited_by_cpu_ratio or 0) * (
            interval.end_s - interval.start_s
        )
        if limited_s >= BUSY_S:
            encoders.setdefault(interval.probe, interval)
        rate = interval.capture_frame_rate
        if rate is not None and rate < invalid.capture_of_asked * asked.get(interval.probe, 0):
            captures.setdefault(interval.probe, {})[interval.window] = interval
    for probe, interval in sorted(encoders.items()):
        share = interval.quality_limited_by_cpu_ratio or 0
        yield Reason(
            "encoder_cpu",
            f"{probe}'s encoder lacked CPU for {percent(share)} of a window",
            probe,
            interval.session,
            value=share,
            at_s=interval.start_s,
        )
    last = max(intervals.windows - 1, 0)
    for probe, windows in sorted(captures.items()):
        counts = [
            interval
            for window, interval in sorted(windows.items())
            if window == last or window - 1 in windows or window + 1 in windows
        ]
        if counts:
            worst = min(counts, key=lambda interval: interval.capture_frame_rate or 0)
            limit = invalid.capture_of_asked * asked[probe]
            yield Reason(
                "capture",
                f"{probe}'s camera gave {worst.capture_frame_rate:.1f} frames/s of "
                f"{asked[probe]:g} asked, limit {limit:.1f}",
                probe,
                worst.session,
                value=worst.capture_frame_rate,
                limit=limit,
                at_s=counts[0].start_s,
            )
