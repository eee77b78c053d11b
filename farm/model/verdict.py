"""What a trial was judged to be, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """`invalid`: the generator was at fault; the server is not blamed."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    INVALID = "invalid"


ASSUMED_MEDIA, LEFT = "assumed_media", "left"
"""Codes of reasons that are nobody's fault: what is owed is not known; a page left by itself."""

OTHER_PROGRAMS = "other_programs"
"""The code of a reason: programs that are none of the farm's had the CPU of a host."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a unit or a trial is not good: everything needed to find it again.

    `sender` is whom a received stream comes from, or whom it may come from (`p001 or p002`).
    """

    code: str
    message: str
    probe: str | None = None
    session: str | None = None
    stream: str | None = None
    value: float | None = None
    limit: float | None = None
    at_s: float | None = None
    sender: str | None = None


@dataclass(frozen=True, slots=True)
class WorstSession:
    """The session whose users had it worst, its figures over the whole hold.

    Each is that of its worst received stream: no mean of several.
    """

    session: str
    residual_loss_ratio: float | None
    video_bitrate_bps: float | None
    frame_rate: float | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reasons` are sorted, the worst first; a pass may carry remarks in `notes`.

    `windows` is how many of the hold the media were judged by, None in a recording of a farm that
    did not say. `by_last_window`: it failed by what was in the last of them alone, so that nobody
    saw whether it would have gone on.
    """

    outcome: Outcome
    reasons: tuple[Reason, ...]
    units: int
    units_failed: int
    established: int
    worst_session: WorstSession | None = None
    notes: tuple[str, ...] = ()
    windows: int | None = None
    by_last_window: bool = False
