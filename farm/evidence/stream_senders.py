"""Whose stream it is that a member of a forwarded room received.

Servers give forwarded streams other SSRCs, mids and track names, so three things are asked, in this
order: a name that came through (SSRC, or the track's); the other stream of a connection that
carries one partner's; and the course of the counters: what is forwarded grows as what was sent
grew, second by second, and no two encoders' bytes grow alike. What none of them tells is unknown.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from farm.evidence.poll_table import PollTable
from farm.evidence.rtp_tables import RtpTables
from farm.evidence.stream_lives import Life
from farm.rates import FloatArray
from farm.recording.reader import TrialReader
from farm.trial import TrialPlan

LEAST_POLLS = 8
"""Fewer say nothing of the course of a counter."""

LAGS_S = np.array([0.0, 0.1, 0.2, 0.4, 0.8])
"""From a sender's counting to a receiver's: network, server and reports."""

LIKE_S = 0.35
"""Courses that differ by less, in seconds of the stream, are alike."""

CLEARLY_S, CLEARLY = 0.1, 2.5
"""The next best must differ by so much more, and by so many times."""


@dataclass(frozen=True, slots=True)
class Course:
    """A counter over time."""

    run_s: FloatArray
    counted: FloatArray


@dataclass(frozen=True, slots=True)
class Traced:
    """A stream with the courses of its payload, one for each encoding, and of its loudness."""

    life: Life
    payload: tuple[Course, ...]
    energy: tuple[Course, ...]
    track_id: str


@dataclass(frozen=True, slots=True)
class SentAs:
    """Who sent a stream, and as which of the sender's; `stream` is `Life.name`."""

    probe: str
    stream: Hashable


def need_senders(plan: TrialPlan) -> frozenset[str]:
    """The probes of sessions in which some receiver has more than one sender."""
    return frozenset(
        probe.probe
        for session in plan.sessions
        if not plan.mixed
        and any(
            receiver.receives
            and sum(bool(sender.sends) for sender in session.probes if sender is not receiver) > 1
            for receiver in session.probes
        )
        for probe in session.probes
    )


def senders_in(trial: TrialReader, probes: frozenset[str]) -> Mapping[Hashable, SentAs]:
    """By `Life.name` who sent what the probes of some whole sessions received."""
    needed = need_senders(trial.plan) & probes
    streams: list[Traced] = []
    for names, rows in trial.in_batches(needed):
        streams += traced(RtpTables(rows), frozenset(names))
    return senders_of(trial.plan, streams)


def traced(tables: RtpTables, probes: frozenset[str]) -> list[Traced]:
    """The streams of those probes with what tells them apart."""
    sources = _sources(tables.sources)
    found = []
    for life in tables.lives:
        if life.probe not in probes:
            continue
        inbound = life.direction == "inbound"
        table = tables.received if inbound else tables.sent
        if table is None:
            continue
        payload = _courses(table, life, "bytesReceived" if inbound else "payload")
        track_id = life.track_id
        energy: tuple[Course, ...] = ()
        if inbound and life.kind == "audio":
            energy = _courses(table, life, "totalAudioEnergy")
        elif not inbound:
            track_id, energy = sources.get((life.probe, life.connection, life.source_id), ("", ()))
        found.append(Traced(life, payload, energy, track_id))
    return found


def senders_of(plan: TrialPlan, streams: Sequence[Traced]) -> Mapping[Hashable, SentAs]:
    """By `Life.name` of a received stream who sent it; what is not known is not there."""
    by_probe: dict[str, list[Traced]] = {}
    for stream in sorted(streams, key=lambda each: (each.life.probe, each.life.order)):
        by_probe.setdefault(stream.life.probe, []).append(stream)
    found: dict[Hashable, SentAs] = {}
    for session in plan.sessions:
        members = [each for probe in session.probes for each in by_probe.get(probe.probe, [])]
        sent = [each for each in members if each.life.direction == "outbound"]
        for probe in session.probes:
            mine = [
                each for each in by_probe.get(probe.probe, []) if each.life.direction == "inbound"
            ]
            theirs = [each for each in sent if each.life.probe != probe.probe]
            found.update(_of_receiver(mine, theirs))
    return found


def _of_receiver(mine: Sequence[Traced], theirs: Sequence[Traced]) -> Mapping[Hashable, SentAs]:
    found: dict[Hashable, SentAs] = {}
    for stream in mine:
        named = [each for each in theirs if _same_name(stream, each)]
        if len({each.life.probe for each in named}) == 1:
            found[stream.life.name] = SentAs(named[0].life.probe, named[0].life.name)
    for stream in mine:
        if stream.life.name not in found:
            likest = _likest(
                stream, [each for each in theirs if each.life.kind == stream.life.kind]
            )
            if likest is not None:
                found[stream.life.name] = SentAs(likest.life.probe, likest.life.name)
    _without_rivals(found, mine)
    for stream in mine:
        if stream.life.name not in found:
            sender = _beside(stream, mine, found)
            kind = stream.life.kind
            same = [e for e in theirs if e.life.probe == sender and e.life.kind == kind]
            if sender is not None and same:
                found[stream.life.name] = SentAs(sender, same[0].life.name)
    return found


