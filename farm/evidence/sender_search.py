"""Finds the sender of each received stream: by names, similarity and connections. Pure.

Servers give forwarded streams other SSRCs, mids and track names, so three things are tried, in this
order: a name that was kept (SSRC, or the track's); the similarity of its counters to those of sent
streams; and the other stream of a connection that carries one partner's. Else it is unknown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from farm.evidence.stream_counters import StreamCounters
from farm.evidence.stream_lifetimes import StreamLifetime
from farm.evidence.stream_similarity import AROUND_S, ClosestStream, Similarities, clearly
from farm.evidence.stream_slots import Span
from farm.model.webrtc_stats import MediaKind


@dataclass(frozen=True, slots=True)
class SentAs:
    """The sender of a stream, and its name there (`StreamLifetime.name`); of the server its own.

    `is_extra`: the sender sends it beside those expected of it, such as a screen beside its camera.
    `rank`, `is_sure` and `is_screen` are those of `stream_slots.Stream`.
    """

    probe: str
    stream: Hashable
    is_extra: bool
    rank: int
    is_sure: bool
    is_screen: bool | None = None


@dataclass(frozen=True, slots=True)
class SentStream:
    """A stream that was sent; `is_extra`, `rank` and `is_screen` are those of `SentAs`."""

    of: StreamCounters
    is_extra: bool
    rank: int
    is_screen: bool | None = None

    def named(self, *, is_sure: bool) -> SentAs:
        life = self.of.life
        return SentAs(life.probe, life.name, self.is_extra, self.rank, is_sure, self.is_screen)


class Senders:
    """The streams of one kind that were sent in a session.

    A receiver's own streams are among them: pages and servers may send streams back.
    """

    def __init__(self, sent: Sequence[SentStream]) -> None:
        self._sent = sent
        self._similarities = Similarities([each.of for each in sent])
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
        """The other probes that sent something all the time that a received stream was there."""
        return frozenset(
            probe
            for probe, spans in self._spans.items()
            if probe != life.probe and _cover(sorted(spans), life)
        )

    def named(self, mine: Sequence[StreamCounters]) -> Mapping[Hashable, SentAs]:
        """By name the senders of a receiver's streams, as far as names or counters show."""
        return {
            name: self._sent[of.sent].named(is_sure=of.is_sure)
            for name, of in self._closest(mine).items()
        }

    def nearest(self, stream: StreamCounters) -> str | None:
        """The other probe whose stream is most similar to a received one, likely or not."""
        place = self._similarities.nearest(stream)
        return None if place is None else self._sent[place].of.life.probe

    def differs_from_all(self, stream: StreamCounters) -> bool:
        """Whether a received stream is known to differ from all sent streams."""
        return self._similarities.differs_from_all(stream)

    def expected_of(self, probe: str) -> SentAs | None:
        """The stream that is expected of a probe, as a likely sender that is not sure."""
        owed = self._owed.get(probe)
        return None if owed is None else owed.named(is_sure=False)

    def _closest(self, mine: Sequence[StreamCounters]) -> Mapping[Hashable, ClosestStream]:
        found: dict[Hashable, ClosestStream] = {}
        for stream in mine:
            closest = self._by_name(stream)
            if closest is not None:
                found[stream.life.name] = closest
        while True:
            # Each stream whose sender is found leaves fewer candidates for the others.
            more = {}
            for stream in mine:
                if stream.life.name not in found:
                    closest = self._similarities.closest(
                        stream, self._candidates(stream, mine, found)
                    )
                    if closest is not None:
                        more[stream.life.name] = closest
            found.update(more)
            lost = _rivals(found, mine)
            for name in lost:
                del found[name]
            if not more.keys() - lost:
                return found

    def _by_name(self, stream: StreamCounters) -> ClosestStream | None:
        """The sent stream with the same SSRC, or with a track of the same name."""
        for same in (
            sorted({each for ssrc in stream.life.ssrcs for each in self._by_ssrc.get(ssrc, ())}),
            self._by_track.get(stream.track_id, []),
        ):
            if len({self._sent[place].of.life.probe for place in same}) == 1:
                closest = self._similarities.closest(stream, same) if len(same) > 1 else None
                return ClosestStream(closest.sent if closest else same[0], 0.0, is_sure=True)
        return None

    def _candidates(
        self,
        stream: StreamCounters,
        mine: Sequence[StreamCounters],
        found: Mapping[Hashable, ClosestStream],
    ) -> Sequence[int]:
        """The sent streams that are not known to be another stream of the same time."""
        taken = {
            found[other.life.name].sent
            for other in mine
            if other.life.name in found and _are_together(stream.life, other.life)
        }
        return [place for place in range(len(self._sent)) if place not in taken]


def of_receiver(
    mine: Mapping[MediaKind, Sequence[StreamCounters]], senders: Mapping[MediaKind, Senders]
) -> Mapping[Hashable, SentAs]:
    """By name the senders of a receiver's streams, where they are known."""
    found: dict[Hashable, SentAs] = {}
    for kind, streams in mine.items():
        found.update(senders[kind].named(streams))
    if any(_are_several_at_once(streams) for streams in mine.values()):
        return found
    beside = senders_beside(mine, found)
    for kind, streams in mine.items():
        for stream in streams:
            sender = beside.get(stream.life.connection)
            owed = None if sender is None else senders[kind].expected_of(sender)
            if owed is not None:
                found.setdefault(stream.life.name, owed)
    return found


def senders_beside(
    mine: Mapping[MediaKind, Sequence[StreamCounters]], found: Mapping[Hashable, SentAs]
) -> Mapping[str, str]:
    """By connection the one sender of all its streams whose sender is known."""
    known: defaultdict[str, set[str]] = defaultdict(set)
    for streams in mine.values():
        for stream in streams:
            if stream.life.connection and stream.life.name in found:
                known[stream.life.connection].add(found[stream.life.name].probe)
    return {connection: of.pop() for connection, of in known.items() if len(of) == 1}


def _are_several_at_once(streams: Sequence[StreamCounters]) -> bool:
    """Whether a connection carries two of them at once, and so streams of several partners."""
    lives = sorted(
        (each.life for each in streams), key=lambda life: (life.connection, life.first_s)
    )
    last_s: dict[str, float] = {}
    for life in lives:
        if life.connection in last_s and life.first_s < last_s[life.connection]:
            return True
        last_s[life.connection] = life.last_s
    return False


def _rivals(
    closest: Mapping[Hashable, ClosestStream], mine: Sequence[StreamCounters]
) -> set[Hashable]:
    """The names of streams that seem to be the same sent one as another that is more similar.

    A stream is forwarded to a receiver once: of two the most similar is it, or neither.
    """
    claims: defaultdict[int, list[StreamLifetime]] = defaultdict(list)
    lost: set[Hashable] = set()
    for stream in mine:
        if stream.life.name in closest:
            claims[closest[stream.life.name].sent].append(stream.life)
    for lives in claims.values():
        for life in lives:
            rivals = [
                closest[other.name].apart_s
                for other in lives
                if other is not life and _are_together(life, other)
            ]
            if rivals and not clearly(life, closest[life.name].apart_s, min(rivals)):
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
