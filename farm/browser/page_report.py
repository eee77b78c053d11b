"""What a page says -> reports and events. Pure; a page may send anything, nothing of it raises.

A page sends JSON strings (browser_scripts/): `poll` once a period and frame, and `first_media`,
`connection`, `fidelity`, `audio`, `socket_closed` as they happen. `PageMessages` joins the frames
of one page into one report a period.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from farm.observations import ConnectionReport, EventKind, FirstMedia, PageReport, ProbeEvent
from farm.webrtc_stats import STATS_TYPES, MediaKind, RtcStats, columns, parse

LONGEST_TEXT = 500
_COLUMNS = {name: columns(cls) for name, cls in STATS_TYPES.items()}
_MOST = 2**63


@dataclass(slots=True)
class PageMessages:
    """The messages of one probe's page, in the order in which they came.

    A child frame polls just before its page; its connections wait here for the page's own report.
    """

    probe: str
    _waiting: list[PageReport] = field(default_factory=list)

    def read(self, text: str, monotonic_s: float, wall_s: float) -> PageReport | ProbeEvent | None:
        """One message, with the host's clocks at its arrival; `None`: it waits for another."""
        try:
            said = json.loads(text)
        except (ValueError, RecursionError):
            said = None
        name = said.get("message") if isinstance(said, dict) else None
        if name == "poll":
            return self._poll(said, monotonic_s, wall_s)
        tellers = {
            "first_media": self._first_media,
            "connection": self._connection,
            "fidelity": self._fidelity,
            "audio": self._audio,
            "socket_closed": self._socket_closed,
        }
        if not isinstance(name, str) or name not in tellers:
            return self._event("page_error", monotonic_s, f"the page sent rubbish: {text[:80]!r}")
        return tellers[name](said, monotonic_s)

    def _poll(
        self, said: Mapping[str, Any], monotonic_s: float, wall_s: float
    ) -> PageReport | ProbeEvent | None:
        time_ms, late_ms = _number(said.get("page_time_ms")), _number(said.get("late_ms"))
        connections = said.get("connections")
        if time_ms is None or late_ms is None or not isinstance(connections, list):
            return self._event("page_error", monotonic_s, "the page sent a poll without its times")
        report = PageReport(
            probe=self.probe,
            page_time_s=time_ms / 1000,
            host_monotonic_s=monotonic_s,
            host_wall_s=wall_s,
            late_s=max(0.0, late_ms / 1000),
            connections=tuple(_connection(each) for each in connections if isinstance(each, dict)),
        )
        if said.get("top") is not True:
            self._waiting.append(report)
            return None
        children, self._waiting = self._waiting, []
        return replace(
            report,
            late_s=max(each.late_s for each in (report, *children)),
            connections=sum((each.connections for each in children), report.connections),
        )

    def _connection(self, said: Mapping[str, Any], monotonic_s: float) -> ProbeEvent:
        name, state = _text(said.get("connection")), _text(said.get("state"))
        line = f"{name} is {state}"
        return self._event("connection", monotonic_s, line, {"connection": name, "state": state})

    def _fidelity(self, said: Mapping[str, Any], monotonic_s: float) -> ProbeEvent:
        fidelity, reason = _text(said.get("fidelity")), _text(said.get("reason"))
        line = f"{fidelity}: {reason}" if reason else fidelity
        data = {"fidelity": fidelity, "reason": reason}
        return self._event("fidelity", monotonic_s, line, data)

    def _audio(self, said: Mapping[str, Any], monotonic_s: float) -> ProbeEvent:
        played = said.get("played") is True
        line = f"received audio is {'' if played else 'not '}played"
        return self._event("audio", monotonic_s, line, {"played": played})

    def _socket_closed(self, said: Mapping[str, Any], monotonic_s: float) -> ProbeEvent:
        url, code, reason = _text(said.get("url")), _number(said.get("code")), said.get("reason")
        data = {
            "url": url,
            "code": code,
            "reason": _text(reason),
            "was_clean": said.get("was_clean") is True,
        }
        line = f"{url} closed with code {code} {_text(reason)}".rstrip()
        return self._event("socket_closed", monotonic_s, line, data)

    def _first_media(self, said: Mapping[str, Any], monotonic_s: float) -> ProbeEvent:
        first = _first(said)
        if first is None:
            return self._event("page_error", monotonic_s, "the page sent a first media of no kind")
        offered_s = _seconds(said.get("offered_ms"))
        setup_s = None if offered_s is None else first.page_time_s - offered_s
        data = {
            "kind": first.kind,
            "track": first.track,
            "connection": _text(said.get("connection")),
            "setup_s": setup_s,
        }
        return self._event("setup", monotonic_s, f"first {first.kind}", data)

    def _event(
        self,
        kind: EventKind,
        monotonic_s: float,
        message: str,
        data: Mapping[str, Any] | None = None,
    ) -> ProbeEvent:
        return ProbeEvent(self.probe, kind, monotonic_s, message, data or {})


def _connection(said: Mapping[str, Any]) -> ConnectionReport:
    stats = said.get("stats")
    firsts = said.get("first_media")
    return ConnectionReport(
        connection=_text(said.get("connection")),
        state=_text(said.get("state")),
        offered_s=_seconds(said.get("offered_ms")),
        first_media=tuple(
            first
            for each in (firsts if isinstance(firsts, list) else ())
            if isinstance(each, dict) and (first := _first(each))
        ),
        stats=tuple(
            stat
            for each in (stats if isinstance(stats, list) else ())
            if isinstance(each, dict) and (stat := _stat(each))
        ),
    )


def _first(said: Mapping[str, Any]) -> FirstMedia | None:
    kind: MediaKind
    match said.get("kind"):
        case "audio":
            kind = "audio"
        case "video":
            kind = "video"
        case _:
            return None
    time_s = _seconds(said.get("page_time_ms"))
    return None if time_s is None else FirstMedia(_text(said.get("track")), kind, time_s)


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
        number = _number(value)
        whole = number is not None and number == int(number)
        return int(value) if whole else None
    if wanted is float:
        number = _number(value)
        return None if number is None else float(number)
    if wanted is str:
        return _text(value) if isinstance(value, str) else None
    return value if isinstance(value, wanted) else None


def _number(value: Any) -> int | float | None:
    """A finite number that 64 bits hold; JavaScript's and JSON's others are unknown."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if -_MOST <= value < _MOST else None


def _seconds(ms: Any) -> float | None:
    number = _number(ms)
    return None if number is None else number / 1000


def _text(value: Any) -> str:
    """At most `LONGEST_TEXT` characters that every file can hold (JSON may carry half a pair)."""
    if not isinstance(value, str):
        return ""
    return value[:LONGEST_TEXT].encode(errors="replace").decode()
