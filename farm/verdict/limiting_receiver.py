"""One receiver's fate is everybody's: who pulled the sender of a broadcast down. Pure.

A server passes on the smallest of its receivers' estimates, so one starved viewer drags the
presenter and all healthy viewers down, without loss.
"""

from __future__ import annotations

from collections.abc import Iterator

from farm.model.criteria import InvalidLimits
from farm.model.trial_evidence import FirstToFall, TrialEvidence
from farm.model.verdict import Reason
from farm.verdict.host_faults import busy_hosts, deaf_hosts

BEFORE_S = 10.0
"""So long before an estimate fell a fault of its host explains it."""


def said(fall: FirstToFall) -> str:
    """Who fell first, and whom it took along."""
    return (
        f"{fall.probe}'s estimate fell first, to {fall.estimate_bps / 1000:.0f} kbit/s: "
        f"{fall.sender} aimed at {fall.before_bps / 1000:.0f} kbit/s before and at "
        f"{fall.after_bps / 1000:.0f} after, for all of its receivers"
    )


def starved_receiver(evidence: TrialEvidence, invalid: InvalidLimits) -> Iterator[Reason]:
    """Why a trial is the generator's fault: the host of the first to fall was, just before.

    Booting browsers keep a host busy in every ramp: what was before its end counts for nothing.
    """
    fall, settle_s = evidence.first_to_fall, evidence.phases.settle_s
    if fall is None or settle_s is None:
        return
    host = next(probe.host for probe in evidence.plan.probes if probe.probe == fall.probe)
    samples = [sample for sample in evidence.host_samples if sample.host == host]
    start_s = max(settle_s, fall.at_s - BEFORE_S)
    faults = (
        *busy_hosts(samples, invalid, start_s, fall.at_s),
        *deaf_hosts(samples, invalid, start_s, fall.at_s),
    )
    if faults:
        first = faults[0]
        yield Reason(
            "starved_receiver",
            f"{said(fall)}; just before, {first.message}",
            fall.probe,
            value=fall.estimate_bps,
            at_s=fall.at_s,
        )
