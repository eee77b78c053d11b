"""How much of what the criteria allow each session used up, window by window. Pure.

0 is untouched, 1 is at a limit, more is beyond it; the worst of the limits below stands for a
window. A verdict also asks for more than that (docs/method.md): two windows in a row, what was
delivered of what was sent, joins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from farm.experiment import Criteria
from farm.verdict.stream_limits import LEAST_FREEZE_S, LEAST_LOST_PACKETS
from reports.grid import Array
from reports.trial_series import SessionWindows

CAUSES = ("lost packets", "picture stood still", "silence", "few frames", "repaired packets")
"""What the limits are of, in the order of `SessionQuality.cause`."""


@dataclass(frozen=True, slots=True, eq=False)
class SessionQuality:
    """`used[i, j]` of `windows.sessions[i]` in window `j`, NaN where nobody saw it.

    `cause` is the limit that it is of, as a place in `CAUSES`.
    """

    windows: SessionWindows
    used: Array
    cause: NDArray[np.int64]

    @property
    def peaks(self) -> Array:
        """Of each session in its worst window; NaN for one that was never seen."""
        if not self.used.size:
            return np.full(len(self.windows.sessions), np.nan)
        peaks: Array = np.fmax.reduce(self.used, axis=1)
        return peaks

    def worst_first(self) -> Sequence[int]:
        """Places of sessions: those with absent probes, then by their worst window."""
        absent = np.array([len(out) for out in self.windows.absent], dtype=np.float64)
        keys = np.lexsort((-np.nan_to_num(self.peaks, nan=-1.0), -absent))
        return [int(place) for place in keys]


def session_quality(
    windows: SessionWindows, criteria: Criteria, asked_frame_rate: float | None
) -> SessionQuality:
    """`asked_frame_rate` is what received pictures should have; `None`: it is not known."""
    length_s = np.maximum(windows.end_s - windows.start_s, LEAST_FREEZE_S)
    lost = _of_packets(windows.lost, criteria.residual_loss, windows.lost_packets)
    repaired = _of_packets(windows.repaired, criteria.repair, windows.repaired_packets)
    still = windows.stood_still / np.maximum(criteria.stalled_share, LEAST_FREEZE_S / length_s)
    silent = _of(windows.gap_s, criteria.gap_s)
    few = np.full(lost.shape, np.nan)
    slack = 1 - criteria.frame_rate_of_baseline
    if asked_frame_rate and slack > 0:
        missing = 1 - windows.frame_rate / asked_frame_rate
        few = np.clip(missing, 0, None) / slack
    every = np.stack([lost, still, silent, few, repaired])
    told = np.where(np.isnan(every), -np.inf, every)
    worst = told.max(axis=0, initial=-np.inf)
    return SessionQuality(
        windows,
        np.where(np.isinf(worst) & (worst < 0), np.nan, worst),
        told.argmax(axis=0) if told.size else np.zeros(lost.shape, dtype=np.int64),
    )


def _of_packets(values: Array, limit: float, packets: Array) -> Array:
    """Below so many packets chance decides, and no limit is broken."""
    used = _of(values, limit)
    return np.where(packets > LEAST_LOST_PACKETS, used, np.minimum(used, 1.0))


def _of(values: Array, limit: float) -> Array:
    return values / limit if limit > 0 else np.where(values > 0, np.inf, values)
