"""Whose stream it is that a member of a forwarded room received.

Servers give forwarded streams other SSRCs, mids and track names, so three things are asked, in this
order: a name that came through (SSRC, or the track's); the other stream of a connection that
carries one partner's; and the course of the counters: what is forwarded grows as what was sent
grew, second by second, and no two encoders' bytes grow alike. What none of them tells is unknown.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from farm.evidence.page_acts import PageActs
from farm.evidence.poll_table import PollTable
from farm.evidence.rtp_tables import RtpTables
from farm.evidence.stream_lives import Life, in_flows
from farm.evidence.stream_slots import Matched, Span, Stream, match
from farm.rates import CLOCK_JUMP_S, FloatArray
from farm.recording.reader import TrialReader
from farm.trial import Direction, SessionPlan, TrialPlan
from farm.webrtc_stats import MediaKind

KINDS: tuple[MediaKind, ...] = ("audio", "video")
CAMERAS = ("camera", "microphone")

LEAST_POLLS, LEAST_PART, LONG_S = 4, 12, 8.0
"""Fewer polls say nothing of the course of a counter, or nothing where the received stream was
there without the sent one. A stream that is not so long says little."""

AROUND_S = 2.5
"""So long before or after a sent stream polls may still tell of what was received of it."""

LAGS_S = np.array([0.0, 0.1, 0.2, 0.4, 0.8])
"""From a sender's counting to a receiver's: network, server and reports."""

LIKE_S, LIKE_ALONE_S = 0.35, 0.1
"""Courses that differ by less, in seconds of the stream, are alike; where there is no other to
compare with they must be nearer."""

CLEARLY_S, CLEARLY = 0.01, 2.0
DOUBTFUL_S, DOUBTFUL = 0.05, 3.0
"""The next best must differ by so much more, and by so many times: of long videos, and of others.
Microphones that hear the same take nearly the same course."""

SURELY_S, SURELY = 0.05, 4.0
"""By so much more it must differ to outweigh that something owed would then be missing."""


@dataclass(frozen=True, slots=True)
class Course:
    """A counter over time."""

    run_s: FloatArray
    counted: FloatArray


@dataclass(frozen=True, slots=True)
class Traced:
    """A stream with the courses of its counters, for each the course in each of its encodings.

    They are payload, and what a server that forwards cannot change: the quantizers of a video's
    frames (`qpSum`), the loudness of an audio.
    """

    life: Life
    courses: tuple[tuple[Course, ...], ...]
    track_id: str


@dataclass(frozen=True, slots=True)
class _Sent:
    """A stream that was sent."""

    of: Traced
    is_extra: bool
    rank: int

    @property
    def source(self) -> tuple[str, Hashable]:
        """The camera it is of: what is sent to each partner by itself is one."""
        return self.of.life.probe, self.of.track_id or self.of.life.name

    def named(self, *, is_sure: bool) -> SentAs:
        return SentAs(self.of.life.probe, self.of.life.name, self.is_extra, self.rank, is_sure)


@dataclass(frozen=True, slots=True)
class SentAs:
    """Who sent a stream, and as which of the sender's; `stream` is `Life.name`.

    `is_extra`: the sender sends it beside what it owes, such as a screen beside its camera. `rank`
    and `is_sure` are those of `Stream`.
    """

    probe: str
    stream: Hashable
    is_extra: bool
    rank: int
    is_sure: bool


@dataclass(frozen=True, slots=True)
class Origins:
    """By `Life.name` of a received stream who sent it, where that is known, else who can have.

    Of streams that are in neither nothing was asked.
    """

    sent_as: Mapping[Hashable, SentAs]
    possible: Mapping[Hashable, frozenset[str]]


def senders_in(
    trial: TrialReader, sessions: Sequence[SessionPlan], hold: Span, acts: PageActs
) -> Origins:
    """Who sent what the probes of some sessions received.

    Where each receiver has one sender, or a mix, and nobody more streams than are owed, nothing is
    asked.
    """
    more = _with_more(trial, [each for each in sessions if not _has_rivals(trial.plan, each)])
    asked = [
        session
        for session in sessions
        if _has_rivals(trial.plan, session) or more & {probe.probe for probe in session.probes}
    ]
    probes = frozenset(probe.probe for session in asked for probe in session.probes)
    streams: list[Traced] = []
    for batch, rows in trial.in_batches(probes):
        streams += _traced(RtpTables(rows), frozenset(batch))
    return _senders_of(asked, streams, hold, acts)


def _has_rivals(plan: TrialPlan, session: SessionPlan) -> bool:
    """Whether some receiver has more than one sender."""
    return not plan.mixed and any(
        receiver.receives
        and sum(bool(sender.sends) for sender in session.probes if sender is not receiver) > 1
        for receiver in session.probes
    )


def _with_more(trial: TrialReader, sessions: Sequence[SessionPlan]) -> set[str]:
    """The probes whose polls told of more streams than they are owed, or owe."""
    planned = {probe.probe: probe for session in sessions for probe in session.probes}
    found: set[str] = set()
    for _, rows in trial.in_batches(planned):
        polls = rows.polls(("probe", "inbound", "outbound"))
        if polls is not None:
            most = polls.group_by("probe").agg(pl.col("inbound", "outbound").max())
            found |= {
                probe
                for probe, inbound, outbound in most.iter_rows()
                if probe in planned
                and (
                    (inbound or 0) > len(planned[probe].receives)
                    or (outbound or 0) > len(planned[probe].sends)
                )
            }
    return found


def match_sent(
    lives: Sequence[Life], owed: int, hold: Span, acts: PageActs
) -> tuple[list[Life], Matched]:
    """What a probe sent of a kind, matched to what it owes: cameras and microphones first.

    The streams of the owners are numbered as in the list, which has each as often as it flowed.
    """
    mid = _usual_mid(lives, acts)
    places = {life.name: place for place, life in enumerate(lives)}
    parts = in_flows(lives)
    streams = [
        Stream(
            first_s,
            last_s,
            rank=_rank(life, acts) or int(mid not in (None, life.mid)),
            group=life.mid,
            of=places[life.name],
        )
        for life, (first_s, last_s) in parts
    ]
    return [life for life, _ in parts], match(streams, [None] * owed, hold)


def _rank(life: Life, acts: PageActs) -> int:
    """0 for cameras and microphones, and for what nothing is known of."""
    states = acts.states(life.probe, life.connection, life.mid)
    return int(bool(states) and not any(state.source in CAMERAS for state in states))


def _usual_mid(lives: Sequence[Life], acts: PageActs) -> str | None:
    """Where nothing is known of what a page gave its senders, the mid of its first stream."""
    first = min(lives, key=lambda life: life.first_s, default=None)
    return None if first is None or acts.are_known(first.probe) else first.mid


def _traced(tables: RtpTables, probes: frozenset[str]) -> list[Traced]:
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
        track_id, inner = life.track_id, _courses(table, life, "qpSum")
        if inbound and life.kind == "audio":
            inner = _courses(table, life, "totalAudioEnergy")
        elif not inbound:
            source = life.probe, life.connection, life.source_id
            track_id, energy = sources.get(source, ("", ()))
            inner = energy if life.kind == "audio" else inner
        found.append(Traced(life, (payload, inner), track_id))
    return found


def _senders_of(
    sessions: Sequence[SessionPlan], streams: Sequence[Traced], hold: Span, acts: PageActs
) -> Origins:
    of_probe: dict[tuple[str, Direction, MediaKind], list[Traced]] = {}
    for stream in sorted(streams, key=lambda each: (each.life.probe, each.life.order)):
        key = stream.life.probe, stream.life.direction, stream.life.kind
        of_probe.setdefault(key, []).append(stream)
    sent_as: dict[Hashable, SentAs] = {}
    possible: dict[Hashable, frozenset[str]] = {}
    for session in sessions:
        sent: dict[str, list[_Sent]] = {
            probe.probe: [
                each
                for kind in KINDS
                for each in _sent(
                    of_probe.get((probe.probe, "outbound", kind), []),
                    probe.sends.count(kind),
                    hold,
                    acts,
                )
            ]
            for probe in session.probes
        }
        everything = [each for of in sent.values() for each in of]
        received = {
            probe.probe: [
                each for kind in KINDS for each in of_probe.get((probe.probe, "inbound", kind), [])
            ]
            for probe in session.probes
        }
        named = {probe: _of_receiver(mine, everything) for probe, mine in received.items()}
        if _are_echoes(received, named):
            continue
        for probe, mine in received.items():
            sent_as.update(named[probe])
            for stream in mine:
                if stream.life.name not in sent_as:
                    possible[stream.life.name] = _possible(stream.life, everything)
    return Origins(sent_as, possible)


def _are_echoes(
    received: Mapping[str, Sequence[Traced]], named: Mapping[str, Mapping[Hashable, SentAs]]
) -> bool:
    """Whether all pages get back what they send and nothing else: that is what they are owed."""
    senders = {
        (probe, _beside(stream, mine, named[probe]))
        for probe, mine in received.items()
        for stream in mine
    }
    return bool(senders) and all(probe == sender for probe, sender in senders)


def _possible(life: Life, everything: Sequence[_Sent]) -> frozenset[str]:
    """The others who sent something of the kind all the time that it was there."""
    spans: dict[str, list[Span]] = {}
    for each in everything:
        if each.of.life.kind == life.kind and each.of.life.probe != life.probe:
            span = each.of.life.first_s - AROUND_S, each.of.life.last_s + AROUND_S
            spans.setdefault(each.of.life.probe, []).append(span)
    return frozenset(probe for probe, of in spans.items() if _cover(sorted(of), life))


def _cover(spans: Sequence[Span], life: Life) -> bool:
    """Whether spans, in the order of their beginnings, leave no gap in the life of a stream."""
    until_s = life.first_s
    for begin_s, end_s in spans:
        if begin_s > until_s:
            return False
        until_s = max(until_s, end_s)
        if until_s >= life.last_s:
            return True
    return False


def _sent(streams: Sequence[Traced], owed: int, hold: Span, acts: PageActs) -> Iterator[_Sent]:
    """A probe's streams of a kind, and which of them are sent beside those that it owes."""
    lives = [each.life for each in streams]
    parts, matched = match_sent(lives, owed, hold, acts)
    named = {parts[owner.stream].name for owner in matched.owners if owner.track < owed}
    owners = {number for number, life in enumerate(lives) if life.name in named}
    tracks = {streams[number].track_id for number in owners}
    for number, each in enumerate(streams):
        # What is sent to each partner by itself is what it owes, as often as it is sent: a camera,
        # or whatever stands for one.
        rank = _rank(each.life, acts)
        is_camera = rank == 0 and (acts.are_known(each.life.probe) or not each.track_id)
        is_owed = is_camera or (each.track_id != "" and each.track_id in tracks)
        yield _Sent(each, number not in owners and not is_owed, rank)


