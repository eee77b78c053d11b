"""A probe's statistics as a dump of chrome://webrtc-internals, for its viewers. Pure.

The format is that of Chromium 156: a series for each member of each statistics object of a
connection, named `ID-MEMBER`, its `values` JSON in a string, aligned with the last values of
`ID-timestamp`; a line in `updateLog` for each event of the connection, its `value` JSON in a
string. Older viewers read a line's `time`, newer ones its `timestamp`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import polars as pl

from farm.model.page_samples import ProbeEvent
from farm.recording.events import SeenEvent

_OURS = frozenset(
    {
        "probe",
        "host",
        "connection",
        "connection_state",
        "page_time_s",
        "host_monotonic_s",
        "host_wall_s",
        "run_s",
        "id",
        "other",
    }
)

_LAST_MS = datetime(9999, 1, 1, tzinfo=UTC).timestamp() * 1000

Dump = dict[str, Any]


def dump(
    probe: str,
    tables: Mapping[str, pl.DataFrame],
    events: Iterable[SeenEvent],
    *,
    started_wall_s: float,
    page: str | None,
    chromium: str | None,
) -> Dump:
    """The dump of one page: `tables` hold all rows of `probe` by W3C type.

    `page` is its address, `chromium` the browser's version string, `started_wall_s` when the run
    began. What the farm does not record (getUserMedia calls, SDP, the configuration of
    connections) is empty, and so is what is unknown.
    """
    connections: dict[str, Dump] = {}

    def connection(name: str) -> Dump:
        fresh = {
            "pid": 0,
            "url": page or "",
            "rtcConfiguration": "",
            "constraints": "",
            "stats": {},
            "updateLog": [],
        }
        return connections.setdefault(f"{probe}-{name}", fresh)

    timed = {
        type: rows.filter(pl.col("timestamp").is_between(0, _LAST_MS)).sort("timestamp")
        for type, rows in tables.items()
    }
    for type, rows in timed.items():
        for (name,), polled in rows.group_by("connection", maintain_order=True):
            connection(str(name))["stats"] |= _series(type, polled)
    page_ahead_s = _page_ahead_s(timed)
    ahead_s = started_wall_s if page_ahead_s is None else page_ahead_s
    for seen in sorted(_timed(events, probe), key=lambda seen: seen.run_s or 0.0):
        line = _update(seen.event)
        at_ms = math.nan if seen.run_s is None else (ahead_s + seen.run_s) * 1000
        if line is not None and 0 <= at_ms <= _LAST_MS:
            log = connection(str(seen.event.data["connection"]))["updateLog"]
            log.append({"time": _when(at_ms), **line, "timestamp": at_ms})
    version = re.search(r"\d+(\.\d+)+", chromium or "")
    return {
        "getUserMedia": [],
        "PeerConnections": connections,
        "UserAgent": f"Chromium/{version[0]}" if version else "",
        "UserAgentData": _brands(version[0]) if version else {},
    }


def _series(type: str, rows: pl.DataFrame) -> Dump:
    """The members of all objects of a type, over time."""
    series = {}
    for (id,), polled in rows.group_by("id", maintain_order=True):
        # A poll that was recorded twice, or that a page repeats, counts once.
        once = polled.unique("timestamp", keep="first", maintain_order=True)
        stamps = once["timestamp"].to_list()
        members = {
            name: [_json_value(value) for value in once[name].to_list()]
            for name in once.columns
            if name not in _OURS
        }
        for member, values in {**members, "type": [type] * len(stamps)}.items():
            began = next((at for at, value in enumerate(values) if value is not None), None)
            if began is None:
                continue
            series[f"{id}-{member}"] = {
                "startTime": _when(stamps[began]),
                "endTime": _when(stamps[-1]),
                "statsType": type,
                # Viewers count from the end: a member that appeared late has fewer values.
                "values": _json(values[began:]),
            }
    return series


def _timed(events: Iterable[SeenEvent], probe: str) -> Iterator[SeenEvent]:
    """Events of a probe's connections that have a time; a log needs one."""
    for seen in events:
        event = seen.event
        if event.probe == probe and event.data.get("connection") and seen.run_s is not None:
            yield seen


def _update(event: ProbeEvent) -> Dump | None:
    """The line of Chromium's log for an event; `None` for an event that its log has not."""
    data, state = event.data, event.data.get("state")
    if event.kind == "candidate_error":
        names = {"url": "url", "error_text": "text", "error_code": "code"}
        value = {theirs: data.get(ours) for theirs, ours in names.items()}
        return {"type": "onicecandidateerror", "value": _json(value)}
    if event.kind != "connection" or not state:
        return None
    if state == "closed":
        return {"type": "close", "value": ""}
    return {"type": "onconnectionstatechange", "value": _json(state)}


def _page_ahead_s(tables: Mapping[str, pl.DataFrame]) -> float | None:
    """How far the page's clock, by which statistics are timed, is ahead of run time."""
    for rows in tables.values():
        ahead = (rows["page_time_s"] - rows["run_s"]).median()
        if ahead is not None:
            return float(ahead)  # type: ignore[arg-type]
    return None


def _brands(version: str) -> Dump:
    def of(number: str) -> list[dict[str, str]]:
        return [{"brand": "Chromium", "version": number}]

    return {"brands": of(version.split(".", maxsplit=1)[0]), "fullVersionList": of(version)}


def _json_value(value: Any) -> Any:
    """A value as Chromium's page writes it: digits become numbers, so the mid "0" is 0.

    A page may send 1e999, and JSON has no infinity.
    """
    if isinstance(value, str) and re.fullmatch("[0-9]{1,15}", value):
        return int(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _when(timestamp_ms: float) -> str:
    at = datetime.fromtimestamp(timestamp_ms / 1000, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
