"""The setup time of each expected stream: how long it took to its first media."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

from farm.evidence.page_acts import Off
from farm.evidence.stream_slots import Span
from farm.model.session_roles import SERVER, SentMedia
from farm.model.trial_evidence import StreamIdentity, StreamSetup
from farm.recording.events import SeenEvent
from farm.recording.trial_reader import TrialReader

Took = tuple[float | None, float | None]
"""When first media arrived, in run time, and how long after the page's offer (`None`: unknown)."""


def stream_setups(
    trial: TrialReader,
    streams: Sequence[StreamIdentity],
    off: Callable[[str, SentMedia], Sequence[Off]],
) -> Iterator[StreamSetup]:
    """The setups of the expected streams that probes of the plan receive.

    A page reports the first media of its tracks in the order of arrival, which is that of its
    streams. `off` says when a probe's page gave nothing of a medium to send.
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
                late_s = _late_s(stream, at_s, setup_s, joining_s, off)
                probe = probes[name]
                yield StreamSetup(
                    name, probe.session, probe.role, stream.kind, setup_s, stream.track, late_s
                )


def _late_s(
    stream: StreamIdentity,
    at_s: float | None,
    setup_s: float | None,
    joining_s: Mapping[str, float],
    off: Callable[[str, SentMedia], Sequence[Off]],
) -> float | None:
    """How long the stream was missing while both probes were there and the sender had media.

    Where the page did not report a stream that arrived, at most since it began to join. Of several
    possible senders the one that was there for the shortest time counts. What the server sends of
    its own may be an answer to what the receiver's page sends.
    """
    if setup_s is None and stream.began_s is not None and stream.probe in joining_s:
        at_s = stream.began_s
        setup_s = max(0.0, at_s - joining_s[stream.probe])
    if at_s is None or setup_s is None:
        return setup_s
    waits = [setup_s]
    for sender in (stream.probe if each == SERVER else each for each in stream.senders):
        wait_s = max(0.0, min(setup_s, at_s - joining_s.get(sender, -math.inf)))
        waits.append(wait_s - _overlap_s(off(sender, stream.media), (at_s - wait_s, at_s)))
    return min(waits)


def _overlap_s(off: Sequence[Off], span: Span) -> float:
    """How much of the span lies in some of `off`, which are in the order of time."""
    overlap_s, until_s = 0.0, span[0]
    for begin_s, end_s, _ in off:
        overlap_s += max(0.0, min(end_s, span[1]) - max(begin_s, until_s))
        until_s = max(until_s, end_s)
    return overlap_s


def _began(stream: StreamIdentity) -> tuple[float, int]:
    return math.inf if stream.began_s is None else stream.began_s, stream.track


def _firsts(
    trial: TrialReader,
) -> tuple[dict[tuple[str, str], list[Took]], dict[str, float]]:
    """The first media by probe and kind, in order, and when each probe began to join."""
    unordered: defaultdict[tuple[str, str], list[tuple[float, float, Took]]] = defaultdict(list)
    joining: dict[str, SeenEvent] = {}
    for seen in trial.events:
        event = seen.event
        if event.kind == "joining":
            joining[event.probe] = seen
        elif event.kind == "setup":
            setup_s = event.data.get("setup_s")
            if setup_s is None and event.probe in joining:
                # The page's offer was not seen; the time since the driver's first step is no less.
                setup_s = event.host_monotonic_s - joining[event.probe].event.host_monotonic_s
            order = event.host_monotonic_s, math.inf if setup_s is None else float(setup_s)
            unordered[event.probe, str(event.data.get("kind"))].append(
                (*order, (seen.run_s, setup_s))
            )
    firsts = {
        whose: [took for *_, took in sorted(each, key=lambda first: first[:2])]
        for whose, each in unordered.items()
    }
    began_s = {probe: seen.run_s for probe, seen in joining.items() if seen.run_s is not None}
    return firsts, began_s
