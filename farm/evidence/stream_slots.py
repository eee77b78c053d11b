"""Which of a probe's streams stands for which of those that it is owed. Pure.

A probe is owed so many streams of a kind, each from a sender. Streams come and go: a page is loaded
anew, a connection is moved, an SSRC changes. They are matched to what is owed so that the least is
missing; the order in which they appeared never counts.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

RECENT_S = 3.0
"""So long a move may take: two streams are there together, or none is. What is there besides does
not stand in for it, and of several that ended just before, the first goes on."""

Span = tuple[float, float]

ALWAYS: Span = (-math.inf, math.inf)


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream that flowed from `first_s` to `last_s`.

    - `sender`: the probe it came from, `None`: not known; where it is not sure `possible` are those
      it can have come from (`None`: nobody asked).
    - `nearest`: of senders of whom it may be equally well, this one.
    - `rank`: of several that could be what is owed, those of the lowest are.
    - `is_extra`: it is known not to be what is owed.
    - `is_sure`: else `sender` and `is_extra` count only where they leave nothing missing.
    - `group`: streams that nobody is owed go on only in others of their group.
    - `of`: the number of the page's stream that this is a part of, between two silences; -1: whole.
    """

    first_s: float
    last_s: float
    sender: str | None = None
    rank: int = 0
    is_extra: bool = False
    possible: frozenset[str] | None = None
    group: str = ""
    is_sure: bool = True
    nearest: str = ""
    of: int = -1


@dataclass(frozen=True, slots=True)
class Owner:
    """From `from_s` on, and before `to_s`, `stream` (its number) is what is owed as `track`."""

    track: int
    stream: int
    from_s: float
    to_s: float


@dataclass(frozen=True, slots=True)
class Matched:
    """`owners` in the order of tracks and time; those from `owed` on are owed to nobody.

    `senders` has for each track whom it comes from: one, or all it could be.
    """

    owed: int
    owners: tuple[Owner, ...]
    senders: tuple[tuple[str, ...], ...]


class _Claim(NamedTuple):
    """A span in which a stream, by its number, stands for something; `of` is `Stream.of`."""

    begin_s: float
    end_s: float
    number: int
    of: int


@dataclass(slots=True)
class _Slot:
    """What stands for one owed stream so far: spans with the number of the stream, in order."""

    sender: str | None
    claims: list[_Claim] = field(default_factory=list)
    is_known: bool = False

    def gain(self, stream: Stream) -> list[Span]:
        """What of the stream's time nothing else stands for; a moment between two needs nothing."""
        free: list[Span] = []
        begin_s, ended_s = stream.first_s, -math.inf
        for claim in self.claims:
            end_s = min(claim.begin_s, stream.last_s)
            if begin_s < end_s and claim.begin_s - ended_s > RECENT_S:
                free.append((begin_s, end_s))
            begin_s = max(begin_s, claim.end_s)
            ended_s = claim.end_s
        if begin_s < stream.last_s or begin_s == stream.first_s:
            free.append((begin_s, stream.last_s))
        return free

    def can_be(self, stream: Stream) -> bool:
        """Whether the stream can be of the sender whose slot this is."""
        return self.sender is None or stream.possible is None or self.sender in stream.possible

    def is_free_for(self, stream: Stream) -> bool:
        """Whether no more than a moment of the stream's time is taken."""
        taken_s = sum(
            max(0.0, min(claim.end_s, stream.last_s) - max(claim.begin_s, stream.first_s))
            for claim in self.claims
        )
        return taken_s <= RECENT_S

    def take(self, number: int, stream: Stream, spans: Iterable[Span]) -> None:
        """Let the stream stand for it in these spans."""
        claims = [_Claim(begin_s, end_s, number, stream.of) for begin_s, end_s in spans]
        self.claims = sorted([*self.claims, *claims])

    def distance(self, stream: Stream) -> tuple[bool, float]:
        """How unlikely it is that what ended goes on in this stream.

        What ended just now comes before what is gone for long, and goes on in its order.
        """
        ended = [claim for claim in self.claims if claim.end_s <= stream.first_s]
        last = max(ended, key=lambda claim: claim.end_s, default=None)
        if last is not None and stream.of >= 0 and last.of == stream.of:
            return False, -math.inf
        quiet_s = stream.first_s - last.end_s if last is not None else math.inf
        return (False, -round(quiet_s, 6)) if quiet_s <= RECENT_S else (True, round(quiet_s, 6))


def match(
    streams: Sequence[Stream], owed: Sequence[str | None], hold: Span, partners: Sequence[str] = ()
) -> Matched:
    """Match streams, in an order that does not depend on that of their rows, to what is owed.

    `owed` has the sender of each owed stream, `None` where it may be any of `partners`. What is
    missing counts in the hold first.
    """
    slots, extra = _placed(streams, owed, hold, partners)
    if any(not stream.is_sure for stream in streams):
        bold = [stream if stream.is_sure else _nameless(stream) for stream in streams]
        others = _placed(bold, owed, hold, partners)
        if _missing_s(slots, hold) > _missing_s(others[0], hold) + RECENT_S:
            streams, (slots, extra) = bold, others
    more: list[_Slot] = []
    groups: dict[tuple[str | None, str, int], list[_Slot]] = {}
    for number in sorted(extra):
        stream = streams[number]
        rest = groups.setdefault((stream.sender, stream.group, stream.rank), [])
        if not _goes_on(number, stream, rest, hold):
            slot = _Slot(stream.sender)
            slot.take(number, stream, [(stream.first_s, stream.last_s)])
            rest.append(slot)
            more.append(slot)
    owners = [owner for track, slot in enumerate([*slots, *more]) for owner in _owners(track, slot)]
    of_extra = [() if slot.sender is None else (slot.sender,) for slot in more]
    return Matched(len(slots), tuple(owners), (*_senders(slots, partners), *of_extra))


