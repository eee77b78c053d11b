"""Messages of a page -> reports and events. Pure; a page may send anything, nothing of it raises.

A page sends JSON strings (browser_scripts/): `poll` once a period and frame, and others as
something happens (`farm.browser.page_events`). `PageMessages` joins the polls of a probe's tabs and
frames into one report a period.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from farm.browser.joined_polls import JoinedPolls, Place
from farm.browser.message_members import number, seconds, text
from farm.browser.page_events import first_media, page_event
from farm.model.json_values import from_text
from farm.model.page_samples import ConnectionProgress, ConnectionReport, PageReport, ProbeEvent
from farm.model.webrtc_stats import STATS_TYPES, RtcStats, columns, parse

FREE_TEXTS = ("url", "reason", "text", "error")
"""Members of events that hold an address, or words of a server or page."""

_COLUMNS = {name: columns(cls) for name, cls in STATS_TYPES.items()}


@dataclass(slots=True)
class PageMessages:
    """The messages of one probe's tabs, in the order in which they came.

    `poll_s` is the time between two polls. `mask` replaces secrets in texts of events; `labels`
    does so in the names of data channels.
    """

    probe: str
    poll_s: float
    mask: Callable[[str], str] = str
    labels: Callable[[str], str] = text
    _polls: JoinedPolls = field(init=False)

    def __post_init__(self) -> None:
        self._polls = JoinedPolls(self.poll_s)

    def read(
        self, sent: str, place: Place, monotonic_s: float, wall_s: float
    ) -> PageReport | ProbeEvent | None:
        """The report or event of a message, which arrived at these times of the host's clocks.

        `None`: its report waits for another message. `place` is the frame that sent it; younger
        tabs have larger numbers.
        """
        try:
            message = from_text(sent)
        except ValueError:
            message = None
        if isinstance(message, dict):
            if message.get("message") == "poll":
                return self._poll(message, place, monotonic_s, wall_s)
            event = page_event(self.probe, self._masked(message), monotonic_s)
            if event is not None:
                return event
        shown = self.mask(sent)[:80]
        return self._invalid(monotonic_s, f"the page sent an invalid message: {shown!r}")

    def _masked(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        """The message, with secrets replaced in what a server or page wrote into it."""
        masks = dict.fromkeys(FREE_TEXTS, self.mask) | {"label": self.labels}
        return {
            member: masks[member](value) if member in masks and isinstance(value, str) else value
            for member, value in message.items()
        }

    def closed(self, tab: int, monotonic_s: float) -> PageReport | None:
        """Note that a tab is closed; returns the report that waited for it."""
        return self._polls.closed(tab, monotonic_s)

    def removed(self, place: Place, monotonic_s: float) -> PageReport | None:
        """Note that a frame is removed from its tab; returns the report that waited for it."""
        return self._polls.removed(place, monotonic_s)

    @property
    def in_call(self) -> frozenset[int]:
        """The tabs that hold connections, by their last poll."""
        return self._polls.in_call

    def _poll(
        self, message: Mapping[str, Any], place: Place, monotonic_s: float, wall_s: float
    ) -> PageReport | ProbeEvent | None:
        time_s, late_s = seconds(message.get("page_time_ms")), seconds(message.get("late_ms"))
        period, connections = number(message.get("period")), message.get("connections")
        if time_s is None or late_s is None or period is None or not isinstance(connections, list):
            return self._invalid(monotonic_s, "the page sent a poll without its times")
        report = PageReport(
            probe=self.probe,
            page_time_s=time_s,
            host_monotonic_s=monotonic_s,
            host_wall_s=wall_s,
            late_s=max(0.0, late_s),
            connections=tuple(
                _connection(each, self.labels) for each in connections if isinstance(each, dict)
            ),
        )
        return self._polls.polled(place, int(period), report)

    def _invalid(self, monotonic_s: float, message: str) -> ProbeEvent:
        return ProbeEvent(self.probe, "page_error", monotonic_s, message)


def _connection(member: Mapping[str, Any], labels: Callable[[str], str]) -> ConnectionReport:
    stats = member.get("stats")
    firsts = member.get("first_media")
    return ConnectionReport(
        connection=text(member.get("connection")),
        state=text(member.get("state")),
        offered_s=seconds(member.get("offered_ms")),
        first_media=tuple(
            first
            for each in (firsts if isinstance(firsts, list) else ())
            if isinstance(each, dict) and (first := first_media(each))
        ),
        stats=tuple(
            stat
            for each in (stats if isinstance(stats, list) else ())
            if isinstance(each, dict) and (stat := _stat(each, labels))
        ),
        progress=_progress(member.get("progress")),
    )


def _progress(member: Any) -> ConnectionProgress | None:
    if not isinstance(member, dict):
        return None
    local, remote = number(member.get("local_candidates")), number(member.get("remote_candidates"))
    return ConnectionProgress(
        ice=text(member.get("ice")),
        gathering=text(member.get("gathering")),
        answered=member.get("answered") is True,
        receives=member.get("receives") is True,
        local_candidates=None if local is None else int(local),
        remote_candidates=None if remote is None else int(remote),
    )


def _stat(dictionary: Mapping[str, Any], labels: Callable[[str], str]) -> RtcStats | None:
    """One W3C dictionary; members of a wrong type are dropped, as if they were not reported."""
    name = dictionary.get("type")
    types = _COLUMNS.get(name) if isinstance(name, str) else None
    if types is None:
        return None
    kept = {
        member: value
        for member, wanted in types.items()
        if (value := _typed(dictionary.get(member), wanted)) is not None
    }
    if "label" in kept:  # of a data channel, as its events have it
        kept["label"] = labels(dictionary["label"])
    return parse({"type": name, **kept}) if kept.keys() >= {"id", "timestamp"} else None


def _typed(value: Any, wanted: type) -> Any:
    if wanted is int:
        known = number(value)
        whole = known is not None and known == int(known)
        return int(value) if whole else None
    if wanted is float:
        known = number(value)
        return None if known is None else float(known)
    if wanted is str:
        return text(value) if isinstance(value, str) else None
    return value if isinstance(value, wanted) else None
