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

from farm.evidence.page_acts import PageActs
from farm.evidence.page_flows import SILENT_S, PageFlows
from farm.evidence.stream_lifetimes import StreamLifetime
from farm.evidence.stream_slots import Span
from farm.model.page_acts import PageLoad
from farm.model.trial_plan import SessionPlan

LEAVING_S = 2.0
"""Polls may have a stream so long after it was closed; leaving so late in the hold is ignored."""


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
    flows = PageFlows.of(lives)
    loaded = _times(load for load in loads if load.step)
    found = {}
    for session in sessions:
        for probe in session.probes:
            at_s = _closed_s(probe.probe, flows, acts, hold)
            if at_s is None:
                at_s = _unloaded_s(probe.probe, loaded.get(probe.probe, ()), lives, acts, hold)
            if at_s is not None and flows.worked(probe, session, acts, at_s):
                found[probe.probe] = at_s
    return found


def pages_that_reloaded(
    sessions: Iterable[SessionPlan],
    lives: Sequence[StreamLifetime],
    acts: PageActs,
    hold: Span,
    loads: Iterable[PageLoad],
) -> Mapping[str, float]:
    """By probe when its page loaded by itself in the hold and made no connection again.

    Its connections worked until then. It may have loaded because the server failed it: unlike
    those of `pages_that_left` its streams are judged.
    """
    flows = PageFlows.of(lives)
    loaded = _times(load for load in loads if not load.step)
    found = {}
    for session in sessions:
        for probe in session.probes:
            at_s = _unloaded_s(probe.probe, loaded.get(probe.probe, ()), lives, acts, hold)
            if at_s is not None and flows.worked(probe, session, acts, at_s):
                found[probe.probe] = at_s
    return found


def _times(loads: Iterable[PageLoad]) -> Mapping[str, Sequence[float]]:
    """By probe when its page loaded."""
    found: defaultdict[str, list[float]] = defaultdict(list)
    for load in loads:
        found[load.probe].append(load.at_s)
    return found


def _closed_s(probe: str, flows: PageFlows, acts: PageActs, hold: Span) -> float | None:
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
