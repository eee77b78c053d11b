"""Matches the streams of a trial to those that each probe is owed, and says which are excused.

Owed means expected by the plan: what a probe should send, and what it should receive of others.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from farm.evidence.excused_streams import Excuses
from farm.evidence.page_acts import PageActs
from farm.evidence.page_leaves import pages_that_left, pages_that_reloaded
from farm.evidence.page_reconnections import page_reconnections
from farm.evidence.stream_lifetimes import StreamLifetime, in_flows
from farm.evidence.stream_senders import Origins, match_sent
from farm.evidence.stream_slots import RECENT_S, Matched, Owner, Span, Stream, match
from farm.model.page_acts import PageLoad, Reconnection
from farm.model.trial_evidence import StreamIdentity
from farm.model.trial_plan import Direction, ProbePlan, TrialPlan
from farm.model.webrtc_stats import MEDIA_KINDS, MediaKind
from farm.planning.owed_slots import owed_slots, sent_slots

DIRECTIONS: tuple[Direction, ...] = ("inbound", "outbound")

Key = tuple[str, Direction, MediaKind]


@dataclass(frozen=True, slots=True)
class MatchedStreams:
    """The matched streams of a probe, direction and kind; one that pauses is there repeatedly."""

    lives: Sequence[StreamLifetime]
    matched: Matched

    @property
    def owners(self) -> Iterable[tuple[StreamLifetime, Owner]]:
        return ((self.lives[owner.stream], owner) for owner in self.matched.owners)


class OwedStreams:
    """Matches the streams of a trial's probes to those that the plan expects.

    `hold` is the span that counts, `origins` the senders of received streams as far as known.
    """

    def __init__(self, plan: TrialPlan, hold: Span, acts: PageActs, origins: Origins) -> None:
        self._hold = hold
        self._acts = acts
        self._sent_as = origins.sent_as
        self._possible = origins.possible
        self._unmatched = origins.unmatched
        self._nearest = origins.nearest
        self._plan = plan
        self._plans = {probe.probe: probe for probe in plan.probes}
        self._is_mixed = plan.mixed
        self._slots = owed_slots(plan)
        self._tracks: dict[Hashable, tuple[int, float]] = {}
        self._gone: defaultdict[str, dict[tuple[str, str], float]] = defaultdict(dict)
        self.matched: dict[Key, MatchedStreams] = {}

    def add(self, lives: Sequence[StreamLifetime]) -> list[tuple[StreamLifetime, Owner]]:
        """Match all streams of some probes; returns which stream is which track, and when."""
        groups: defaultdict[Key, list[StreamLifetime]] = defaultdict(list)
        for life in lives:
            if life.probe in self._plans:
                if life.direction == "outbound":
                    self._gone[life.probe][life.connection, life.mid] = life.polled_s
                groups[life.probe, life.direction, life.kind].append(life)
        found = {key: self._matched(key, of) for key, of in groups.items()}
        self.matched.update(found)
        return [pair for of in found.values() for pair in of.owners]

    def _matched(self, key: Key, lives: Sequence[StreamLifetime]) -> MatchedStreams:
        probe, direction, kind = key
        plan = self._plans[probe]
        if direction == "outbound":
            sent = MatchedStreams(
                *match_sent(lives, sent_slots(plan, kind), self._hold, self._acts)
            )
            self._tracks.update(_longest(sent))
            return sent
        usual = _usual_size(lives) if self._is_mixed else None
        places = {life.name: place for place, life in enumerate(lives)}
        parts = in_flows(lives)
        streams = [self._received(life, flow, usual, places[life.name]) for life, flow in parts]
        return MatchedStreams(
            [life for life, _ in parts], match(streams, self._slots[probe, kind], self._hold)
        )

    def _received(
        self, life: StreamLifetime, flow: Span, usual: tuple[int, int] | None, place: int
    ) -> Stream:
        """A received stream in a span in which it flowed; `usual` is the frame size of a mix."""
        sent = self._sent_as.get(life.name)
        is_no_camera = sent is not None and sent.is_sure and sent.rank > 0
        return Stream(
            *flow,
            sent.probe if sent and not self._is_mixed else None,
            rank=sent.rank if sent else int(usual is not None and life.size != usual),
            # Beside a mix a screen is forwarded, even where its sender shows nothing else.
            is_extra=sent is not None and (sent.is_extra or (self._is_mixed and is_no_camera)),
            is_sure=sent is None or sent.is_sure,
            possible=None if self._is_mixed else self._possible.get(life.name),
            nearest=self._nearest.get(life.name, ""),
            of=place,
            is_screen=sent.is_screen if sent and sent.is_sure else None,
        )

    # ------------------------------------------------------------ results

    def identities(self) -> tuple[StreamIdentity, ...]:
        """Each owed stream, seen or not, and each other that was seen, in the plan's order."""
        return tuple(
            identity
            for probe in self._plans.values()
            for direction in DIRECTIONS
            for kind in MEDIA_KINDS
            for identity in self._identities(probe, direction, kind)
        )

    def _identities(
        self, probe: ProbePlan, direction: Direction, kind: MediaKind
    ) -> Iterable[StreamIdentity]:
        is_sent = direction == "outbound"
        slots = sent_slots(probe, kind) if is_sent else self._slots[probe.probe, kind]
        of = self.matched.get((probe.probe, direction, kind))
        if of is None:
            of = MatchedStreams((), match((), slots, self._hold))
        for track, senders in enumerate(of.matched.senders):
            owners = [owner for owner in of.matched.owners if owner.track == track]
            last = of.lives[owners[-1].stream] if owners else None
            yield StreamIdentity(
                probe=probe.probe,
                direction=direction,
                kind=kind,
                track=track,
                owed=track < of.matched.owed,
                seen=bool(owners),
                senders=senders,
                sent_tracks=tuple(
                    step for owner in owners for step in self._sent_tracks(owner, of)
                ),
                connection=last.connection if last else "",
                mid=last.mid if last else "",
                scalability_mode=last.scalability_mode if last else "",
                began_s=of.lives[owners[0].stream].first_s if owners else None,
                ended_s=last.last_s if last else None,
                strange=bool(last and last.name in self._unmatched),
                screen=track < len(slots) and slots[track].is_screen,
            )

    def _sent_tracks(self, owner: Owner, of: MatchedStreams) -> Iterator[tuple[float, int]]:
        """The sender's tracks that a received stream is, each from a time on; -1: unknown.

        Where the sender was not searched for it is track 0. Of two streams that begin together it
        may be unknown which is whose.
        """
        life = of.lives[owner.stream]
        sent = self._sent_as.get(life.name)
        if sent is not None:
            track, from_s = self._tracks.get(sent.stream, (0, -math.inf))
            if from_s > owner.from_s:
                yield owner.from_s, -1
            yield max(owner.from_s, from_s), track
            return
        is_one_of_several = self._has_unknown_sender(life) and any(
            self._may_be_swapped(owner, other, of)
            for other in of.matched.owners
            if self._has_unknown_sender(of.lives[other.stream])
        )
        slots = self._slots[life.probe, life.kind]
        is_screen = owner.track < len(slots) and slots[owner.track].is_screen
        yield owner.from_s, -1 if is_one_of_several or is_screen else 0

    def _may_be_swapped(self, one: Owner, other: Owner, of: MatchedStreams) -> bool:
        """Whether two streams began together, and the one could be the track that the other is."""
        life, rival = of.lives[one.stream], of.lives[other.stream]
        if rival is life or abs(rival.first_s - life.first_s) > RECENT_S:
            return False
        besides = (
            of.lives[each.stream]
            for each in of.matched.owners
            if each.track == other.track and each is not other
        )
        return one.track == other.track or not any(
            min(life.last_s, each.last_s) - max(life.first_s, each.first_s) > RECENT_S
            for each in besides
        )

    def _has_unknown_sender(self, life: StreamLifetime) -> bool:
        """Whether the sender of a stream was searched for and not found."""
        return life.name in self._possible and life.name not in self._sent_as

    def asked_frame_rate(
        self, probe: str, track: int, begin_s: float, end_s: float
    ) -> float | None:
        """The frame rate that the camera of a sent video should have.

        In older recordings, which lack the page's constraints, it is the plan's.
        """
        planned = float(self._plans[probe].variables.get("frame_rate") or 0) or None
        if not self._acts.are_known(probe):
            return planned
        of = self.matched.get((probe, "outbound", "video"))
        rates = [
            self._acts.asked_frame_rate(
                probe,
                (life.connection, life.mid),
                (max(begin_s, owner.from_s), min(end_s, owner.to_s)),
                self._gone[probe],
            )
            for life, owner in (of.owners if of else ())
            if owner.track == track and owner.from_s < end_s and owner.to_s > begin_s
        ]
        known = [rate for rate in rates if rate is not None]
        if not known or len(known) < len(rates):
            return None
        return min(known) if planned is None else min(*known, planned)

    def excuses(self) -> Excuses:
        """What is excused for a time; to be called when all is matched."""
        received = {
            (probe, kind): list(of.owners)
            for (probe, direction, kind), of in self.matched.items()
            if direction == "inbound" and self._acts.refused(probe)
        }
        return Excuses(self._plan, self._hold, self._acts, self._gone, received)

    def left(self, loads: Iterable[PageLoad]) -> Mapping[str, float]:
        """By probe when its page left in the hold by closing its connections itself, or by a load
        of a new document after a step of the driver."""
        return pages_that_left(self._plan.sessions, self._lives, self._acts, self._hold, loads)

    def reloaded(self, loads: Iterable[PageLoad]) -> Mapping[str, float]:
        """By probe when its page loaded by itself in the hold and made no connection again."""
        return pages_that_reloaded(self._plan.sessions, self._lives, self._acts, self._hold, loads)

    def reconnections(self) -> tuple[Reconnection, ...]:
        """The working connections that pages themselves closed and replaced in the hold."""
        found = page_reconnections(self._plan.sessions, self._lives, self._acts, self._hold)
        return tuple(sorted(found, key=lambda each: (each.at_s, each.probe)))

    @property
    def _lives(self) -> Sequence[StreamLifetime]:
        return [life for of in self.matched.values() for life in of.lives]


