"""A probe's statistics as chrome://webrtc-internals writes them into a dump. Pure.

Existing viewers open it. There is one series for each member of each statistics object, named
`ID-MEMBER`, its `values` JSON in a text; `ID-timestamp` has the times of the same polls.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import polars as pl

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
_TRACED = {"connection": "connectionstatechange", "setup": "ontrack", "page_error": "error"}

Dump = dict[str, Any]


def dump(
    probe: str,
    tables: Mapping[str, pl.DataFrame],
    events: Iterable[SeenEvent],
    *,
    started_wall_s: float,
    page: str,
    chromium: str | None,
) -> Dump:
    """The dump of one page: `tables` hold all rows of `probe` by W3C type.

    `page` is its address, `chromium` the browser's version, `started_wall_s` when the run began.
    What the farm does not record (getUserMedia calls, SDP) is empty.
    """
    log = [
        _update(seen, started_wall_s)
        for seen in events
        if seen.event.probe == probe and _is_traced(seen)
    ]
    connections: dict[str, Dump] = {}
    for type, rows in tables.items():
        for (name,), polled in rows.sort("timestamp").group_by("connection", maintain_order=True):
            connection = connections.setdefault(
                f"{probe}-{name}",
                {
                    "pid": 0,
                    "rid": 0,
                    "url": page,
                    "rtcConfiguration": "{}",
                    "constraints": "",
                    "stats": {},
                    "updateLog": log,
                },
            )
            connection["stats"] |= _series(type, polled)
    return {
        "getUserMedia": [],
        "PeerConnections": connections,
        "UserAgent": f"Chromium {chromium or 'unknown'}",
        "UserAgentData": [],
    }


def _series(type: str, rows: pl.DataFrame) -> Dump:
    """The members of all objects of a type, over time."""
    found = {}
    for (id,), polled in rows.group_by("id", maintain_order=True):
        # The same poll twice is said once, and what a page repeats is no new poll.
        once = polled.unique("timestamp", keep="first", maintain_order=True)
        stamps = once["timestamp"].to_list()
        for member in once.columns:
            values = once[member].to_list()
            if member in _OURS or all(value is None for value in values):
                continue
            found[f"{id}-{member}"] = {
                "startTime": _when(stamps[0]),
                "endTime": _when(stamps[-1]),
                "statsType": type,
                "values": json.dumps(values),
            }
    return found


def _update(seen: SeenEvent, started_wall_s: float) -> Dump:
    event = seen.event
    said: Sequence[str] = [event.message] if event.message else []
    value = ", ".join([*said, *(f"{name}: {what}" for name, what in event.data.items())])
    return {
        "time": "" if seen.run_s is None else _when((started_wall_s + seen.run_s) * 1000),
        "type": _TRACED[event.kind],
        "value": value,
    }


def _is_traced(seen: SeenEvent) -> bool:
    return seen.event.kind in _TRACED


def _when(timestamp_ms: float) -> str:
    at = datetime.fromtimestamp(timestamp_ms / 1000, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