def _of_receiver(mine: Sequence[Traced], theirs: Sequence[_Sent]) -> Mapping[Hashable, SentAs]:
    """Who sent what a receiver got, itself perhaps: pages, and servers, give streams back."""
    likest: dict[Hashable, _Likeness] = {}
    for stream in mine:
        found = _named(stream, [e for e in theirs if e.of.life.kind == stream.life.kind])
        if found is not None:
            likest[stream.life.name] = found
    while True:
        # What is known to be another's leaves fewer to choose from.
        more = {}
        for stream in mine:
            if stream.life.name not in likest:
                found = _likest(stream, _left_for(stream, mine, theirs, likest))
                if found is not None:
                    more[stream.life.name] = found
        likest.update(more)
        lost = _rivals(likest, mine)
        for name in lost:
            del likest[name]
        if not more.keys() - lost:
            break
    sent_as = {name: of.named for name, of in likest.items()}
    if _has_a_connection_each(mine):
        for stream in mine:
            sender = _beside(stream, mine, sent_as)
            kind = stream.life.kind
            owed = [e for e in theirs if (e.of.life.probe, e.of.life.kind) == (sender, kind)]
            owed = [each for each in owed if not each.is_extra]
            if owed and stream.life.name not in likest:
                sent_as[stream.life.name] = owed[0].named(is_sure=False)
    return sent_as


