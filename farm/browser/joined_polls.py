"""Polls of a probe's tabs and their frames -> one report a period. Pure.

All frames of a probe poll at the same moments, numbered by `period`. A report waits for every frame
that holds connections, so that it has all of the probe's; while none does, for the oldest tab.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from farm.model.page_samples import PageReport

PATIENT_PERIODS = 10
"""After so many periods without a poll a frame is not waited for any more."""

OVERDUE_PERIODS = 1.5
"""After so many periods without a report their numbers do not count: a clock was set back."""

Place = tuple[int, int]
"""The numbers of a tab and of a frame in it, 0 for the tab's own document."""


@dataclass(slots=True)
class _Frame:
    polled_s: float = 0.0
    period: int = -1
    in_call: bool = False
    waiting: PageReport | None = None


@dataclass(slots=True)
class JoinedPolls:
    """The polls of one probe; `poll_s` is the period, younger tabs have larger numbers."""

    poll_s: float
    _frames: dict[Place, _Frame] = field(default_factory=dict)
    _of_closed: list[PageReport] = field(default_factory=list)
    _period: int = -1
    _reported_s: float = float("-inf")

    def polled(self, place: Place, period: int, report: PageReport) -> PageReport | None:
        """The report that this poll completes."""
        frame = self._frames.setdefault(place, _Frame())
        # A child frame falls silent after its last connection is reported as closed.
        frame.in_call = any(each.state != "closed" for each in report.connections)
        frame.waiting = report if frame.waiting is None else _joined([frame.waiting, report])
        frame.period, frame.polled_s = period, report.host_monotonic_s
        return self._complete(report.host_monotonic_s)

    def closed(self, tab: int, monotonic_s: float) -> PageReport | None:
        """The report that is complete without this tab."""
        return self._without([place for place in self._frames if place[0] == tab], monotonic_s)

    def removed(self, place: Place, monotonic_s: float) -> PageReport | None:
        """The report that is complete without this frame, which was removed from its document."""
        return self._without([place], monotonic_s) if place in self._frames else None

    @property
    def in_call(self) -> frozenset[int]:
        """The tabs that hold connections, by the last polls of their frames."""
        return frozenset(tab for (tab, _frame), each in self._frames.items() if each.in_call)

    def _without(self, places: Sequence[Place], monotonic_s: float) -> PageReport | None:
        for place in places:
            waiting = self._frames.pop(place).waiting
            if waiting is not None:
                self._of_closed.append(waiting)
        return self._complete(monotonic_s) if self._frames else None

    def _complete(self, monotonic_s: float) -> PageReport | None:
        polling = [
            frame
            for _place, frame in sorted(self._frames.items())
            if monotonic_s - frame.polled_s <= PATIENT_PERIODS * self.poll_s
        ]
        setting_pace = [frame for frame in polling if frame.in_call] or polling[:1]
        overdue = monotonic_s - self._reported_s > OVERDUE_PERIODS * self.poll_s
        for frame in setting_pace:
            if frame.waiting is None or (frame.period <= self._period and not overdue):
                return None
        if not setting_pace:
            return None
        waiting = [frame.waiting for frame in self._frames.values() if frame.waiting is not None]
        report = _joined([*self._of_closed, *waiting])
        self._of_closed = []
        self._period = max(frame.period for frame in setting_pace)
        self._reported_s = monotonic_s
        for frame in self._frames.values():
            frame.waiting = None
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
