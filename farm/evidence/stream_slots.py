"""Matches a probe's streams to those that it is owed (expected by the plan). Pure.

A probe is owed a number of streams of a kind, each from a sender. Streams begin and end: a page is
reloaded, a connection is moved, an SSRC changes. They are matched to those owed so that the least
time is missing; the order in which they appeared does not count.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from farm.planning.owed_slots import OwedSlot

RECENT_S = 3.0
"""The longest time of a move, during which both streams are there, or none is. An extra stream does
not fill it, and of several that ended just before, the first continues."""

Span = tuple[float, float]

ALWAYS: Span = (-math.inf, math.inf)


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream that flowed from `first_s` to `last_s`.

    - `sender`: the probe that sent it, `None`: not known; where it is not sure `possible` are those
      that can have sent it (`None`: not searched for).
    - `nearest`: the sender that is preferred where several are equally possible.
    - `rank`: of several candidates for an owed stream those of the lowest rank are taken.
    - `is_screen`: of a sender that owes a camera and a screen, which of them it is; else `None`.
    - `is_extra`: it is known not to be an owed stream.
    - `is_sure`: if not, `sender` and `is_extra` are ignored where they leave something missing.
    - `group`: extra streams continue only in others of their group.
    - `of`: the number of the page's stream of which this is a part, between two silences; -1: all.
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
    is_screen: bool | None = None


@dataclass(frozen=True, slots=True)
class Owner:
    """From `from_s` on, and before `to_s`, the owed stream `track` is `stream` (its number)."""

    track: int
    stream: int
    from_s: float
    to_s: float


@dataclass(frozen=True, slots=True)
class Matched:
    """The result of a match: `owners` in the order of tracks and time.

    Tracks from `owed` on are extra. `senders` has for each track its sender, or all possible ones.
    """

    owed: int
    owners: tuple[Owner, ...]
    senders: tuple[tuple[str, ...], ...]


class _Claim(NamedTuple):
    """A span in which a slot is filled by a stream (its number); `of` is `Stream.of`."""

    begin_s: float
    end_s: float
    number: int
    of: int


@dataclass(slots=True)
class _Slot:
    """One owed stream, and the spans in which it is filled so far, in order."""

    owed: OwedSlot
    claims: list[_Claim] = field(default_factory=list)
    is_known: bool = False

    def gain(self, stream: Stream) -> list[Span]:
        """The spans of the stream in which the slot is free; short gaps of moves are ignored."""
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
        """Whether the stream can be what is owed here, and come from a sender of it."""
        senders = self.owed.senders
        if stream.is_screen not in (None, self.owed.is_screen):
            return False
        if stream.sender is not None:
            return not senders or stream.sender in senders
        return not senders or stream.possible is None or not stream.possible.isdisjoint(senders)

    def is_free_for(self, stream: Stream) -> bool:
        """Whether at most `RECENT_S` of the stream's time is taken."""
        taken_s = sum(
            max(0.0, min(claim.end_s, stream.last_s) - max(claim.begin_s, stream.first_s))
            for claim in self.claims
        )
        return taken_s <= RECENT_S

    def take(self, number: int, stream: Stream, spans: Iterable[Span]) -> None:
        """Fill the slot with the stream in these spans."""
        claims = [_Claim(begin_s, end_s, number, stream.of) for begin_s, end_s in spans]
        self.claims = sorted([*self.claims, *claims])

    def distance(self, stream: Stream) -> tuple[bool, float]:
        """How unlikely it is that the slot's last stream continues in this one.

        One that ended just before is likelier than one that ended long ago; of several that ended
        just before, the first is the likeliest.
        """
        ended = [claim for claim in self.claims if claim.end_s <= stream.first_s]
        last = max(ended, key=lambda claim: claim.end_s, default=None)
        if last is not None and stream.of >= 0 and last.of == stream.of:
            return False, -math.inf
        quiet_s = stream.first_s - last.end_s if last is not None else math.inf
        return (False, -round(quiet_s, 6)) if quiet_s <= RECENT_S else (True, round(quiet_s, 6))


def match(streams: Sequence[Stream], owed: Sequence[OwedSlot], hold: Span) -> Matched:
    """Match streams, in an order that does not depend on that of their rows, to those owed.

    Time that is missing in the hold counts more than other time.
    """
    slots, extra = _placed(streams, owed, hold)
    if any(not stream.is_sure for stream in streams):
        unsure = [stream if stream.is_sure else _nameless(stream) for stream in streams]
        others = _placed(unsure, owed, hold)
        if _missing_s(slots, hold) > _missing_s(others[0], hold) + RECENT_S:
            streams, (slots, extra) = unsure, others
    more: list[_Slot] = []
    groups: dict[tuple[str | None, str, int], list[_Slot]] = {}
    for number in sorted(extra):
        stream = streams[number]
        rest = groups.setdefault((stream.sender, stream.group, stream.rank), [])
        if not _continues(number, stream, rest, hold):
            slot = _Slot(OwedSlot(() if stream.sender is None else (stream.sender,)))
            slot.take(number, stream, [(stream.first_s, stream.last_s)])
            rest.append(slot)
            more.append(slot)
    owners = [owner for track, slot in enumerate([*slots, *more]) for owner in _owners(track, slot)]
    of_extra = [slot.owed.senders for slot in more]
    return Matched(len(slots), tuple(owners), (*_senders(slots), *of_extra))


