"""A trial's recording -> the quality that its probes received in each second of the hold."""

from __future__ import annotations

import math

import numpy as np
import polars as pl

from farm.attribution import Quality
from farm.evidence.poll_table import PollTable
from farm.evidence.stream_lifetimes import SERIES
from farm.recording.trial_reader import TrialReader

_FIGURES = (("framesDecoded", "video", "the frame rate"), ("packetsReceived", "audio", "packets"))


def quality_by_second(trial: TrialReader) -> Quality | None:
    """The mean frame rate of received video; without video, packets a second of received audio.

    What arrived between two polls counts in the second of their middle. `None` without a hold, or
    where nothing was received.
    """
    phases = trial.phases
    end_s = phases.leave_s or phases.done_s
    if phases.hold_s is None or end_s is None:
        return None
    first, seconds = math.floor(phases.hold_s), math.ceil(end_s - phases.hold_s)
    totals = {counter: np.zeros((2, seconds)) for counter, _, _ in _FIGURES}
    for _, rows in trial.in_batches(probe.probe for probe in trial.plan.probes):
        frame = rows.samples(
            "inbound-rtp", (*SERIES, "kind", "timestamp", *(counter for counter, _, _ in _FIGURES))
        )
        if frame is None:
            continue
        for counter, kind, _ in _FIGURES:
            table = PollTable(frame.filter(pl.col("kind") == kind), SERIES, (counter,))
            moved, span_s = table.delta(counter).to_numpy(), table.span_s(counter).to_numpy()
            at = np.floor(table.known("run_s") - span_s / 2) - first
            good = np.isfinite(moved) & (span_s > 0) & (at >= 0) & (at < seconds)
            place = at[good].astype(np.int64)
            np.add.at(totals[counter][0], place, moved[good] / span_s[good])
            np.add.at(totals[counter][1], place, 1)
    for counter, _, name in _FIGURES:
        total, count = totals[counter]
        if count.any():
            values = np.where(count > 0, total / np.maximum(count, 1), np.nan)
            return Quality(name, first, tuple(values.tolist()))
    return None
