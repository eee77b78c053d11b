"""The share of the criteria's limits that each session used up, window by window. Pure.

0 is none of a limit, 1 is all of it, more is beyond it; the worst of the limits counts for a
window. What is compared with a partner, or with the baseline, comes from the reasons of the
verdict: a session that a reason names is beyond a limit here, too. A verdict also asks for more
(docs/method.md): two windows in a row, joins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from farm.model.criteria import Criteria
from farm.model.verdict import Reason
from farm.verdict.stream_limits import FAR_BEYOND, LEAST_FREEZE_S, LEAST_LOST_PACKETS
from reports.series.grid import Array
from reports.series.trial import SessionWindows

SEEN = (
    "missing stream",
    "lost packets",
    "picture stood still",
    "silence",
    "few frames",
    "repaired packets",
)
"""Limits that can be judged from the windows alone."""

CAUSES = (
    *SEEN,
    "delivered too little",
    "target bitrate too low",
    "coarse pictures",
    "another picture size",
    "began late or never",
    "gone: its page left",
    "no recording",
    "unseen: no polls",
    "no messages",
    "other reasons of the verdict",
)
"""All limits, in the order of `SessionQuality.cause`, by the names that the CSV has."""

_TEXTS: Mapping[str, str] = {
    "picture stood still": "video frozen",
    "repaired packets": "repair: NACKs or retransmissions",
    "coarse pictures": "coarse video",
    "another picture size": "another frame size",
    "no messages": "quiet data channels: no messages",
}

COUNTLESS = frozenset(
    {"missing stream", "began late or never", "gone: its page left", "no recording", "no messages"}
)
"""Limits for which a multiple of the limit means nothing."""

_OF_CODE: Mapping[str, str] = {
    "residual_loss": "lost packets",
    "stalled": "picture stood still",
    "gap": "silence",
    "frame_rate": "few frames",
    "repair": "repaired packets",
    "delivered": "delivered too little",
    "target_bitrate": "target bitrate too low",
    "pixels": "coarse pictures",
    "frame_height": "coarse pictures",
    "size": "another picture size",
    "setup": "began late or never",
    "no_connection": "began late or never",
    "left": "gone: its page left",
    "recording_missing": "no recording",
    "no_evidence": "unseen: no polls",
    "data": "no messages",
}


@dataclass(frozen=True, slots=True, eq=False)
class SessionQuality:
    """The share of a limit that each session used up in each window.

    `used[i, j]` is that of `windows.sessions[i]` in window `j`, NaN where unknown; `cause` is the
    limit, as an index into `CAUSES`. `others` are probes that reasons of the verdict name and that
    have no row: the presenters, where each viewer has one.
    """

    windows: SessionWindows
    used: Array
    cause: NDArray[np.int64]
    others: tuple[str, ...] = ()

    @property
    def peaks(self) -> Array:
        """The share used in each session's worst window; NaN for a session without any."""
        if not self.used.size:
            return np.full(len(self.windows.sessions), np.nan)
        peaks: Array = np.fmax.reduce(self.used, axis=1)
        return peaks

    def worst_first(self) -> Sequence[int]:
        """Indices of sessions: those with absent probes first, then by their worst window."""
        absent = np.array([len(out) for out in self.windows.absent], dtype=np.float64)
        keys = np.lexsort((-np.nan_to_num(self.peaks, nan=-1.0), -absent))
        return [int(place) for place in keys]


def cause_text(cause: str) -> str:
    """The name of a limit for people; no two begin with the same letter."""
    return _TEXTS.get(cause, cause)


def session_quality(windows: SessionWindows, criteria: Criteria) -> SessionQuality:
    """The shares used up as far as the windows alone show them."""
    length_s = np.maximum(windows.end_s - windows.start_s, LEAST_FREEZE_S)
    lost = _of_packets(windows.lost, criteria.residual_loss, windows.lost_packets)
    repaired = _of_packets(windows.repaired, criteria.repair, windows.repaired_packets)
    frozen = windows.frozen / np.maximum(criteria.stalled_share, LEAST_FREEZE_S / length_s)
    silent = _of(windows.gap_s, criteria.gap_s)
    missing = np.where(windows.missing, np.fmax(frozen, silent), np.nan)
    slack = 1 - criteria.frame_rate_of_baseline
    few = np.full(lost.shape, np.nan)
    if slack > 0:
        few = np.clip(windows.frames_lacking, 0, None) / slack
    every = np.stack([missing, lost, frozen, silent, few, repaired])
    known = np.where(np.isnan(every), -np.inf, every)
    worst = known.max(axis=0, initial=-np.inf)
    return SessionQuality(
        windows,
        np.where(np.isinf(worst) & (worst < 0), np.nan, worst),
        known.argmax(axis=0) if known.size else np.zeros(lost.shape, dtype=np.int64),
    )


def with_reasons(quality: SessionQuality, reasons: Sequence[Reason]) -> SessionQuality:
    """`quality` with each reason of the verdict added to the window that its value is of.

    A reason that windows can show by themselves is added only where they did not; a probe that
    never joined has no window.
    """
    windows = quality.windows
    place = {name: i for i, name in enumerate(windows.sessions)}
    used, cause = quality.used.copy(), quality.cause.copy()
    beyond = np.nan_to_num(quality.peaks, nan=0.0) > 1
    others = []
    by_viewer = windows.unit == "viewer"
    for reason in reasons:
        row = place.get((reason.probe if by_viewer else reason.session) or "")
        if row is None:
            others += [reason.probe] if by_viewer and reason.probe else []
            continue
        word = _OF_CODE.get(reason.code, CAUSES[-1])
        out = windows.absent[row]
        never_in = bool(out) if by_viewer else reason.probe in out
        if not used.size or never_in or (word in SEEN and beyond[row]):
            continue
        at_s = reason.at_s if reason.worst_at_s is None else reason.worst_at_s
        at = np.searchsorted(windows.start_s, at_s or 0.0, side="right") - 1
        column = int(np.clip(at, 0, windows.start_s.size - 1))
        times = _times(reason)
        if not times <= used[row, column]:
            used[row, column], cause[row, column] = times, CAUSES.index(word)
    return replace(quality, used=used, cause=cause, others=tuple(dict.fromkeys(others)))


def _times(reason: Reason) -> float:
    """The multiple of the limit; a reason without a number counts as far beyond."""
    value, limit = reason.value, reason.limit
    if not value or not limit:
        return FAR_BEYOND
    return min(max(value / limit, limit / value, 1.01), FAR_BEYOND)


def _of_packets(values: Array, limit: float, packets: Array) -> Array:
    """Shares used of a limit on packets; below `LEAST_LOST_PACKETS` at most 1, for it is chance."""
    used = _of(values, limit)
    return np.where(packets > LEAST_LOST_PACKETS, used, np.minimum(used, 1.0))


def _of(values: Array, limit: float) -> Array:
    return values / limit if limit > 0 else np.where(values > 0, np.inf, values)
