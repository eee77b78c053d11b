"""Steady state: when every sender's target bitrate has stopped changing. Pure.

Congestion control ramps up for seconds after the last join, and a hold that began meanwhile would
make the baseline low. The state is steady once every `targetBitrate` stayed within 5 % for 10 s;
for a sender that never gets there the wait ends after 60 s, with a note. A sender that ended, as
those of a connection that its page replaced, is ignored.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from farm.model.page_samples import PageReport
from farm.model.webrtc_stats import OutboundRtp

STEADY_S = 10.0
AT_MOST_S = 60.0
MOVED_RATIO = 0.05

ENDED_AFTER_S = 3.0
"""A sender that is in no report of its page for so long has ended; one that is in every report has
not, however long polls are apart."""

Sender = tuple[str, str]
"""A connection and an `outbound-rtp` of it."""


@dataclass
class SteadyState:
    """Decides from page reports whether all senders are steady.

    Times are the host's monotonic clock of the reports, of which only differences matter.
    """

    _rates: dict[str, dict[Sender, deque[tuple[float, float]]]] = field(default_factory=dict)
    _gone: set[str] = field(default_factory=set)

    def forget(self, probe: str) -> None:
        """Ignore a probe that left from now on."""
        self._gone.add(probe)
        self._rates.pop(probe, None)

    def see(self, report: PageReport) -> None:
        if report.probe in self._gone:
            return
        now_s, senders = report.host_monotonic_s, self._rates.setdefault(report.probe, {})
        for sender, target_bps in _targets(report):
            rates = senders.setdefault(sender, deque())
            rates.append((now_s, target_bps))
            # One reading older than the span stays: it is the rate at the span's start.
            while len(rates) > 2 and rates[1][0] <= now_s - STEADY_S:
                rates.popleft()
        closed = {each.connection for each in report.connections if each.state == "closed"}
        for sender, rates in list(senders.items()):
            if sender[0] in closed or rates[-1][0] < now_s - ENDED_AFTER_S:
                del senders[sender]

    def steady(self) -> bool:
        """Whether every sender that goes on has a full span of readings within 5 %."""
        return all(_steady(rates) for senders in self._rates.values() for rates in senders.values())


def _targets(report: PageReport) -> Iterator[tuple[Sender, float]]:
    for connection in report.connections:
        for stats in connection.stats:
            if isinstance(stats, OutboundRtp) and stats.targetBitrate is not None:
                yield (connection.connection, stats.id), stats.targetBitrate


def _steady(rates: deque[tuple[float, float]]) -> bool:
    if rates[-1][0] - rates[0][0] < STEADY_S:
        return False
    values = [value for _, value in rates]
    return max(values) - min(values) <= MOVED_RATIO * max(values)