def _left_for(
    stream: Traced,
    mine: Sequence[Traced],
    theirs: Sequence[_Sent],
    likest: Mapping[Hashable, _Likeness],
) -> list[_Sent]:
    """What was sent of its kind, but what is known to be another stream that was there with it."""
    taken = {
        likest[other.life.name].named.stream
        for other in mine
        if other.life.name in likest and _are_together(stream.life, other.life)
    }
    same = [each for each in theirs if each.of.life.kind == stream.life.kind]
    return [each for each in same if each.of.life.name not in taken]


def _named(stream: Traced, theirs: Sequence[_Sent]) -> _Likeness | None:
    """The one whose SSRC came through, or the name of whose track did."""
    for same in (
        [each for each in theirs if stream.life.ssrcs & each.of.life.ssrcs],
        [each for each in theirs if stream.track_id and stream.track_id == each.of.track_id],
    ):
        if len({each.of.life.probe for each in same}) == 1:
            likest = _likest(stream, same)
            return _Likeness(likest.sent if likest else same[0], 0.0, is_sure=True)
    return None


def _rivals(likest: Mapping[Hashable, _Likeness], mine: Sequence[Traced]) -> set[Hashable]:
    """A stream is forwarded to a receiver once: of two that seem the same the likest is it, or
    neither. The names of the others."""
    claims: dict[Hashable, list[Life]] = {}
    lost: set[Hashable] = set()
    for stream in mine:
        if stream.life.name in likest:
            claims.setdefault(likest[stream.life.name].named.stream, []).append(stream.life)
    for lives in claims.values():
        for life in lives:
            rivals = [
                likest[other.name].apart_s
                for other in lives
                if other is not life and _are_together(life, other)
            ]
            if rivals and not _clearly(life, likest[life.name].apart_s, min(rivals)):
                lost.add(life.name)
    return lost


