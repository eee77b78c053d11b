"""How long each owed stream took to its first media."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from farm.recording.events import SeenEvent
from farm.recording.reader import TrialReader
from farm.trial import StreamIdentity, StreamSetup

Took = tuple[float | None, float | None]
"""When first media came, in run time, and how long after the page's offer; `None`: not known."""


def stream_setups(trial: TrialReader, streams: Sequence[StreamIdentity]) -> Iterator[StreamSetup]:
    """Of each owed stream that a probe of the plan receives.

    A page says first media of tracks, in the order in which it came; so did the streams.
    """
    firsts, joining_s = _firsts(trial)
    probes = {probe.probe: probe for probe in trial.plan.probes}
    inbound: defaultdict[tuple[str, str], list[StreamIdentity]] = defaultdict(list)
    for stream in streams:
        if stream.direction == "inbound":
            inbound[stream.probe, stream.kind].append(stream)
    for (name, kind), mine in inbound.items():
        in_order = [each.track for each in sorted(mine, key=_began)]
        of_track = dict(zip(in_order, firsts.get((name, kind), ()), strict=False))
        for stream in mine:
            if stream.owed:
                at_s, setup_s = of_track.get(stream.track, (None, None))
                late_s = _late_s(stream, at_s, setup_s, joining_s)
                probe = probes[name]
                yield StreamSetup(
                    name, probe.session, probe.role, stream.kind, setup_s, stream.track, late_s
                )


def _late_s(
    stream: StreamIdentity,
    at_s: float | None,
    setup_s: float | None,
    joining_s: Mapping[str, float],
) -> float | None:
    """How long the stream was waited for since receiver and sender were both there.

    Where the page said nothing of a stream that came, no longer than since it began to join.
    """
    asked = [joining_s[each] for each in stream.senders if each in joining_s]
    if setup_s is None and stream.began_s is not None and stream.probe in joining_s:
        at_s = stream.began_s
        setup_s = max(0.0, at_s - joining_s[stream.probe])
    if at_s is None or setup_s is None or not asked:
        return setup_s
    return max(0.0, min(setup_s, at_s - max(asked)))


def _began(stream: StreamIdentity) -> tuple[float, int]:
    return math.inf if stream.began_s is None else stream.began_s, stream.track


def _firsts(
    trial: TrialReader,
) -> tuple[dict[tuple[str, str], list[Took]], dict[str, float]]:
    """Per probe and kind each first media, in order, and when each probe began to join."""
    told: defaultdict[tuple[str, str], list[tuple[float, float, Took]]] = defaultdict(list)
    joining: dict[str, SeenEvent] = {}
    for seen in trial.events:
        event = seen.event
        if event.kind == "joining":
            joining[event.probe] = seen
        elif event.kind == "setup":
            setup_s = event.data.get("setup_s")
            if setup_s is None and event.probe in joining:
                # The page's offer was not seen; from the driver's first step is never less.
                setup_s = event.host_monotonic_s - joining[event.probe].event.host_monotonic_s
            order = event.host_monotonic_s, math.inf if setup_s is None else float(setup_s)
            told[event.probe, str(event.data.get("kind"))].append((*order, (seen.run_s, setup_s)))
    firsts = {
        whose: [took for *_, took in sorted(each, key=lambda first: first[:2])]
        for whose, each in told.items()
    }
    began_s = {probe: seen.run_s for probe, seen in joining.items() if seen.run_s is not None}
    return firsts, began_s