def _longest(sent: MatchedStreams) -> Mapping[Hashable, tuple[int, float]]:
    """By its name the track that each stream is for most of the time, and since when.

    A stream that replaces another one is no track before that, even if it was there.
    """
    seconds: defaultdict[Hashable, dict[int, float]] = defaultdict(dict)
    begins: dict[tuple[Hashable, int], float] = {}
    for life, owner in sent.owners:
        spans = seconds[life.name]
        span_s = min(owner.to_s, life.last_s) - max(owner.from_s, life.first_s)
        spans[owner.track] = spans.get(owner.track, 0.0) + span_s
        was_there = owner.from_s - life.first_s > RECENT_S
        from_s = owner.from_s if was_there else -math.inf
        key = life.name, owner.track
        begins[key] = min(from_s, begins.get(key, math.inf))
    found = {
        name: max(spans, key=lambda track: (spans[track], -track))
        for name, spans in seconds.items()
    }
    return {name: (track, begins[name, track]) for name, track in found.items()}


def _usual_size(lives: Sequence[StreamLifetime]) -> tuple[int, int] | None:
    """The frame size that a probe received for most of the time: the mix's, not a screen's."""
    sizes = sorted({life.size for life in lives if life.size is not None})
    return max(sizes, key=lambda size: _covered_s(lives, size), default=None)


def _covered_s(lives: Sequence[StreamLifetime], size: tuple[int, int]) -> float:
    """The seconds in which a stream of that size was there."""
    covered_s, until_s = 0.0, -math.inf
    for life in sorted(lives, key=lambda life: life.first_s):
        if life.size == size:
            covered_s += max(0.0, life.last_s - max(life.first_s, until_s))
            until_s = max(until_s, life.last_s)
    return covered_s
