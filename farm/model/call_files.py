"""The files of recorded calls, as found on the server."""

from __future__ import annotations

from dataclasses import dataclass

from farm.model.webrtc_stats import MediaKind


@dataclass(frozen=True, slots=True)
class RecordedTrack:
    """A track with media in it; `length_s` from its first to its last packet, `None`: unknown."""

    kind: MediaKind
    length_s: float | None


@dataclass(frozen=True, slots=True)
class RecordedFile:
    """What the server made of a call, as it was found on the server.

    `size_bytes` is `None` if there is no such file, `tracks` is `None` if it may not be read.
    `trouble` is what a reader of its media complained about. `being_written`: a process that we may
    see has it open; looked at only where its length is not measured. `unknown` is why nothing of
    it is known, where nothing is.
    """

    path: str
    size_bytes: int | None
    tracks: tuple[RecordedTrack, ...] | None = ()
    trouble: str = ""
    being_written: bool = False
    unknown: str = ""
