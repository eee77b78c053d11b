"""When media came to pages and left them, and whether what a page gave up still worked. Pure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from farm.evidence.page_acts import PageActs
from farm.evidence.stream_lifetimes import StreamLifetime
from farm.evidence.stream_slots import Span
from farm.model.trial_plan import ProbePlan, SessionPlan

SILENT_S = 3.0
"""After so long without packets, while others sent, the connections of a page did not work."""


@dataclass(frozen=True, slots=True)
class PageFlows:
    """By probe the spans in which it received and sent something."""

    received: Mapping[str, Sequence[Span]]
    sent: Mapping[str, Sequence[Span]]

    @classmethod
    def of(cls, lives: Iterable[StreamLifetime]) -> PageFlows:
        received: defaultdict[str, list[Span]] = defaultdict(list)
        sent: defaultdict[str, list[Span]] = defaultdict(list)
        for life in lives:
            of = received if life.direction == "inbound" else sent
            of[life.probe].extend(life.flows)
        return cls(received, sent)

    def last_s(self, probe: str) -> float:
        """When it last received or sent something."""
        return max(_last_s(of.get(probe, ()), math.inf) for of in (self.received, self.sent))

    def was_silent(
        self, probe: str, others: Iterable[str], at_s: float, *, is_of_server: bool
    ) -> bool:
        """Whether the probe received nothing before `at_s` while others still sent.

        A server that owes it media of its own (`is_of_server`) is to send at any time.
        """
        sent_s = max((_last_s(self.sent.get(each, ()), at_s) for each in others), default=-math.inf)
        sent_s = at_s if is_of_server else sent_s
        return sent_s > _last_s(self.received.get(probe, ()), at_s) + SILENT_S

    def worked(self, probe: ProbePlan, session: SessionPlan, acts: PageActs, at_s: float) -> bool:
        """Whether what the page was to receive still came, or nothing of it was due."""
        others = [each.probe for each in session.probes if each.sends and each.probe != probe.probe]
        return (
            not probe.receives
            or acts.refuses(probe.probe, at_s)
            or not self.was_silent(
                probe.probe, others, at_s, is_of_server=bool(probe.kinds_of_server)
            )
        )


def _last_s(spans: Iterable[Span], until_s: float) -> float:
    """When the last of these spans ended, at most `until_s`; -inf: none began before."""
    return max(
        (min(end_s, until_s) for begin_s, end_s in spans if begin_s <= until_s), default=-math.inf
    )
