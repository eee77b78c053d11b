"""Recordings of calls: their files on the server and the tracks in them."""

from __future__ import annotations

from dataclasses import dataclass

from farm.model.webrtc_stats import MediaKind


@dataclass(frozen=True, slots=True)
class RecordedTrack:
    """A track with media in it; `length_s` from its first to its last packet, `None`: unknown.

    `packets` are those in it, `None` where they were not counted.
    """

    kind: MediaKind
    length_s: float | None
    packets: int | None = None


@dataclass(frozen=True, slots=True)
class RecordedFile:
    """A recording of a call on the server.

    `size_bytes` is `None` if there is no such file, `tracks` is `None` if it may not be read.
    `trouble` is the error of a reader of its media. `being_written`: a visible process has it open;
    checked only where its length is not measured. `unknown` is why nothing of it is known, else
    empty.
    """

    path: str
    size_bytes: int | None
    tracks: tuple[RecordedTrack, ...] | None = ()
    trouble: str = ""
    being_written: bool = False
    unknown: str = ""
