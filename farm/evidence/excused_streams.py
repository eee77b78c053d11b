"""Which owed streams a page's acts excuse, and in which windows of the hold. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from farm.evidence.stream_slots import Span
from farm.intervals import Intervals
from farm.rates import FloatArray
from farm.trial import Direction, StreamIdentity
from farm.webrtc_stats import MediaKind

Excused = tuple[str, Direction, MediaKind, int, int]
"""Probe, direction, kind, track and window of what is owed to nobody."""

SenderWindows = Mapping[tuple[str, MediaKind], Collection[int]]
"""The windows in which a probe's page gave nothing of a kind to send."""


def windows_of(spans: Iterable[Span], edges: FloatArray) -> set[int]:
    """The windows that the spans touch."""
    return {
        window
        for begin_s, end_s in spans
        for window in range(len(edges) - 1)
        if begin_s < edges[window + 1] and end_s > edges[window]
    }


def excused_received(
    off: SenderWindows, identities: Iterable[StreamIdentity], whole: Intervals
) -> list[Excused]:
    """What receivers are not owed while its senders give nothing.

    Where a receiver's streams may be of several senders, those of the fewest packets are of the
    senders who sent none. Of more senders than streams those who send nothing are among the ones
    who would not be forwarded anyhow.
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
        silent = [off[sender, kind] for sender in senders if (sender, kind) in off]
        spare = len(senders) - len(owed)
        for window in sorted(set().union(*silent)):
            count = max(0, sum(window in windows for windows in silent) - spare)
            packets = {
                track: _packets(whole, places.get((probe, "inbound", kind, track), ()), window)
                for track in owed
            }
            fewest = sorted(owed, key=lambda track: (packets[track], track))
            found += [(probe, "inbound", kind, track, window) for track in fewest[:count]]
    return found


def _packets(whole: Intervals, places: Iterable[slice], window: int) -> int:
    """What came of a stream in a window."""
    return sum(
        each.packets or 0 for place in places for each in whole[place] if each.window == window
    )
