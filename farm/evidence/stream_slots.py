"""Which of a probe's streams stands for which of those that it is owed. Pure.

A probe is owed so many streams of a kind, each from a sender. Streams come and go: a page is loaded
anew, a connection is moved, an SSRC changes. They are matched to what is owed so that the least is
missing; the order in which they appeared never counts.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream that flowed from `first_s` to `last_s`.

    `sender` is the probe it came from, `None` where that is not known. Of several that could be
    what is owed, those of the lowest `rank` are.
    """

    first_s: float
    last_s: float
    sender: str | None = None
    rank: int = 0


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


@dataclass(slots=True)
class _Slot:
    """What stands for one owed stream so far: spans with the number of the stream, in order."""

    sender: str | None
    claims: list[tuple[float, float, int]] = field(default_factory=list)
    is_known: bool = False

    def gain(self, stream: Stream) -> list[Span]:
        """What of the stream's time nothing else stands for."""
        free: list[Span] = []
        begin_s = stream.first_s
        for claim_begin_s, claim_end_s, _ in self.claims:
            if claim_begin_s > begin_s:
                free.append((begin_s, min(claim_begin_s, stream.last_s)))
            begin_s = max(begin_s, claim_end_s)
            if begin_s >= stream.last_s:
                break
        if begin_s < stream.last_s or (not self.claims and begin_s == stream.last_s):
            free.append((begin_s, stream.last_s))
        return [span for span in free if span[0] < span[1] or not self.claims]

    def take(self, number: int, spans: Iterable[Span]) -> None:
        self.claims = sorted([*self.claims, *((begin, end, number) for begin, end in spans)])

    def quiet_s(self, stream: Stream) -> float:
        """How long before the stream the one before it ended; infinite if there was none."""
        ended = [end_s for _, end_s, _ in self.claims if end_s <= stream.first_s]
        return stream.first_s - max(ended) if ended else math.inf


def match(
    streams: Sequence[Stream], owed: Sequence[str | None], hold: Span, partners: Sequence[str] = ()
) -> Matched:
    """Match streams, in an order that does not depend on that of their rows, to what is owed.

    `owed` has the sender of each owed stream, `None` where it may be any of `partners`. What is
    missing counts in the hold first.
    """
    slots = [_Slot(sender) for sender in owed]
    by_rank = sorted(range(len(streams)), key=lambda number: (streams[number].rank, number))
    extra: list[int] = []
    unknown: list[int] = []
    for number in by_rank:
        stream = streams[number]
        slot = next((each for each in slots if each.sender == stream.sender is not None), None)
        if slot is not None:
            spans = slot.gain(stream)
            slot.is_known = True
            slot.take(number, spans)
            if not spans:
                extra.append(number)
        elif stream.sender is not None and stream.sender not in partners:
            extra.append(number)  # its own, come back, or a stranger's
        else:
            unknown.append(number)
    for number in unknown:
        if not _placed(number, streams[number], slots, hold):
            extra.append(number)
    senders = _senders(slots, partners)
    owners = [owner for track, slot in enumerate(slots) for owner in _owners(track, slot)]
    for place, number in enumerate(sorted(extra)):
        owners.append(Owner(len(slots) + place, number, -math.inf, math.inf))
        sender = streams[number].sender
        senders.append(() if sender is None else (sender,))
    return Matched(len(slots), tuple(owners), tuple(senders))


def _placed(number: int, stream: Stream, slots: Sequence[_Slot], hold: Span) -> bool:
    """Whether the stream stands for something that is owed; it is given the slot it helps most."""
    best: tuple[tuple[float, ...], _Slot, list[Span]] | None = None
    for place, slot in enumerate(slots):
        spans = slot.gain(stream)
        if spans:
            in_hold = sum(max(0.0, min(e, hold[1]) - max(b, hold[0])) for b, e in spans)
            in_all = sum(e - b for b, e in spans)
            key = (-round(in_hold, 6), -round(in_all, 6), round(slot.quiet_s(stream), 6), place)
            if best is None or key < best[0]:
                best = key, slot, spans
    if best is None:
        return False
    best[1].take(number, best[2])
    return True


def _senders(slots: Sequence[_Slot], partners: Sequence[str]) -> list[tuple[str, ...]]:
    """Whom each slot's stream comes from. What only one sender is left for is that sender's."""
    left = tuple(slot.sender for slot in slots if slot.sender is not None and not slot.is_known)
    found: list[tuple[str, ...]] = []
    for slot in slots:
        if slot.sender is None:
            found.append(tuple(partners))
        elif slot.is_known:
            found.append((slot.sender,))
        else:
            found.append(left)
    return found


def _owners(track: int, slot: _Slot) -> Iterable[Owner]:
    """One stream after the other; what comes before the first, or after the last, is theirs."""
    joined: list[Owner] = []
    ended_s = -math.inf
    for begin_s, end_s, number in slot.claims:
        if not joined:
            joined.append(Owner(track, number, -math.inf, math.inf))
        elif joined[-1].stream != number:
            # The row at which the one before ended is still its own.
            at_s = math.nextafter(begin_s, math.inf) if begin_s <= ended_s else begin_s
            joined[-1] = replace(joined[-1], to_s=at_s)
            joined.append(Owner(track, number, at_s, math.inf))
        ended_s = end_s
    return joined