def _placed(
    streams: Sequence[Stream], owed: Sequence[str | None], hold: Span, partners: Sequence[str]
) -> tuple[list[_Slot], list[int]]:
    """The slots of what is owed, and the numbers of the streams that are in none."""
    slots = [_Slot(sender) for sender in owed]
    extra, unknown = _by_sender(streams, slots, partners)
    # What begins where another ended goes on in its place; only then may others fill what is left.
    late = [number for number in unknown if not _goes_on(number, streams[number], slots, hold)]
    extra += [number for number in late if not _fills(number, streams[number], slots, hold)]
    return slots, extra


def _nameless(stream: Stream) -> Stream:
    return replace(stream, sender=None, is_extra=False)


def _missing_s(slots: Sequence[_Slot], hold: Span) -> float:
    """The seconds of the hold, of all slots together, in which nothing stands for what is owed."""
    return sum(
        hold[1]
        - hold[0]
        - sum(max(0.0, min(each.end_s, hold[1]) - max(each.begin_s, hold[0])) for each in claims)
        for claims in (slot.claims for slot in slots)
    )


def _by_sender(
    streams: Sequence[Stream], slots: Sequence[_Slot], partners: Sequence[str]
) -> tuple[list[int], list[int]]:
    """Give each sender's streams its slot; what is known to be extra, and what is left."""
    extra: list[int] = []
    unknown: list[int] = []
    of_sender = {slot.sender: slot for slot in slots if slot.sender is not None}
    named: list[tuple[int, _Slot]] = []
    for number in sorted(range(len(streams)), key=lambda number: (streams[number].rank, number)):
        stream = streams[number]
        if stream.is_extra or (stream.sender is not None and stream.sender not in partners):
            extra.append(number)  # or the probe's own, come back
        elif stream.sender is not None and stream.sender in of_sender:
            of_sender[stream.sender].is_known = True
            named.append((number, of_sender[stream.sender]))
        else:
            unknown.append(number)
    late = [(n, slot) for n, slot in named if not _goes_on(n, streams[n], [slot], ALWAYS)]
    extra += [n for n, slot in late if not _fills(n, streams[n], [slot], ALWAYS)]
    return extra, unknown


def _goes_on(number: int, stream: Stream, slots: Sequence[_Slot], hold: Span) -> bool:
    """Whether the stream begins where what stands for something has ended, or nothing does."""
    return _fills(number, stream, [slot for slot in slots if slot.is_free_for(stream)], hold)


def _fills(number: int, stream: Stream, slots: Sequence[_Slot], hold: Span) -> bool:
    """Whether the stream stands for something; it is given the slot that it helps most."""
    best: tuple[tuple[float, ...], _Slot, list[Span]] | None = None
    for place, slot in enumerate(slots):
        spans = slot.gain(stream) if slot.can_be(stream) else []
        if spans:
            in_hold = sum(max(0.0, min(e, hold[1]) - max(b, hold[0])) for b, e in spans)
            in_all = sum(e - b for b, e in spans)
            is_far = slot.sender != stream.nearest
            key = (-round(in_hold, 6), -round(in_all, 6), *slot.distance(stream), is_far, place)
            if best is None or key < best[0]:
                best = key, slot, spans
    if best is None:
        return False
    best[1].take(number, stream, best[2])
    return True


def _senders(slots: Sequence[_Slot], partners: Sequence[str]) -> list[tuple[str, ...]]:
    """Whom each slot's stream comes from.

    What only one sender is left for is that sender's; where nothing came of those that are left,
    each lacks its own.
    """
    unknown = [slot for slot in slots if slot.sender is not None and not slot.is_known]
    left = tuple(slot.sender for slot in unknown if slot.sender is not None)
    is_mixed_up = any(slot.claims for slot in unknown)
    found: list[tuple[str, ...]] = []
    for slot in slots:
        if slot.sender is None:
            found.append(tuple(partners))
        elif slot.is_known or not is_mixed_up:
            found.append((slot.sender,))
        else:
            found.append(left)
    return found


def _owners(track: int, slot: _Slot) -> Iterable[Owner]:
    """One stream after the other; what comes before the first, or after the last, is theirs."""
    joined: list[Owner] = []
    ended_s = -math.inf
    for claim in slot.claims:
        if not joined:
            joined.append(Owner(track, claim.number, -math.inf, math.inf))
        elif joined[-1].stream != claim.number:
            # The row at which the one before ended is still its own.
            begin_s = claim.begin_s
            at_s = math.nextafter(begin_s, math.inf) if begin_s <= ended_s else begin_s
            joined[-1] = replace(joined[-1], to_s=at_s)
            joined.append(Owner(track, claim.number, at_s, math.inf))
        ended_s = claim.end_s
    return joined
