"""What a page says -> reports and events. Pure; a page may send anything, nothing of it raises.

A page sends JSON strings (browser_scripts/): `poll` once a period and frame, and others as
something happens (`farm.browser.page_events`). `PageMessages` joins the tabs and frames of one
probe into one report a period.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from farm.browser.joined_polls import JoinedPolls
from farm.browser.message_members import number, seconds, text
from farm.browser.page_events import first_media, page_event
from farm.model.json_values import from_text
from farm.model.page_samples import ConnectionProgress, ConnectionReport, PageReport, ProbeEvent
from farm.model.webrtc_stats import STATS_TYPES, RtcStats, columns, parse

_COLUMNS = {name: columns(cls) for name, cls in STATS_TYPES.items()}


@dataclass(slots=True)
class PageMessages:
    """The messages of one probe's tabs, in the order in which they came.

    `poll_s` is the time between two polls.
    """

    probe: str
    poll_s: float
    _polls: JoinedPolls = field(init=False)

    def __post_init__(self) -> None:
        self._polls = JoinedPolls(self.poll_s)

    def read(
        self, sent: str, tab: int, monotonic_s: float, wall_s: float
    ) -> PageReport | ProbeEvent | None:
        """One message, with the host's clocks at its arrival; `None`: it waits for another.

        `tab` is the number of the tab that sent it; they grow with age.
        """
        try:
            said = from_text(sent)
        except ValueError:
            said = None
        if isinstance(said, dict):
            if said.get("message") == "poll":
                return self._poll(said, tab, monotonic_s, wall_s)
            event = page_event(self.probe, said, monotonic_s)
            if event is not None:
                return event
        return self._rubbish(monotonic_s, f"the page sent rubbish: {sent[:80]!r}")

    def closed(self, tab: int, monotonic_s: float) -> PageReport | None:
        """A tab is closed; the report that waited for it."""
        return self._polls.closed(tab, monotonic_s)

    @property
    def in_call(self) -> frozenset[int]:
        """The tabs that hold connections, by their last poll."""
        return self._polls.in_call

    def _poll(
        self, said: Mapping[str, Any], tab: int, monotonic_s: float, wall_s: float
    ) -> PageReport | ProbeEvent | None:
        time_s, late_s = seconds(said.get("page_time_ms")), seconds(said.get("late_ms"))
        period, connections = number(said.get("period")), said.get("connections")
        if time_s is None or late_s is None or period is None or not isinstance(connections, list):
            return self._rubbish(monotonic_s, "the page sent a poll without its times")
        report = PageReport(
            probe=self.probe,
            page_time_s=time_s,
            host_monotonic_s=monotonic_s,
            host_wall_s=wall_s,
            late_s=max(0.0, late_s),
            connections=tuple(_connection(each) for each in connections if isinstance(each, dict)),
        )
        return self._polls.polled(tab, int(period) if said.get("top") is True else None, report)

    def _rubbish(self, monotonic_s: float, message: str) -> ProbeEvent:
        return ProbeEvent(self.probe, "page_error", monotonic_s, message)


def _connection(said: Mapping[str, Any]) -> ConnectionReport:
    stats = said.get("stats")
    firsts = said.get("first_media")
    return ConnectionReport(
        connection=text(said.get("connection")),
        state=text(said.get("state")),
        offered_s=seconds(said.get("offered_ms")),
        first_media=tuple(
            first
            for each in (firsts if isinstance(firsts, list) else ())
            if isinstance(each, dict) and (first := first_media(each))
        ),
        stats=tuple(
            stat
            for each in (stats if isinstance(stats, list) else ())
            if isinstance(each, dict) and (stat := _stat(each))
        ),
        progress=_progress(said.get("progress")),
    )


def _progress(said: Any) -> ConnectionProgress | None:
    if not isinstance(said, dict):
        return None
    local, remote = number(said.get("local_candidates")), number(said.get("remote_candidates"))
    return ConnectionProgress(
        ice=text(said.get("ice")),
        gathering=text(said.get("gathering")),
        answered=said.get("answered") is True,
        receives=said.get("receives") is True,
        local_candidates=None if local is None else int(local),
        remote_candidates=None if remote is None else int(remote),
    )


def _stat(said: Mapping[str, Any]) -> RtcStats | None:
    """One W3C dictionary; members of a wrong type are dropped, as if they were not reported."""
    name = said.get("type")
    types = _COLUMNS.get(name) if isinstance(name, str) else None
    if types is None:
        return None
    kept = {
        member: value
        for member, wanted in types.items()
        if (value := _typed(said.get(member), wanted)) is not None
    }
    return parse({"type": name, **kept}) if kept.keys() >= {"id", "timestamp"} else None


def _typed(value: Any, wanted: type) -> Any:
    if wanted is int:
        found = number(value)
        whole = found is not None and found == int(found)
        return int(value) if whole else None
    if wanted is float:
        found = number(value)
        return None if found is None else float(found)
    if wanted is str:
        return text(value) if isinstance(value, str) else None
    return value if isinstance(value, wanted) else None
