"""The expected streams that are excused by what pages did themselves, in which windows. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from farm.analysis.intervals import Intervals
from farm.analysis.rates import FloatArray
from farm.evidence.page_acts import NOT_YET, SETTLES_S, Gone, Off, PageActs
from farm.evidence.stream_lifetimes import StreamLifetime
from farm.evidence.stream_slots import Owner, Span
from farm.model.page_acts import PAUSED, PageAct
from farm.model.session_roles import SERVER, SentMedia, kind_of
from farm.model.trial_evidence import StreamIdentity
from farm.model.trial_plan import Direction, TrialPlan
from farm.model.webrtc_stats import MediaKind
from farm.planning.owed_slots import owed_slots, sent_slots

Excused = tuple[str, Direction, MediaKind, int, int]
"""Probe, direction, kind, track and window in which a stream is not expected."""

SILENT_S = 0.5
"""A stream without packets for less is not silent; no limit is finer."""

Sender = tuple[str, SentMedia]
"""A probe and a medium that it sends."""

SenderWindows = Mapping[Sender, Collection[int]]
"""By sender the windows in which it gave its partners nothing."""


Of = TypeVar("Of", bound=Hashable)


def windows_of(
    spans: Mapping[Of, Sequence[Off]], edges: FloatArray
) -> Mapping[Of, Collection[int]]:
    """By sender the windows that overlap with its spans."""
    return {
        each: {
            window
            for begin_s, end_s, _ in of
            for window in range(len(edges) - 1)
            if begin_s < edges[window + 1] and end_s > edges[window]
        }
        for each, of in spans.items()
    }


def excused_received(
    off: SenderWindows,
    silent: SenderWindows,
    identities: Iterable[StreamIdentity],
    whole: Intervals,
) -> list[Excused]:
    """The streams of receivers that are excused because their senders send nothing.

    Where a receiver's streams may come from several senders, silent streams are attributed to the
    senders that send no packets (`silent`). If there are more senders than streams, senders that
    send nothing count first as those that are not forwarded. What the server sends of its own may
    be an answer to what the receiver sends: while that sends nothing it is unknown what is due.
    """
    if not off:
        return []
    groups: defaultdict[tuple[str, SentMedia, tuple[str, ...]], list[int]] = defaultdict(list)
    for identity in identities:
        if identity.direction == "inbound" and identity.owed and identity.senders:
            groups[identity.probe, identity.media, identity.senders].append(identity.track)
    places = whole.places()
    found: list[Excused] = []
    for (probe, media, possible), owed in groups.items():
        kind = kind_of(media)
        senders = [probe if sender == SERVER else sender for sender in possible]
        theirs = [off.get((sender, media), ()) for sender in senders]
        spare = len(senders) - len(owed)
        for window in sorted(set().union(*theirs)):
            if all(window in windows for windows in theirs):
                excused = owed
            else:
                gone = sum(window in silent.get((sender, media), ()) for sender in senders)
                fell_silent = _silent(
                    whole,
                    {track: places.get((probe, "inbound", kind, track), ()) for track in owed},
                    window,
                )
                excused = fell_silent[: max(0, gone - spare)]
            found += [(probe, "inbound", kind, track, window) for track in excused]
    return found


def refused_spans(
    owners: Iterable[tuple[StreamLifetime, Owner]], refused: Mapping[tuple[str, str], Sequence[Off]]
) -> Mapping[int, Sequence[Off]]:
    """By track the spans in which the receiver's page refused its stream."""
    found: defaultdict[int, list[Off]] = defaultdict(list)
    for life, owner in owners:
        for begin_s, end_s, why in refused.get((life.connection, life.mid), ()):
            span = max(begin_s, owner.from_s), min(end_s, owner.to_s), why
            if span[0] < span[1]:
                found[owner.track].append(span)
    return found


def _silent(whole: Intervals, places: Mapping[int, Iterable[slice]], window: int) -> list[int]:
    """The tracks without packets for some of a window, the longest gap first."""
    lacked = []
    for track, of in places.items():
        for each in (each for place in of for each in whole[place]):
            if each.window == window and (each.gap_s or 0.0) >= SILENT_S:
                lacked.append((-(each.gap_s or 0.0), each.packets or 0, track))
    return [track for *_, track in sorted(lacked)]


