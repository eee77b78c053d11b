"""Which owed streams a page's acts excuse, and in which windows of the hold. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from farm.evidence.page_acts import Off
from farm.intervals import Intervals
from farm.rates import FloatArray
from farm.trial import Direction, StreamIdentity
from farm.webrtc_stats import MediaKind

Excused = tuple[str, Direction, MediaKind, int, int]
"""Probe, direction, kind, track and window of what is owed to nobody."""

SILENT_S = 0.5
"""No limit is finer: what had no packet for less has not fallen silent."""

Sender = tuple[str, MediaKind]
"""A probe, and a kind of media that it sends."""

SenderWindows = Mapping[Sender, Collection[int]]
"""The windows in which a sender gave nothing."""


def windows_of(spans: Mapping[Sender, Sequence[Off]], edges: FloatArray) -> SenderWindows:
    """The windows that each sender's spans touch."""
    return {
        sender: {
            window
            for begin_s, end_s, _ in of
            for window in range(len(edges) - 1)
            if begin_s < edges[window + 1] and end_s > edges[window]
        }
        for sender, of in spans.items()
    }


def excused_received(
    off: SenderWindows,
    silent: SenderWindows,
    identities: Iterable[StreamIdentity],
    whole: Intervals,
) -> list[Excused]:
    """What receivers are not owed while its senders give nothing.

    Where a receiver's streams may be of several senders, those that fell silent are of the senders
    of whom nothing flows, which are `silent`. Of more senders than streams those who send nothing
    are among the ones who would not be forwarded anyhow.
    """
    if not off:
        return []
    groups: defaultdict[tuple[str, MediaKind, tuple[str, ...]], list[int]] = defaultdict(list)
    for identity in identities:
        if identity.direction == "inbound" and identity.owed and identity.senders:
            groups[identity.probe, identity.kind, identity.senders].append(identity.track)
    places = whole.places()
    found: list[Excused] = []
    for (probe, kind, senders), owed in groups.items():
        theirs = [off.get((sender, kind), ()) for sender in senders]
        spare = len(senders) - len(owed)
        for window in sorted(set().union(*theirs)):
            if all(window in windows for windows in theirs):
                excused = owed
            else:
                gone = sum(window in silent.get((sender, kind), ()) for sender in senders)
                fell_silent = _silent(
                    whole,
                    {track: places.get((probe, "inbound", kind, track), ()) for track in owed},
                    window,
                )
                excused = fell_silent[: max(0, gone - spare)]
            found += [(probe, "inbound", kind, track, window) for track in excused]
    return found


def _silent(whole: Intervals, places: Mapping[int, Iterable[slice]], window: int) -> list[int]:
    """The tracks of which nothing came for some of a window, what lacked longest first."""
    lacked = []
    for track, of in places.items():
        for each in (each for place in of for each in whole[place]):
            if each.window == window and (each.gap_s or 0.0) >= SILENT_S:
                lacked.append((-(each.gap_s or 0.0), each.packets or 0, track))
    return [track for *_, track in sorted(lacked)]
