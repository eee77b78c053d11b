"""Polls of a probe's tabs and their frames -> one report a period. Pure.

All tabs of a probe poll at the same moments, numbered by `period`. A child frame polls just before
its tab does, and its poll is kept until the tab's comes. A report waits for every tab that holds
connections, so that it has all of the probe's; while none holds any, for the oldest tab.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from farm.model.page_samples import PageReport

PATIENT_PERIODS = 10
"""After so many periods without a poll a tab is not waited for any more."""

OVERDUE_PERIODS = 1.5
"""After so many periods without a report their numbers do not count: a clock was set back."""


@dataclass(slots=True)
class _Tab:
    polled_s: float = 0.0
    period: int = -1
    in_call: bool = False
    of_frames: list[PageReport] = field(default_factory=list)
    waiting: PageReport | None = None


@dataclass(slots=True)
class JoinedPolls:
    """The polls of one probe; `poll_s` is the period, younger tabs have larger numbers."""

    poll_s: float
    _tabs: dict[int, _Tab] = field(default_factory=dict)
    _of_closed: list[PageReport] = field(default_factory=list)
    _period: int = -1
    _reported_s: float = float("-inf")

    def polled(self, tab: int, period: int | None, report: PageReport) -> PageReport | None:
        """The report that this poll completes; `period` is `None` for that of a child frame."""
        state = self._tabs.setdefault(tab, _Tab())
        if period is None:
            state.of_frames.append(report)
            return None
        of_now = _joined([report, *state.of_frames])
        state.of_frames = []
        state.in_call = bool(of_now.connections)
        state.waiting = of_now if state.waiting is None else _joined([state.waiting, of_now])
        state.period, state.polled_s = period, report.host_monotonic_s
        return self._complete(report.host_monotonic_s)

    def closed(self, tab: int, monotonic_s: float) -> PageReport | None:
        """The report that is complete without this tab."""
        state = self._tabs.pop(tab, None)
        if state is not None and state.waiting is not None:
            self._of_closed.append(state.waiting)
        return self._complete(monotonic_s) if self._tabs else None

    @property
    def in_call(self) -> frozenset[int]:
        """The tabs that hold connections, by their last poll."""
        return frozenset(number for number, tab in self._tabs.items() if tab.in_call)

    def _complete(self, monotonic_s: float) -> PageReport | None:
        polling = [
            tab
            for _number, tab in sorted(self._tabs.items())
            if monotonic_s - tab.polled_s <= PATIENT_PERIODS * self.poll_s
        ]
        setting_pace = [tab for tab in polling if tab.in_call] or polling[:1]
        overdue = monotonic_s - self._reported_s > OVERDUE_PERIODS * self.poll_s
        for tab in setting_pace:
            if tab.waiting is None or (tab.period <= self._period and not overdue):
                return None
        if not setting_pace:
            return None
        waiting = [tab.waiting for tab in self._tabs.values() if tab.waiting is not None]
        report = _joined([*self._of_closed, *waiting])
        self._of_closed = []
        self._period = max(tab.period for tab in setting_pace)
        self._reported_s = monotonic_s
        for tab in self._tabs.values():
            tab.waiting = None
        return report


def _joined(reports: Sequence[PageReport]) -> PageReport:
    """One report of several: the newest, with the largest lateness and all their connections.

    Of a connection that is in several the last counts.
    """
    connections = {each.connection: each for report in reports for each in report.connections}
    return replace(
        max(reports, key=lambda report: report.host_monotonic_s),
        page_time_s=max(report.page_time_s for report in reports),
        late_s=max(report.late_s for report in reports),
        connections=tuple(connections.values()),
    )