def _placed(
    streams: Sequence[Stream], owed: Sequence[OwedSlot], hold: Span
) -> tuple[list[_Slot], list[int]]:
    """The slots of the owed streams, and the numbers of the streams that are in none."""
    slots = [_Slot(each) for each in owed]
    extra, unknown = _by_sender(streams, slots)
    # First streams that begin where another ended continue it; then others fill what is left.
    late = [number for number in unknown if not _continues(number, streams[number], slots, hold)]
    extra += [number for number in late if not _fills(number, streams[number], slots, hold)]
    return slots, extra


def _nameless(stream: Stream) -> Stream:
    return replace(stream, sender=None, is_extra=False)


def _missing_s(slots: Sequence[_Slot], hold: Span) -> float:
    """The seconds of the hold, summed over all slots, in which a slot is not filled."""
    return sum(
        hold[1]
        - hold[0]
        - sum(max(0.0, min(each.end_s, hold[1]) - max(each.begin_s, hold[0])) for each in claims)
        for claims in (slot.claims for slot in slots)
    )


def _by_sender(streams: Sequence[Stream], slots: Sequence[_Slot]) -> tuple[list[int], list[int]]:
    """Fill the slots of known senders; returns the extra streams, and the remaining ones."""
    extra: list[int] = []
    unknown: list[int] = []
    partners = {sender for slot in slots for sender in slot.owed.senders}
    of_sender: dict[str, list[_Slot]] = {}
    for slot in slots:
        if slot.owed.sender is not None:
            of_sender.setdefault(slot.owed.sender, []).append(slot)
    named: list[tuple[int, list[_Slot]]] = []
    for number in sorted(range(len(streams)), key=lambda number: (streams[number].rank, number)):
        stream = streams[number]
        if stream.is_extra or (
            partners and stream.sender is not None and stream.sender not in partners
        ):
            extra.append(number)  # or the probe's own, sent back
        elif stream.sender is not None and stream.sender in of_sender:
            named.append((number, of_sender[stream.sender]))
        else:
            unknown.append(number)
    late = [(n, mine) for n, mine in named if not _continues(n, streams[n], mine, ALWAYS)]
    extra += [n for n, mine in late if not _fills(n, streams[n], mine, ALWAYS)]
    for slot in slots:
        slot.is_known = bool(slot.claims)
    return extra, unknown


def _continues(number: int, stream: Stream, slots: Sequence[_Slot], hold: Span) -> bool:
    """Fill a free slot with the stream, where there is one; whether there was."""
    return _fills(number, stream, [slot for slot in slots if slot.is_free_for(stream)], hold)


def _fills(number: int, stream: Stream, slots: Sequence[_Slot], hold: Span) -> bool:
    """Fill the slot in which the stream fills most; whether there was one."""
    best: tuple[tuple[float, ...], _Slot, list[Span]] | None = None
    for place, slot in enumerate(slots):
        spans = slot.gain(stream) if slot.can_be(stream) else []
        if spans:
            in_hold = sum(max(0.0, min(e, hold[1]) - max(b, hold[0])) for b, e in spans)
            in_all = sum(e - b for b, e in spans)
            is_other = slot.owed.is_screen != bool(stream.is_screen)
            is_far = slot.owed.sender != stream.nearest
            key = (
                *(-round(in_hold, 6), -round(in_all, 6), is_other),
                *(*slot.distance(stream), is_far, place),
            )
            if best is None or key < best[0]:
                best = key, slot, spans
    if best is None:
        return False
    best[1].take(number, stream, best[2])
    return True


def _senders(slots: Sequence[_Slot]) -> list[tuple[str, ...]]:
    """The possible senders of each slot's stream.

    Where only one sender remains it is that one; where no stream of the remaining ones arrived,
    each slot keeps its own sender.
    """
    unknown = [slot for slot in slots if slot.owed.sender is not None and not slot.is_known]
    senders = (slot.owed.sender for slot in unknown if slot.owed.sender is not None)
    left = tuple(dict.fromkeys(senders))  # the server may owe several
    is_mixed_up = any(slot.claims for slot in unknown)
    return [
        left
        if is_mixed_up and slot.owed.sender is not None and not slot.is_known
        else slot.owed.senders
        for slot in slots
    ]


def _owners(track: int, slot: _Slot) -> Iterable[Owner]:
    """The owners of a slot in order; the first begins at any time, the last never ends."""
    joined: list[Owner] = []
    ended_s = -math.inf
    for claim in slot.claims:
        if not joined:
            joined.append(Owner(track, claim.number, -math.inf, math.inf))
        elif joined[-1].stream != claim.number:
            # The row at which the one before ended still belongs to that one.
            begin_s = claim.begin_s
            at_s = math.nextafter(begin_s, math.inf) if begin_s <= ended_s else begin_s
            joined[-1] = replace(joined[-1], to_s=at_s)
            joined.append(Owner(track, claim.number, at_s, math.inf))
        ended_s = claim.end_s
    return joined
