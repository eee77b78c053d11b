"""The verdict on a trial: its outcome and reasons."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """The outcome of a trial; `invalid`: the generator was at fault, the server is not judged."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    INVALID = "invalid"


NO_CONNECTION = "no_connection"
"""The code of the reason that a page which joined made no RTCPeerConnection."""

ASSUMED_MEDIA, LEFT, AFTER_JOIN = "assumed_media", "left", "after_join"
"""Codes of reasons without a fault of the server's media: what is owed is unknown; a page left by
itself; a step of the driver in the hold failed."""

OTHER_PROGRAMS = "other_programs"
"""The code of the reason that programs other than the farm's used the CPU of a host."""

MEDIA_ALONE = "the media alone: "
"""The beginning of an invalid verdict's note of what its media would have come to."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a unit or a trial failed or is invalid, with what is needed to find it again.

    `at_s` is when it began, `worst_at_s` the start of the window in which a limit was broken most;
    None for what is not judged by windows, and in older recordings. `sender` is the probe that a
    received stream comes from, or may come from (`p001 or p002`).
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
    worst_at_s: float | None = None


@dataclass(frozen=True, slots=True)
class WorstSession:
    """The session of the worst quality, with figures over the whole hold.

    Each is that of its worst received stream, not a mean.
    """

    session: str
    residual_loss_ratio: float | None
    video_bitrate_bps: float | None
    frame_rate: float | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on a trial; `reasons` are sorted, the worst first, `notes` are remarks.

    `windows` is the number of windows by which the media were judged, None in older recordings.
    `by_last_window`: it failed in the last of them only, so that it is not known whether that would
    have gone on. `by_driver`: nobody got through, each for a step of the driver that failed or for
    what its page did: the trial says nothing of the server. `page_notes` are those notes that
    tell what pages and the driver's steps did.
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
    by_driver: bool = False
    page_notes: tuple[str, ...] = ()