def _are_together(one: Life, other: Life) -> bool:
    return one.first_s < other.last_s and other.first_s < one.last_s


def _has_a_connection_each(mine: Sequence[Traced]) -> bool:
    """Whether the page has a connection for each partner: none carries two at once of a kind."""
    lives = [each.life for each in mine]
    return not any(
        one is not other
        and (one.connection, one.kind) == (other.connection, other.kind)
        and _are_together(one, other)
        for one in lives
        for other in lives
    )


def _beside(stream: Traced, mine: Sequence[Traced], found: Mapping[Hashable, SentAs]) -> str | None:
    """The sender of what else came on a connection that carries one partner's streams."""
    on = [each.life for each in mine if each.life.connection == stream.life.connection]
    known = {found[life.name].probe for life in on if life.name in found}
    return known.pop() if stream.life.connection and len(known) == 1 else None


# ---------------------------------------------------------------- courses


@dataclass(frozen=True, slots=True)
class _Likeness:
    """What was sent that is most like a received stream, and how far they are apart."""

    sent: _Sent
    apart_s: float
    is_sure: bool

    @property
    def named(self) -> SentAs:
        return self.sent.named(is_sure=self.is_sure)


def _likest(stream: Traced, theirs: Sequence[_Sent]) -> _Likeness | None:
    """The one whose counters took the same course, if no other source's did nearly."""
    if not theirs:
        return None
    apart_s = [[_apart_of(stream, each, counter) for each in theirs] for counter in range(2)]
    both_s = [sum(each) / 2 for each in zip(*apart_s, strict=True)]
    for measured in (*apart_s, both_s):
        found = _alike(stream, measured, theirs)
        if found is not None:
            return found
    return None


def _apart_of(stream: Traced, sent: _Sent, counter: int) -> float:
    """How far a counter of a received stream strays from that of a sent one; infinite: unknown."""
    mine = stream.courses[counter]
    least = LEAST_POLLS if _is_within(stream.life, sent.of.life) else LEAST_PART
    if len(mine) != 1:
        return math.inf
    return min(
        (_apart_s(mine[0], course, least) for course in sent.of.courses[counter]), default=math.inf
    )


