"""When a trial may be judged: every sender's rate has stopped moving.

Pure. Congestion control ramps for seconds after the last join, and a hold that began in the ramp
would make the baseline low. Settled is when every `targetBitrate` stayed within 5 % for 10 s; a
sender that ramps for ever ends the wait at 60 s, and then that is said.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from farm.observations import PageReport
from farm.webrtc_stats import OutboundRtp

STEADY_S = 10.0
AT_MOST_S = 60.0
MOVED_RATIO = 0.05


@dataclass
class SettleMeter:
    """Fed with every page report; asked now and then whether all senders are steady.

    Times are the host's monotonic clock of the reports, of which only differences matter.
    """

    _rates: dict[tuple[str, str, str], deque[tuple[float, float]]] = field(default_factory=dict)
    _gone: set[str] = field(default_factory=set)

    def forget(self, probe: str) -> None:
        """A probe that went: what it last sent is waited for no more."""
        self._gone.add(probe)
        for key in [key for key in self._rates if key[0] == probe]:
            del self._rates[key]

    def see(self, report: PageReport) -> None:
        if report.probe in self._gone:
            return
        for connection in report.connections:
            for stats in connection.stats:
                if isinstance(stats, OutboundRtp) and stats.targetBitrate is not None:
                    key = (report.probe, connection.connection, stats.id)
                    rates = self._rates.setdefault(key, deque())
                    rates.append((report.host_monotonic_s, stats.targetBitrate))
                    # One reading older than the span stays: it is the rate at the span's start.
                    while len(rates) > 2 and rates[1][0] <= report.host_monotonic_s - STEADY_S:
                        rates.popleft()

    def steady(self) -> bool:
        """True when every sender seen has a full span of readings that moved under 5 %."""
        return all(_steady(rates) for rates in self._rates.values())


def _steady(rates: deque[tuple[float, float]]) -> bool:
    if rates[-1][0] - rates[0][0] < STEADY_S:
        return False
    values = [value for _, value in rates]
    return max(values) - min(values) <= MOVED_RATIO * max(values)
