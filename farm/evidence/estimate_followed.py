"""Which receiver's bandwidth estimate a sender followed when its target bitrate fell.

A server passes on the smallest estimate of its receivers (REMB). A receiver states its estimate as
`availableIncomingBitrate` of its candidate pair, the sender its target as `targetBitrate` (W3C
webrtc-stats).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl

from farm.analysis.rates import FloatArray
from farm.model.trial_evidence import FirstToFall
from farm.model.trial_plan import ProbePlan, TrialPlan
from farm.recording.trial_reader import TrialReader

FALLEN = 0.8
"""A target or an estimate has fallen when it is below this share of the earlier target."""

AT_LEAST_S = 3.0
"""A fall that is shorter is ignored."""

BEGINNING_S = 3.0
"""A sender's first targets are ignored: they are guesses, made before any receiver's estimate."""

FOLLOWED_WITHIN_S = 2.0
"""The longest time from an estimate to the target that follows it, reports and polls included."""


def first_to_fall(trial: TrialReader) -> FirstToFall | None:
    """The first one-to-many session whose sender's target fell and was low in the hold."""
    for sender, receivers in _one_to_many(trial.plan):
        fall = _fall(trial, sender)
        if fall is not None:
            at_s, before_bps, after_bps = fall
            found = _first(trial, receivers, at_s + FOLLOWED_WITHIN_S, FALLEN * before_bps)
            if found is not None:
                low_s, probe, estimate_bps = found
                return FirstToFall(
                    sender.probe, probe, low_s, estimate_bps, at_s, before_bps, after_bps
                )
    return None


def _one_to_many(plan: TrialPlan) -> Iterator[tuple[ProbePlan, Sequence[str]]]:
    for session in () if plan.mixed else plan.sessions:
        senders = [probe for probe in session.probes if "video" in probe.sends]
        receivers = [probe.probe for probe in session.probes if "video" in probe.kinds_of_others]
        if len(senders) == 1 and senders[0].probe not in receivers and receivers:
            yield senders[0], receivers


def _fall(trial: TrialReader, sender: ProbePlan) -> tuple[float, float, float] | None:
    """The first fall of the target that reaches into the hold: when, from what, to what."""
    hold_s, end_s = trial.phases.hold_s, trial.phases.leave_s
    rows = trial.of_probes(sender.probe, sender.probe).samples(
        "outbound-rtp", ("probe", "kind", "targetBitrate")
    )
    if rows is None or hold_s is None:
        return None
    rows = rows.filter(
        pl.col("probe") == sender.probe, pl.col("kind") == "video", pl.col("run_s").is_not_null()
    )
    known = rows.drop_nulls("targetBitrate").sort("run_s")
    times, targets = known["run_s"].to_numpy(), known["targetBitrate"].to_numpy().astype(float)
    if not len(times):
        return None
    counts = (times >= times[0] + BEGINNING_S) & (times <= (end_s or np.inf))
    times, targets = times[counts], targets[counts]
    at = 0
    while at < len(times):
        before_bps = float(targets[: at + 1].max())
        if targets[at] >= FALLEN * before_bps:
            at += 1
            continue
        up = np.flatnonzero(targets[at:] >= FALLEN * before_bps)
        last = at + int(up[0]) - 1 if len(up) else len(times) - 1
        if times[last] - times[at] >= AT_LEAST_S and times[last] >= hold_s:
            return float(times[at]), before_bps, float(np.median(targets[at : last + 1]))
        at = last + 1
    return None


def _first(
    trial: TrialReader, receivers: Sequence[str], by_s: float, low_bps: float
) -> tuple[float, str, float] | None:
    """The receiver whose estimate had been low for longest at `by_s`: when, who, the estimate."""
    found: list[tuple[float, float, str]] = []
    for probes, rows in trial.in_batches(receivers):
        pairs = rows.samples("candidate-pair", ("probe", "nominated", "availableIncomingBitrate"))
        if pairs is None:
            continue
        estimates = pairs.filter(
            pl.col("probe").is_in(probes),
            pl.col("nominated"),  # in any state: a full access link delays ICE's own checks
            pl.col("run_s") <= by_s,
        ).drop_nulls("availableIncomingBitrate")
        for (probe,), mine in estimates.sort("run_s").group_by("probe"):
            bps = mine["availableIncomingBitrate"].to_numpy().astype(float)
            begin = _low_since(bps, low_bps)
            if begin is not None:
                found.append((float(mine["run_s"][begin]), float(bps[-1]), str(probe)))
    if not found:
        return None
    at_s, estimate_bps, probe = min(found)
    return at_s, probe, estimate_bps


def _low_since(estimates: FloatArray, low_bps: float) -> int | None:
    """The index since which estimates are low; `None` if the last one is not low."""
    high = np.flatnonzero(estimates >= low_bps)
    begin = int(high[-1]) + 1 if len(high) else 0
    return begin if begin < len(estimates) else None