def _alike(stream: Traced, apart_s: Sequence[float], theirs: Sequence[_Sent]) -> _Likeness | None:
    best = min(range(len(theirs)), key=lambda place: (apart_s[place], place))
    best_s, source = apart_s[best], theirs[best].source
    others = [place for place, each in enumerate(theirs) if each.source != source]
    next_s = min((apart_s[place] for place in others), default=math.inf)
    is_long = _is_long(stream.life)
    could_be_others = not is_long and any(
        math.isinf(apart_s[place]) and _is_within(stream.life, theirs[place].of.life)
        for place in others
    )
    if best_s > LIKE_S or could_be_others:
        return None
    is_alone = math.isinf(next_s)
    is_clear = (
        best_s <= LIKE_ALONE_S and is_long if is_alone else _clearly(stream.life, best_s, next_s)
    )
    is_sure = not is_alone and next_s >= max(best_s + SURELY_S, SURELY * best_s)
    if theirs[best].of.life.probe == stream.life.probe:
        # Both are polled at once, which makes them more alike than streams of others can be.
        is_clear = is_clear and is_sure and stream.life.kind == "video"
    return _Likeness(theirs[best], best_s, is_sure) if is_clear else None


def _is_long(life: Life) -> bool:
    return life.last_s - life.first_s >= LONG_S


def _clearly(life: Life, best_s: float, next_s: float) -> bool:
    """Whether the best is so much better than the next that it is no chance."""
    if life.kind == "video" and _is_long(life):
        return next_s >= max(best_s + CLEARLY_S, CLEARLY * best_s)
    return next_s >= max(best_s + DOUBTFUL_S, DOUBTFUL * best_s)


def _is_within(received: Life, sent: Life) -> bool:
    """Whether a received stream was there only while the sent one was."""
    return received.first_s > sent.first_s - AROUND_S and received.last_s < sent.last_s + AROUND_S


def _apart_s(received: Course, sent: Course, least: int) -> float:
    """How far a received counter strays from a sent one, in seconds of the stream (RMS)."""
    begin_s = max(received.run_s[0], sent.run_s[0] + LAGS_S[-1])
    end_s = min(received.run_s[-1], sent.run_s[-1])
    inside = (received.run_s >= begin_s) & (received.run_s <= end_s)
    times, counted = received.run_s[inside], received.counted[inside]
    if len(times) < least:
        return math.inf
    rate = (counted[-1] - counted[0]) / (times[-1] - times[0])
    if rate <= 0:
        return math.inf
    lagged = np.interp(times[None, :] - LAGS_S[:, None], sent.run_s, sent.counted)
    apart = counted[None, :] - lagged
    apart -= apart.mean(axis=1, keepdims=True)
    return float(np.sqrt((apart**2).mean(axis=1)).min() / rate)


def _courses(table: PollTable, life: Life, counter: str) -> tuple[Course, ...]:
    """A counter in each of the stream's series."""
    found = []
    counted = table.known(counter)
    for number in life.series:
        start, end = np.searchsorted(table.series, (number, number + 1))
        found += _course(table, slice(int(start), int(end)), counted)
    return tuple(found)


def _course(table: PollTable, rows: slice, counted: FloatArray) -> list[Course]:
    """The course of a counter in some rows of one series, where enough polls tell of it.

    Times are those at which the page counted: polls arrive sooner or later.
    """
    known = ~np.isnan(counted[rows])
    if known.sum() < LEAST_POLLS:
        return []
    run_s = table.known("run_s")[rows][known]
    page_s = table.known("timestamp")[rows][known] / 1000
    steady_s = page_s + np.median(run_s - page_s)
    was_set = np.abs(steady_s - run_s).max() > CLOCK_JUMP_S
    return [Course(run_s if was_set else steady_s, counted[rows][known])]


def _sources(
    table: PollTable | None,
) -> Mapping[tuple[str, str, str], tuple[str, tuple[Course, ...]]]:
    """The track and the loudness of each media source."""
    if table is None:
        return {}
    found = {}
    energy = table.known("totalAudioEnergy")
    starts = np.flatnonzero(np.diff(table.series, prepend=-1))
    ends = np.append(starts[1:], len(table.series))
    last = table.frame[ends - 1].select("probe", "connection", "id", "trackIdentifier")
    for (*whose, track_id), start, end in zip(last.iter_rows(), starts, ends, strict=True):
        courses = tuple(_course(table, slice(int(start), int(end)), energy))
        found[tuple(whose)] = (track_id or "", courses)
    return found
