"""Which receiver's bandwidth estimate lowered the bitrate of a broadcast's sender. Pure.

A server passes on the smallest of its receivers' estimates, so one starved viewer lowers the
bitrate of the presenter, and so of all healthy viewers, without loss.
"""

from __future__ import annotations

from collections.abc import Iterator

from farm.model.criteria import InvalidLimits
from farm.model.trial_evidence import FirstToFall, TrialEvidence
from farm.model.verdict import Reason
from farm.verdict.host_faults import busy_hosts, dropping_hosts

BEFORE_S = 10.0
"""A fault of its host explains the fall of an estimate if it was at most so long before."""


def estimate_fall(fall: FirstToFall) -> str:
    """Whose estimate fell first, and what its sender then sent, in words."""
    return (
        f"{fall.probe}'s bandwidth estimate fell first, to {fall.estimate_bps / 1000:.0f} kbit/s: "
        f"{fall.sender} had a target bitrate of {fall.before_bps / 1000:.0f} kbit/s before and of "
        f"{fall.after_bps / 1000:.0f} kbit/s after, for all of its receivers"
    )


def starved_receiver(evidence: TrialEvidence, invalid: InvalidLimits) -> Iterator[Reason]:
    """The reason that makes a trial invalid if the host of that receiver was at fault just before.

    Booting browsers keep a host busy in every ramp: what was before its end does not count.
    """
    fall, settle_s = evidence.first_to_fall, evidence.phases.settle_s
    if fall is None or settle_s is None:
        return
    host = next(probe.host for probe in evidence.plan.probes if probe.probe == fall.probe)
    samples = [sample for sample in evidence.host_samples if sample.host == host]
    start_s = max(settle_s, fall.at_s - BEFORE_S)
    faults = (
        *busy_hosts(samples, invalid, start_s, fall.at_s),
        *dropping_hosts(samples, invalid, start_s, fall.at_s),
    )
    if faults:
        first = faults[0]
        yield Reason(
            "starved_receiver",
            f"{estimate_fall(fall)}; just before, {first.message}",
            fall.probe,
            value=fall.estimate_bps,
            at_s=fall.at_s,
        )
