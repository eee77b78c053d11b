"""The baseline: quality at the smallest load, with which relative limits compare. Pure.

It is made of trials that passed the absolute limits (`judge` without a baseline) and agree with
each other: with two that differ by half of a limit's tolerance chance would decide verdicts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import multimode

from farm.analysis.aggregates import median_known
from farm.analysis.intervals import Stream
from farm.model.session_roles import SERVER
from farm.model.trial_evidence import StreamIdentity, StreamInterval, TrialEvidence
from farm.model.trial_plan import Direction
from farm.model.webrtc_stats import MediaKind

AGREEMENT = 0.1
"""The largest share by which rates and targets of two agreeing trials may differ."""


@dataclass(frozen=True, slots=True)
class StreamBaseline:
    """Medians over the windows of every owed stream of that role, direction and kind.

    `pixels_per_s` is what nine in ten windows had at least: sizes adapt. Those of a screen depend
    on what it shows, and are `None`, as is its frame rate. Streams of the server's own are apart
    from those that it forwards (`is_of_server`).
    """

    role: str
    direction: Direction
    kind: MediaKind
    frame_rate: float | None
    target_bitrate_bps: float | None
    frame_width: int | None
    frame_height: int | None
    pixels_per_s: float | None = None
    is_screen: bool = False
    is_of_server: bool = False


@dataclass(frozen=True, slots=True)
class Baseline:
    """The baseline of a run; `trials` are the indices of those it was made of."""

    trials: tuple[int, ...]
    streams: tuple[StreamBaseline, ...]

    def of(
        self,
        role: str,
        direction: Direction,
        kind: MediaKind,
        *,
        is_screen: bool = False,
        is_of_server: bool = False,
    ) -> StreamBaseline | None:
        asked = role, direction, kind, is_screen, is_of_server
        for each in self.streams:
            if (each.role, each.direction, each.kind, each.is_screen, each.is_of_server) == asked:
                return each
        return None


def baseline_of(evidences: Sequence[TrialEvidence], at_least: int = 2) -> Baseline | None:
    """The baseline of the first two trials that agree; None as long as no two do.

    `evidences` are of trials that passed without a baseline. With `at_least` 1 a single trial is
    enough, until there are more.
    """
    if at_least == 1 and len(evidences) == 1:
        return _baseline_from(evidences)
    for pair in combinations(evidences, 2):
        if _agree(_baseline_from(pair[:1]), _baseline_from(pair[1:])):
            return _baseline_from(pair)
    return None


def _baseline_from(evidences: Sequence[TrialEvidence]) -> Baseline:
    groups: dict[tuple[str, Direction, MediaKind, bool, bool], list[StreamInterval]] = {}
    for evidence in evidences:
        own, doubtful = _of_server(evidence.streams)
        for interval in evidence.intervals:
            stream = interval.probe, interval.direction, interval.kind, interval.track
            key = (interval.role, interval.direction, interval.kind, interval.is_screen)
            if interval.owed and stream not in doubtful:
                groups.setdefault((*key, stream in own), []).append(interval)
    return Baseline(
        trials=tuple(evidence.plan.index for evidence in evidences),
        streams=tuple(
            StreamBaseline(
                role,
                direction,
                kind,
                frame_rate=None
                if is_screen
                else median_known(interval.frame_rate for interval in intervals),
                target_bitrate_bps=median_known(
                    interval.target_bitrate_bps for interval in intervals
                ),
                frame_width=_most_frequent(interval.frame_width for interval in intervals),
                frame_height=_most_frequent(interval.frame_height for interval in intervals),
                pixels_per_s=None
                if is_screen
                else _tenth_percentile(_pixels_per_s(interval) for interval in intervals),
                is_screen=is_screen,
                is_of_server=is_of_server,
            )
            for (role, direction, kind, is_screen, is_of_server), intervals in sorted(
                groups.items()
            )
        ),
    )


def _of_server(streams: Iterable[StreamIdentity]) -> tuple[frozenset[Stream], frozenset[Stream]]:
    """The streams of the server's own, and those that may be, or a probe's."""
    own: set[Stream] = set()
    doubtful: set[Stream] = set()
    for each in streams:
        if SERVER in each.senders:
            of = own if len(each.senders) == 1 else doubtful
            of.add((each.probe, each.direction, each.kind, each.track))
    return frozenset(own), frozenset(doubtful)


def _agree(one: Baseline, other: Baseline) -> bool:
    if len(one.streams) != len(other.streams):
        return False
    for mine in one.streams:
        theirs = other.of(
            mine.role,
            mine.direction,
            mine.kind,
            is_screen=mine.is_screen,
            is_of_server=mine.is_of_server,
        )
        if theirs is None:
            return False
        if not _near(mine.frame_rate, theirs.frame_rate):
            return False
        if not _near(mine.target_bitrate_bps, theirs.target_bitrate_bps):
            return False
    return True


def _near(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= AGREEMENT * max(one, other)


def _most_frequent(values: Iterable[int | None]) -> int | None:
    """The most frequent value: a size is not averaged."""
    known = [value for value in values if value is not None]
    return multimode(known)[0] if known else None


def _pixels_per_s(interval: StreamInterval) -> float | None:
    width, height, rate = interval.frame_width, interval.frame_height, interval.frame_rate
    return None if width is None or height is None or rate is None else width * height * rate


def _tenth_percentile(values: Iterable[float | None]) -> float | None:
    """The tenth percentile: nine in ten values reach it."""
    known = sorted(value for value in values if value is not None)
    return known[len(known) // 10] if known else None
