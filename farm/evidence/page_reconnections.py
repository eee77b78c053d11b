"""The working connections that pages themselves closed, to open others some time later. Pure.

Why a page did is unknown: its server may have asked for it. What its partners lack meanwhile is
judged, and named beside what the page did. Connections that had failed, that their other end had
closed, or by which nothing came any more, are no act of the page's.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

from farm.evidence.page_acts import PageActs
from farm.evidence.page_flows import SILENT_S, PageFlows
from farm.evidence.page_leaves import LEAVING_S
from farm.evidence.stream_lifetimes import StreamLifetime
from farm.evidence.stream_slots import Span
from farm.model.page_acts import Reconnection
from farm.model.trial_plan import Direction, SessionPlan

DIRECTIONS: tuple[Direction, ...] = ("outbound", "inbound")


def page_reconnections(
    sessions: Iterable[SessionPlan],
    lives: Sequence[StreamLifetime],
    acts: PageActs,
    hold: Span,
) -> Iterator[Reconnection]:
    """What pages closed and replaced in the hold, by no other connection meanwhile going on.

    Connections that are closed together, and those that replace them, are named once.
    """
    flows = PageFlows.of(lives)
    for session in sessions:
        for probe in session.probes:
            mine = [life for life in lives if life.probe == probe.probe]
            until_s = -math.inf
            for connection, at_s in sorted(acts.closed(probe.probe).items(), key=lambda of: of[1]):
                again_s = _again_s(probe.probe, connection, at_s, mine, acts)
                if (
                    again_s is not None
                    and hold[0] <= again_s < hold[1]
                    and at_s > until_s
                    and flows.worked(probe, session, acts, at_s)
                ):
                    yield Reconnection(probe.probe, at_s, again_s)
                    until_s = at_s + LEAVING_S


def _again_s(
    probe: str, connection: str, at_s: float, lives: Sequence[StreamLifetime], acts: PageActs
) -> float | None:
    """When the page next opened a connection for what it had closed with this one.

    `None`: it never did, or media of that direction went on by another connection.
    """
    if acts.had_failed(probe, connection) or acts.had_ended(probe, connection):
        return None
    began = acts.began(probe)
    found = []
    for direction in DIRECTIONS:
        last_s = _last_s(life for life in lives if life.direction == direction)
        others = {
            each: began.get(each, math.inf)
            for each, ends_s in last_s.items()
            if each != connection and ends_s > at_s + LEAVING_S
        }
        if last_s.get(connection, -math.inf) > at_s - SILENT_S and others:
            found.append(min(others.values()))
    later = [again_s for again_s in found if at_s < again_s < math.inf]
    return min(later, default=None)


def _last_s(lives: Iterable[StreamLifetime]) -> Mapping[str, float]:
    """By connection when it last had a stream that flowed."""
    found: dict[str, float] = {}
    for life in lives:
        found[life.connection] = max(found.get(life.connection, -math.inf), life.last_s)
    return found
