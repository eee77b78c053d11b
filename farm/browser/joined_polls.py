"""Polls of a probe's tabs and their frames -> one report a period. Pure.

All tabs of a probe poll at the same moments, each numbered by its `period`. A child frame polls
just before its tab does, and waits here for it. A tab that holds connections is waited for, so that
no report has half of the probe's connections; while none holds any, the oldest tab sets the pace.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from farm.model.page_samples import PageReport

PATIENT_PERIODS = 10
"""A tab that was silent for so long is waited for no more: what it shows cannot be polled."""

OVERDUE_PERIODS = 1.5
"""After so long without a report its periods' numbers do not count: a clock was set back."""


@dataclass(slots=True)
class _Tab:
    heard_s: float = 0.0
    period: int = -1
    in_call: bool = False
    of_frames: list[PageReport] = field(default_factory=list)
    waiting: PageReport | None = None


@dataclass(slots=True)
class JoinedPolls:
    """`poll_s` is the period; a tab's number grows with its age."""

    poll_s: float
    _tabs: dict[int, _Tab] = field(default_factory=dict)
    _of_closed: list[PageReport] = field(default_factory=list)
    _period: int = -1
    _reported_s: float = float("-inf")

    def polled(self, tab: int, period: int | None, report: PageReport) -> PageReport | None:
        """What is whole by this poll; `period` is `None` for that of a child frame."""
        state = self._tabs.setdefault(tab, _Tab())
        if period is None:
            state.of_frames.append(report)
            return None
        of_now = _joined([report, *state.of_frames])
        state.of_frames = []
        state.in_call = bool(of_now.connections)
        state.waiting = of_now if state.waiting is None else _joined([state.waiting, of_now])
        state.period, state.heard_s = period, report.host_monotonic_s
        return self._whole(report.host_monotonic_s)

    def closed(self, tab: int, monotonic_s: float) -> PageReport | None:
        """What is whole now that nobody waits for this tab any more."""
        state = self._tabs.pop(tab, None)
        if state is not None and state.waiting is not None:
            self._of_closed.append(state.waiting)
        return self._whole(monotonic_s) if self._tabs else None

    @property
    def in_call(self) -> frozenset[int]:
        """The tabs that hold connections, by their last poll."""
        return frozenset(number for number, tab in self._tabs.items() if tab.in_call)

    def _whole(self, monotonic_s: float) -> PageReport | None:
        heard = [
            tab
            for _number, tab in sorted(self._tabs.items())
            if monotonic_s - tab.heard_s <= PATIENT_PERIODS * self.poll_s
        ]
        setting_pace = [tab for tab in heard if tab.in_call] or heard[:1]
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
    """The newest, as late as the latest, with all their connections; of one's the last counts."""
    connections = {each.connection: each for report in reports for each in report.connections}
    return replace(
        max(reports, key=lambda report: report.host_monotonic_s),
        page_time_s=max(report.page_time_s for report in reports),
        late_s=max(report.late_s for report in reports),
        connections=tuple(connections.values()),
    )
