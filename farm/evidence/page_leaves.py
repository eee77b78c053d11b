"""The pages that left by themselves: they closed connections that still worked. Pure.

A new document closes all connections of the one before, without events of them: a page that loads
one after a step of the driver, and makes no connection again, has left, too.

Clients also close connections that have failed. That is not leaving, and the streams of such a page
are judged.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from farm.evidence.page_acts import PageActs
from farm.evidence.stream_lifetimes import StreamLifetime
from farm.evidence.stream_slots import Span
from farm.model.trial_evidence import PageLoad
from farm.model.trial_plan import SessionPlan

LEAVING_S = 2.0
"""Polls may have a stream so long after it was closed; leaving so late in the hold is ignored."""

SILENT_S = 3.0
"""After so long without packets, while others sent, the connections of a page did not work."""


def pages_that_left(
    sessions: Iterable[SessionPlan],
    lives: Sequence[StreamLifetime],
    acts: PageActs,
    hold: Span,
    loads: Iterable[PageLoad] = (),
) -> Mapping[str, float]:
    """By probe when its page closed all its working connections in the hold, for good.

    `loads` are the pages that loaded in the hold; those that did by themselves do not count.
    """
    loaded: defaultdict[str, list[float]] = defaultdict(list)
    for load in loads:
        if load.step:
            loaded[load.probe].append(load.at_s)
    flows = _Flows.of(lives)
    found = {}
    for session in sessions:
        senders = [each.probe for each in session.probes if each.sends]
        for probe in session.probes:
            at_s = _closed_s(probe.probe, flows, acts, hold)
            if at_s is None and probe.probe in loaded:
                at_s = _unloaded_s(probe.probe, loaded[probe.probe], lives, acts, hold)
            if at_s is None:
                continue
            others = [each for each in senders if each != probe.probe]
            if (
                not probe.receives
                or acts.refuses(probe.probe, at_s)
                or not flows.was_silent(
                    probe.probe, others, at_s, is_of_server=bool(probe.kinds_of_server)
                )
            ):
                found[probe.probe] = at_s
    return found


def _closed_s(probe: str, flows: _Flows, acts: PageActs, hold: Span) -> float | None:
    """When the page closed its last connections; `None`: not in the hold, or one had failed."""
    closed = {
        connection: at_s
        for connection, at_s in acts.closed(probe).items()
        if hold[0] <= at_s < hold[1] - LEAVING_S
    }
    last_s = max(closed.values(), default=math.inf)
    if flows.last_s(probe) >= last_s + LEAVING_S:
        return None
    together = [each for each, at_s in closed.items() if at_s > last_s - LEAVING_S]
    has_failed = any(acts.had_failed(probe, connection) for connection in together)
    return None if has_failed or not together else last_s


def _unloaded_s(
    probe: str,
    loads_s: Iterable[float],
    lives: Sequence[StreamLifetime],
    acts: PageActs,
    hold: Span,
) -> float | None:
    """When the load came with which all streams ended; `None`: there is none, or one had failed.

    Pages that have left may load further documents.
    """
    ends: dict[str, float] = {}
    for life in lives:
        if life.probe == probe:
            ends[life.connection] = max(ends.get(life.connection, -math.inf), life.last_s)
    last_s = max(ends.values(), default=-math.inf)
    together = [each for each, end_s in ends.items() if end_s > last_s - LEAVING_S]
    if any(acts.had_failed(probe, each) for each in together):
        return None
    return next(
        (
            at_s
            for at_s in loads_s
            if at_s < hold[1] - LEAVING_S and at_s - SILENT_S < last_s < at_s + LEAVING_S
        ),
        None,
    )


@dataclass(frozen=True, slots=True)
class _Flows:
    """When each probe last received and sent something."""

    received_s: Mapping[str, float]
    sent_s: Mapping[str, float]

    @classmethod
    def of(cls, lives: Sequence[StreamLifetime]) -> _Flows:
        received_s: dict[str, float] = {}
        sent_s: dict[str, float] = {}
        for life in lives:
            of = received_s if life.direction == "inbound" else sent_s
            of[life.probe] = max(of.get(life.probe, -math.inf), life.last_s)
        return cls(received_s, sent_s)

    def last_s(self, probe: str) -> float:
        return max(self.received_s.get(probe, -math.inf), self.sent_s.get(probe, -math.inf))

    def was_silent(
        self, probe: str, others: Iterable[str], at_s: float, *, is_of_server: bool
    ) -> bool:
        """Whether the probe received nothing before `at_s` while others still sent.

        A server that owes it media of its own (`is_of_server`) is to send at any time.
        """
        sent_s = max((self.sent_s.get(each, -math.inf) for each in others), default=-math.inf)
        sent_s = math.inf if is_of_server else sent_s
        return min(sent_s, at_s) > self.received_s.get(probe, -math.inf) + SILENT_S
