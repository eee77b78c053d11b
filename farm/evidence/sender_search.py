"""Who sent what a receiver got: names that came through, likeness, connections. Pure.

Servers give forwarded streams other SSRCs, mids and track names, so three things are asked, in this
order: a name that came through (SSRC, or the track's); how like its course is to what was sent; and
the other stream of a connection that carries one partner's. What none of them tells is unknown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from farm.evidence.stream_counters import StreamCounters
from farm.evidence.stream_lifetimes import StreamLifetime
from farm.evidence.stream_similarity import AROUND_S, Likeness, Likenesses, clearly
from farm.evidence.stream_slots import Span
from farm.model.webrtc_stats import MediaKind


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
class SentStream:
    """A stream that was sent; `is_extra` and `rank` are those of `SentAs`."""

    of: StreamCounters
    is_extra: bool
    rank: int

    def named(self, *, is_sure: bool) -> SentAs:
        return SentAs(self.of.life.probe, self.of.life.name, self.is_extra, self.rank, is_sure)


class Senders:
    """All that was sent of one kind in a session, a receiver's own with it: pages, and servers,
    give streams back."""

    def __init__(self, sent: Sequence[SentStream]) -> None:
        self._sent = sent
        self._likenesses = Likenesses([each.of for each in sent])
        self._by_ssrc: defaultdict[int, list[int]] = defaultdict(list)
        self._by_track: defaultdict[str, list[int]] = defaultdict(list)
        self._owed: dict[str, SentStream] = {}
        self._spans: defaultdict[str, list[Span]] = defaultdict(list)
        for place, each in enumerate(sent):
            life = each.of.life
            for ssrc in life.ssrcs:
                self._by_ssrc[ssrc].append(place)
            if each.of.track_id:
                self._by_track[each.of.track_id].append(place)
            if not each.is_extra:
                self._owed.setdefault(life.probe, each)
            self._spans[life.probe].append((life.first_s - AROUND_S, life.last_s + AROUND_S))

    def possible(self, life: StreamLifetime) -> frozenset[str]:
        """The others who sent something all the time that a received stream was there."""
        return frozenset(
            probe
            for probe, spans in self._spans.items()
            if probe != life.probe and _cover(sorted(spans), life)
        )

    def named(self, mine: Sequence[StreamCounters]) -> Mapping[Hashable, SentAs]:
        """By `Life.name` who sent what a receiver got, where names or courses tell."""
        return {
            name: self._sent[of.sent].named(is_sure=of.is_sure)
            for name, of in self._likest(mine).items()
        }

    def nearest(self, stream: StreamCounters) -> str | None:
        """The other whose stream is least unlike a received one, likely or not."""
        place = self._likenesses.nearest(stream)
        return None if place is None else self._sent[place].of.life.probe

    def has_none_like(self, stream: StreamCounters) -> bool:
        """Whether a received stream is known to be unlike everything that was sent."""
        return self._likenesses.are_all_far(stream)

    def owed_of(self, probe: str) -> SentAs | None:
        """What a probe owes, as something that is likely and not sure."""
        owed = self._owed.get(probe)
        return None if owed is None else owed.named(is_sure=False)

    def _likest(self, mine: Sequence[StreamCounters]) -> Mapping[Hashable, Likeness]:
        found: dict[Hashable, Likeness] = {}
        for stream in mine:
            likest = self._by_name(stream)
            if likest is not None:
                found[stream.life.name] = likest
        while True:
            # What is known to be another's leaves fewer to choose from.
            more = {}
            for stream in mine:
                if stream.life.name not in found:
                    likest = self._likenesses.likest(stream, self._left_for(stream, mine, found))
                    if likest is not None:
                        more[stream.life.name] = likest
            found.update(more)
            lost = _rivals(found, mine)
            for name in lost:
                del found[name]
            if not more.keys() - lost:
                return found

    def _by_name(self, stream: StreamCounters) -> Likeness | None:
        """The one whose SSRC came through, or the name of whose track did."""
        for same in (
            sorted({each for ssrc in stream.life.ssrcs for each in self._by_ssrc.get(ssrc, ())}),
            self._by_track.get(stream.track_id, []),
        ):
            if len({self._sent[place].of.life.probe for place in same}) == 1:
                likest = self._likenesses.likest(stream, same) if len(same) > 1 else None
                return Likeness(likest.sent if likest else same[0], 0.0, is_sure=True)
        return None

    def _left_for(
        self,
        stream: StreamCounters,
        mine: Sequence[StreamCounters],
        found: Mapping[Hashable, Likeness],
    ) -> Sequence[int]:
        """What was sent, but what is known to be another stream that was there with it."""
        taken = {
            found[other.life.name].sent
            for other in mine
            if other.life.name in found and _are_together(stream.life, other.life)
        }
        return [place for place in range(len(self._sent)) if place not in taken]


def of_receiver(
    mine: Mapping[MediaKind, Sequence[StreamCounters]], senders: Mapping[MediaKind, Senders]
) -> Mapping[Hashable, SentAs]:
    """By `Life.name` who sent what a receiver got, where that is known."""
    found: dict[Hashable, SentAs] = {}
    for kind, streams in mine.items():
        found.update(senders[kind].named(streams))
    if any(_are_several_at_once(streams) for streams in mine.values()):
        return found
    beside = senders_beside(mine, found)
    for kind, streams in mine.items():
        for stream in streams:
            sender = beside.get(stream.life.connection)
            owed = None if sender is None else senders[kind].owed_of(sender)
            if owed is not None:
                found.setdefault(stream.life.name, owed)
    return found


def senders_beside(
    mine: Mapping[MediaKind, Sequence[StreamCounters]], found: Mapping[Hashable, SentAs]
) -> Mapping[str, str]:
    """By connection the one sender of whom all comes that is known of it."""
    known: defaultdict[str, set[str]] = defaultdict(set)
    for streams in mine.values():
        for stream in streams:
            if stream.life.connection and stream.life.name in found:
                known[stream.life.connection].add(found[stream.life.name].probe)
    return {connection: of.pop() for connection, of in known.items() if len(of) == 1}


def _are_several_at_once(streams: Sequence[StreamCounters]) -> bool:
    """Whether a connection carries two of them at once: it is then not for one partner alone."""
    lives = sorted(
        (each.life for each in streams), key=lambda life: (life.connection, life.first_s)
    )
    last_s: dict[str, float] = {}
    for life in lives:
        if life.connection in last_s and life.first_s < last_s[life.connection]:
            return True
        last_s[life.connection] = life.last_s
    return False


def _rivals(likest: Mapping[Hashable, Likeness], mine: Sequence[StreamCounters]) -> set[Hashable]:
    """A stream is forwarded to a receiver once: of two that seem the same the likest is it, or
    neither. The names of the others."""
    claims: defaultdict[int, list[StreamLifetime]] = defaultdict(list)
    lost: set[Hashable] = set()
    for stream in mine:
        if stream.life.name in likest:
            claims[likest[stream.life.name].sent].append(stream.life)
    for lives in claims.values():
        for life in lives:
            rivals = [
                likest[other.name].apart_s
                for other in lives
                if other is not life and _are_together(life, other)
            ]
            if rivals and not clearly(life, likest[life.name].apart_s, min(rivals)):
                lost.add(life.name)
    return lost


def _are_together(one: StreamLifetime, other: StreamLifetime) -> bool:
    return one.first_s < other.last_s and other.first_s < one.last_s


def _cover(spans: Sequence[Span], life: StreamLifetime) -> bool:
    """Whether spans, in the order of their beginnings, leave no gap in the life of a stream."""
    until_s = life.first_s
    for begin_s, end_s in spans:
        if begin_s > until_s:
            return False
        until_s = max(until_s, end_s)
        if until_s >= life.last_s:
            return True
    return False