class Excuses:
    """The acts of pages in the hold, and the streams that they excuse.

    `gone` is when polls last had each stream that a probe sent; `received` has, of receivers whose
    page refused something, the streams of each track of a kind.
    """

    def __init__(
        self,
        plan: TrialPlan,
        hold: Span,
        acts: PageActs,
        gone: Mapping[str, Gone],
        received: Mapping[tuple[str, MediaKind], Sequence[tuple[StreamLifetime, Owner]]],
    ) -> None:
        self._plan = plan
        self._plans = {probe.probe: probe for probe in plan.probes}
        self._slots = owed_slots(plan)
        self._hold = hold
        self._acts = acts
        self._gone = gone
        self._received = received

    def off(self) -> Mapping[Sender, list[Off]]:
        """By probe and medium the spans in the hold without anything given to send, and why."""
        return self._in_hold(self._acts.off)

    def off_at(self, probe: str, media: SentMedia) -> Sequence[Off]:
        """The same of one probe and medium, in the hold or not."""
        return self._acts.off(probe, media, self._gone.get(probe, {}))

    def _in_hold(
        self, of: Callable[[str, SentMedia, Gone], list[Off]]
    ) -> Mapping[Sender, list[Off]]:
        found: dict[Sender, list[Off]] = {}
        for probe in self._plans.values():
            for media in probe.sent_media:
                spans = [
                    (begin_s, end_s, why)
                    for begin_s, end_s, why in of(
                        probe.probe, media, self._gone.get(probe.probe, {})
                    )
                    # A first track that is given before the hold is no act within it.
                    if end_s > self._hold[0] + (SETTLES_S if why == NOT_YET else 0.0)
                    and begin_s < self._hold[1]
                ]
                if spans:
                    found[probe.probe, media] = spans
        return found

    def excused(
        self, identities: Iterable[StreamIdentity], whole: Intervals, edges: FloatArray
    ) -> list[Excused]:
        """The streams that are not expected, each with the window."""
        off, silent, unsent = (
            windows_of(spans, edges)
            for spans in (
                self.off(),
                self._in_hold(self._acts.silent),
                self._in_hold(self._acts.unsent),
            )
        )
        sent: list[Excused] = [
            (probe, "outbound", kind_of(media), track, window)
            for (probe, media), windows in unsent.items()
            for track in self._plans[probe].sent_media[media]
            for window in sorted(windows)
        ]
        received = excused_received(off, silent, identities, whole)
        return sorted({*sent, *received, *self._excused_by_receivers(edges)})

    def _refused(self) -> Mapping[tuple[str, MediaKind], Mapping[int, Sequence[Off]]]:
        """By receiver, kind and track the spans in which its page refused what it had accepted."""
        return {
            (probe, kind): refused_spans(owners, self._acts.refused(probe))
            for (probe, kind), owners in self._received.items()
        }

    def _excused_by_receivers(self, edges: FloatArray) -> Iterator[Excused]:
        """The streams that a receiver refuses, and those that are sent to it alone."""
        for (probe, kind), spans in self._refused().items():
            windows = windows_of(spans, edges)
            yield from (
                (probe, "inbound", kind, track, window)
                for track, of in windows.items()
                for window in of
            )
            for sender, is_screen in self._with_no_other_receiver(probe, kind):
                tracks = [
                    frozenset(windows.get(track, ()))
                    for track, slot in enumerate(self._slots[probe, kind])
                    if slot.is_screen == is_screen
                ]
                unwanted = frozenset.intersection(*tracks) if tracks else frozenset()
                for track, slot in enumerate(sent_slots(self._plans[sender], kind)):
                    if slot.is_screen == is_screen:
                        yield from ((sender, "outbound", kind, track, each) for each in unwanted)

    def _with_no_other_receiver(self, receiver: str, kind: MediaKind) -> Iterator[tuple[str, bool]]:
        """The senders whose cameras, or screens, this probe alone is owed."""
        session = next(each for each in self._plan.sessions if self._plans[receiver] in each.probes)
        receivers: defaultdict[tuple[str, bool], set[str]] = defaultdict(set)
        for probe in session.probes:
            for slot in self._slots[probe.probe, kind]:
                for sender in slot.senders:
                    if sender != SERVER:
                        receivers[sender, slot.is_screen].add(probe.probe)
        yield from (whose for whose, of in receivers.items() if of == {receiver})

    def acts(self) -> tuple[PageAct, ...]:
        """The streams that pages themselves stopped sending or receiving in the hold."""
        acts = [(*whose, *each) for whose, spans in self.off().items() for each in spans]
        acts += [
            (*whose, *each)
            for whose, spans in self._in_hold(self._acts.unsent).items()
            for each in spans
            if each[2] == PAUSED
        ]
        acts += [
            (*whose, *each)
            for whose, tracks in self._refused().items()
            for spans in tracks.values()
            for each in spans
            if each[1] > self._hold[0] and each[0] < self._hold[1]
        ]
        on_one = [
            (*whose, at_s, why)
            for whose, spans in self._in_hold(self._acts.stopped_on_one).items()
            for at_s, _, why in spans
        ]
        return (
            *(PageAct(probe, kind, at_s, why) for probe, kind, at_s, _, why in sorted(acts)),
            *(PageAct(*act, on_one_connection=True) for act in sorted(on_one)),
        )