def _same_name(stream: Traced, sent: Traced) -> bool:
    if stream.life.kind != sent.life.kind:
        return False
    by_track = bool(stream.track_id) and stream.track_id == sent.track_id
    return by_track or bool(stream.life.ssrcs & sent.life.ssrcs)


def _without_rivals(found: dict[Hashable, SentAs], mine: Sequence[Traced]) -> None:
    """A stream is forwarded to a receiver once: two that claim the same are both unknown."""
    claimed: dict[Hashable, list[Life]] = {}
    for stream in mine:
        sent = found.get(stream.life.name)
        if sent is not None:
            claimed.setdefault(sent.stream, []).append(stream.life)
    for lives in claimed.values():
        for life in lives:
            if any(
                other is not life and life.first_s < other.last_s and other.first_s < life.last_s
                for other in lives
            ):
                found.pop(life.name, None)


def _beside(stream: Traced, mine: Sequence[Traced], found: Mapping[Hashable, SentAs]) -> str | None:
    """The sender of the other kind on a connection that carries one partner's streams."""
    on = [each.life for each in mine if each.life.connection == stream.life.connection]
    kinds = [life.kind for life in on]
    if not stream.life.connection or len(kinds) > len(set(kinds)):
        return None
    known = {found[life.name].probe for life in on if life.name in found}
    return known.pop() if len(known) == 1 else None


# ---------------------------------------------------------------- courses


def _likest(stream: Traced, theirs: Sequence[Traced]) -> Traced | None:
    """The one whose counters took the same course, if no other sender's did nearly."""
    return _alike(stream.payload, [each.payload for each in theirs], theirs) or _alike(
        stream.energy, [each.energy for each in theirs], theirs
    )


def _alike(
    mine: Sequence[Course], courses: Sequence[Sequence[Course]], theirs: Sequence[Traced]
) -> Traced | None:
    if len(mine) != 1 or len({each.life.probe for each in theirs}) < 2:
        return None
    scores = sorted(
        (_apart_s(mine[0], course), place) for place, each in enumerate(courses) for course in each
    )
    if not scores or scores[0][0] > LIKE_S:
        return None
    best_s, best = scores[0]
    sender = theirs[best].life.probe
    rivals = [score_s for score_s, place in scores if theirs[place].life.probe != sender]
    clear = not rivals or rivals[0] >= max(best_s + CLEARLY_S, CLEARLY * best_s)
    return theirs[best] if clear else None


def _apart_s(received: Course, sent: Course) -> float:
    """How far a received counter strays from a sent one, in seconds of the stream (RMS)."""
    begin_s = max(received.run_s[0], sent.run_s[0] + LAGS_S[-1])
    end_s = min(received.run_s[-1], sent.run_s[-1])
    inside = (received.run_s >= begin_s) & (received.run_s <= end_s)
    times, counted = received.run_s[inside], received.counted[inside]
    if len(times) < LEAST_POLLS:
        return float("inf")
    rate = (counted[-1] - counted[0]) / (times[-1] - times[0])
    if rate <= 0:
        return float("inf")
    lagged = np.interp(times[None, :] - LAGS_S[:, None], sent.run_s, sent.counted)
    apart = counted[None, :] - lagged
    apart -= apart.mean(axis=1, keepdims=True)
    return float(np.sqrt((apart**2).mean(axis=1)).min() / rate)


def _courses(table: PollTable, life: Life, counter: str) -> tuple[Course, ...]:
    """A counter in each of the stream's series."""
    found = []
    run_s, counted = table.known("run_s"), table.known(counter)
    for number in life.series:
        start, end = np.searchsorted(table.series, (number, number + 1))
        known = ~np.isnan(counted[start:end])
        if known.sum() >= LEAST_POLLS:
            found.append(Course(run_s[start:end][known], counted[start:end][known]))
    return tuple(found)


def _sources(
    table: PollTable | None,
) -> Mapping[tuple[str, str, str], tuple[str, tuple[Course, ...]]]:
    """The track and the loudness of each media source."""
    if table is None:
        return {}
    found = {}
    run_s, energy = table.known("run_s"), table.known("totalAudioEnergy")
    starts = np.flatnonzero(np.diff(table.series, prepend=-1))
    ends = np.append(starts[1:], len(table.series))
    last = table.frame[ends - 1].select("probe", "connection", "id", "trackIdentifier")
    for (*whose, track_id), start, end in zip(last.iter_rows(), starts, ends, strict=True):
        known = ~np.isnan(energy[start:end])
        course = Course(run_s[start:end][known], energy[start:end][known])
        courses = (course,) if known.sum() >= LEAST_POLLS else ()
        found[tuple(whose)] = (track_id or "", courses)
    return found
