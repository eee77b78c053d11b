"""Faults of the load generator that make a trial invalid, whatever its media were. Pure.

A starved generator sends less than the load it claims and measures freezes that it caused itself:
neither a fail nor a pass of such a trial says anything of the server. So either is replaced by
`invalid` if a detector fires in the hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import polars as pl

from farm.analysis.intervals import Intervals
from farm.model.criteria import InvalidLimits
from farm.model.trial_evidence import Fault, StreamInterval, TrialEvidence
from farm.model.verdict import OTHER_PROGRAMS, Reason
from farm.model.wording import percent
from farm.verdict.host_cpu import contended_hosts
from farm.verdict.host_faults import busy_hosts, dropping_hosts, unseen_hosts
from farm.verdict.host_seconds import BUSY_S

FORGIVEN_POLLS = 2
"""Late polls of a host that are tolerated, however short the hold is."""

OF_CPU = frozenset({"host_cpu", "thread_cpu", "late_polls", "encoder_cpu", "capture"})
"""Codes of what a lack of CPU causes, whoever used it."""

OF_WAITING = frozenset({OTHER_PROGRAMS, "cpu_quota", "waited_for_cpu"})
"""Codes of reasons that say who used it."""

OURS: frozenset[str] = frozenset({"app_died", "browser_crashed", "host_lost", "light_probe"})
"""Faults of the generator; the others are the server's, or concern figures only."""


def generator_faults(evidence: TrialEvidence, invalid: InvalidLimits) -> tuple[Reason, ...]:
    """What was wrong with the generator in the hold, and its failures at any time but the leave."""
    late = after_hold(evidence)
    reasons = [
        _of_fault(fault) for fault in evidence.faults if fault.what in OURS and fault not in late
    ]
    reasons += _of_browsers(evidence)
    start_s, end_s = evidence.phases.hold_s, evidence.phases.leave_s
    if start_s is not None:
        reasons += busy_hosts(evidence.host_samples, invalid, start_s, end_s)
        reasons += dropping_hosts(evidence.host_samples, invalid, start_s, end_s)
        reasons += unseen_hosts(evidence)
    reasons += _polls(evidence, invalid)
    reasons += _cameras(evidence, invalid)
    codes = {reason.code for reason in reasons}
    if start_s is not None and codes & OF_CPU and not codes & OF_WAITING:
        reasons += contended_hosts(evidence.host_samples, invalid, start_s, end_s)
    return tuple(reasons)


def after_hold(evidence: TrialEvidence) -> tuple[Fault, ...]:
    """Failures of the generator while probes left: the hold was complete, so it is still judged."""
    leave_s = evidence.phases.leave_s
    if leave_s is None:
        return ()
    return tuple(fault for fault in evidence.faults if fault.what in OURS and fault.at_s >= leave_s)


def _of_fault(fault: Fault) -> Reason:
    return Reason(fault.what, fault.message, session=fault.session, at_s=fault.at_s)


def _of_browsers(evidence: TrialEvidence) -> Iterator[Reason]:
    """Probes whose browser did not start."""
    for join in evidence.joins:
        if not join.joined and join.reason == "browser":
            message = f"{join.probe}: {join.message}"
            yield Reason("browser", message, join.probe, join.session, at_s=join.at_s)


def _polls(evidence: TrialEvidence, invalid: InvalidLimits) -> Iterator[Reason]:
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


def _cameras(evidence: TrialEvidence, invalid: InvalidLimits) -> Iterator[Reason]:
    """Encoders without enough CPU, cameras with too few frames: the worst window of each probe."""
    encoders: dict[str, StreamInterval] = {}
    captures: dict[str, dict[int, StreamInterval]] = {}
    intervals = Intervals.of(evidence.intervals)
    videos = intervals.where(pl.col("direction") == "outbound", pl.col("kind") == "video")
    best = _best_captures(videos.frame)
    suspects = videos.where(
        (pl.col("quality_limited_by_cpu_ratio") > 0)
        | (pl.col("capture_frame_rate") < invalid.capture_of_asked * pl.col("asked_frame_rate")),
    )
    for interval in suspects:
        limited_s = (interval.quality_limited_by_cpu_ratio or 0) * (
            interval.end_s - interval.start_s
        )
        if limited_s >= BUSY_S:
            encoders.setdefault(interval.probe, interval)
        rate, asked = best.get((interval.probe, interval.window)), interval.asked_frame_rate
        if not interval.owed or rate is None or asked is None:
            continue
        if rate < invalid.capture_of_asked * asked:
            seen = replace(interval, capture_frame_rate=rate)
            captures.setdefault(interval.probe, {})[interval.window] = seen
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
            asked = worst.asked_frame_rate or 0
            limit = invalid.capture_of_asked * asked
            yield Reason(
                "capture",
                f"{probe}'s camera gave {worst.capture_frame_rate:.1f} frames/s of "
                f"{asked:g} asked, limit {limit:.1f}",
                probe,
                worst.session,
                value=worst.capture_frame_rate,
                limit=limit,
                at_s=counts[0].start_s,
            )


def _best_captures(videos: pl.DataFrame) -> Mapping[tuple[str, int], float]:
    """The highest capture frame rate of a probe's senders, by probe and window.

    A page may send one camera several times, some of them with fewer frames.
    """
    cameras = videos.filter(pl.col("asked_frame_rate").is_not_null())
    most = cameras.group_by("probe", "window").agg(pl.col("capture_frame_rate").max())
    return {
        (str(probe), window): rate for probe, window, rate in most.iter_rows() if rate is not None
    }
