"""Checks the recordings that the server made of calls: which are owed, their faults. Pure.

A recording begins when all of a page's media flow, which may be after the page has joined the call;
it is owed from when all had joined until the first one left, less `SHORTER_BY_S`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from farm.model.call_files import RecordedFile, RecordedTrack
from farm.model.trial_plan import TrialPlan
from farm.model.webrtc_stats import MediaKind
from farm.model.wording import counted

JANUS = ".mjr"

SHORTER_BY_S = 3.0
"""How much of a call's beginning may be missing."""

VIDEO_KBPS, AUDIO_KBPS = 500, 60
"""The most that a page sends by default: Kurento's limit for video, and Opus."""


@dataclass(frozen=True, slots=True)
class OwedRecording:
    """A file that must exist after a call that lasted `lasted_s`."""

    session: str
    name: str
    kinds: tuple[MediaKind, ...]
    lasted_s: float


@dataclass(frozen=True, slots=True)
class CheckedRecordings:
    """The result of a check; `faults` by session, `unknown` are files that could not be checked."""

    whole: int
    faults: Mapping[str, str]
    unknown: tuple[str, ...]


def owed_recordings(plan: TrialPlan, lasted_s: Mapping[str, float]) -> tuple[OwedRecording, ...]:
    """The recordings of the sessions in `lasted_s`, which are those that all had joined.

    A Janus writes a file for each kind: NAME-audio.mjr and NAME-video.mjr of NAME.mjr.
    """
    return tuple(
        OwedRecording(probe.session, name, kinds, lasted_s[probe.session])
        for probe in plan.probes
        if probe.recorded_as is not None and probe.session in lasted_s
        for name, kinds in _files_of(probe.recorded_as, probe.sends)
    )


def checked_recordings(
    owed: Sequence[OwedRecording], seen: Sequence[RecordedFile]
) -> CheckedRecordings:
    """Compare the files of the server, in the same order, with those that are owed."""
    faults: dict[str, list[str]] = {}
    unknown: list[str] = []
    for one, file in zip(owed, seen, strict=True):
        wrong = recording_fault(one, file)
        if wrong is not None:
            faults.setdefault(one.session, []).append(wrong)
        elif not _is_known(one, file):
            unknown.append(one.name)
    bad = sum(len(wrongs) for wrongs in faults.values())
    return CheckedRecordings(
        whole=len(owed) - bad - len(unknown),
        faults={session: "; ".join(wrongs) for session, wrongs in faults.items()},
        unknown=tuple(unknown),
    )


def recording_fault(owed: OwedRecording, seen: RecordedFile) -> str | None:
    """What is wrong with a recording, in words; `None`: nothing, as far as is known."""
    if seen.unknown:
        return None
    if seen.size_bytes is None:
        return f"there is no recording {seen.path}"
    if seen.size_bytes == 0:
        return f"the recording {owed.name} is empty"
    if seen.tracks is not None and not seen.tracks:
        return f"the recording {owed.name} cannot be played: {seen.trouble or 'no media in it'}"
    wrong = None if seen.tracks is None else _wrong_tracks(owed, seen.tracks)
    if wrong is None and seen.being_written and not _is_known(owed, seen):
        return f"the recording {owed.name} is still being written though the call is over"
    return wrong


def _files_of(
    name: str, kinds: tuple[MediaKind, ...]
) -> Sequence[tuple[str, tuple[MediaKind, ...]]]:
    """The files of a probe's recording, each with what is in it."""
    if not name.endswith(JANUS):
        return ((name, kinds),)
    return [(f"{name.removesuffix(JANUS)}-{kind}{JANUS}", (kind,)) for kind in kinds]


def projected_recordings_bytes(plan: TrialPlan, lasts_s: float) -> int:
    """The size of the recordings of a trial, of calls of at most `lasts_s`."""
    kbps = sum(
        int(probe.variables.get("max_video_send_bandwidth") or VIDEO_KBPS) + AUDIO_KBPS
        for probe in plan.probes
        if probe.recorded_as is not None
    )
    return round(kbps * 1000 / 8 * lasts_s)


def _wrong_tracks(owed: OwedRecording, tracks: Sequence[RecordedTrack]) -> str | None:
    lengths = {track.kind: track.length_s for track in tracks}
    for track in tracks:
        if track.packets is not None and track.packets < owed.lasted_s - SHORTER_BY_S:
            return (
                f"the {track.kind} of the recording {owed.name} has only"
                f" {counted(track.packets, 'packet')}, the call lasted {owed.lasted_s:.1f} s"
            )
    for kind in owed.kinds:
        if kind not in lengths:
            return f"the recording {owed.name} has no {kind}"
        length_s = lengths[kind]
        if length_s is not None and length_s < owed.lasted_s - SHORTER_BY_S:
            return (
                f"the {kind} of the recording {owed.name} lasts {length_s:.1f} s,"
                f" the call lasted {owed.lasted_s:.1f} s"
            )
    return None


def _is_known(owed: OwedRecording, seen: RecordedFile) -> bool:
    lengths = {track.kind: track.length_s for track in seen.tracks or ()}
    return all(lengths.get(kind) is not None for kind in owed.kinds)
