"""What an importer of chrome://webrtc-internals dumps asks of them.

The rules of rtcStats (github.com/rtcstats/rtcstats: packages/rtcstats-shared and dump-importer),
in words of our own, and stricter where it would silently show nonsense.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

STATES = {"new", "connecting", "connected", "disconnected", "failed"}


@dataclass(frozen=True)
class Line:
    """Of a connection's log; `value` as its JSON says it, `None` for none."""

    type: str
    value: Any
    at_ms: float


@dataclass(frozen=True)
class Connection:
    """`series[ID][MEMBER]`: pairs of a time in ms and a value; `types[ID]`."""

    url: str
    log: list[Line]
    series: dict[str, dict[str, list[tuple[float, Any]]]]
    types: dict[str, str]


def imported(text: str) -> dict[str, Connection]:
    """The connections of a dump. Fails where an importer would refuse it or guess."""
    assert text[0] == "{", "how it is told from a dump of another kind"
    dump = json.loads(text, parse_constant=_no_constant)
    # `{}` is true in JavaScript, a missing key or an empty text is not.
    assert isinstance(dump["UserAgentData"], dict | list)
    assert isinstance(dump["UserAgent"], str)
    assert isinstance(dump["getUserMedia"], list)
    return {name: _connection(each) for name, each in dump["PeerConnections"].items()}


def _connection(dumped: dict[str, Any]) -> Connection:
    assert isinstance(dumped["url"], str)
    assert isinstance(dumped["rtcConfiguration"], str)
    series: dict[str, dict[str, list[tuple[float, Any]]]] = {}
    types: dict[str, str] = {}
    for name, told in dumped["stats"].items():
        if "[" in name:
            continue  # worked out by webrtc-internals itself
        id, member = name.rsplit("-", 1)
        assert types.setdefault(id, told["statsType"]) == told["statsType"]
        times = json.loads(dumped["stats"][f"{id}-timestamp"]["values"])
        values = json.loads(told["values"], parse_constant=_no_constant)
        assert 0 < len(values) <= len(times)
        assert _ms(told["startTime"]) <= _ms(told["endTime"])
        if member == "type":
            assert set(values) == {told["statsType"]}
        else:
            # Counted from the end: what began late has fewer values than times.
            series.setdefault(id, {})[member] = list(
                zip(times[len(times) - len(values) :], values, strict=True)
            )
    log = [_line(each) for each in dumped["updateLog"]]
    assert [line.at_ms for line in log] == sorted(line.at_ms for line in log)
    return Connection(dumped["url"], log, series, types)


def _line(told: dict[str, Any]) -> Line:
    value = json.loads(told["value"]) if told["value"] else None
    if told["type"] == "onconnectionstatechange":
        assert value in STATES
    if "time" in told:
        assert abs(_ms(told["time"]) - told["timestamp"]) <= 1
    return Line(told["type"], value, told["timestamp"])


def _ms(text: str) -> float:
    return datetime.fromisoformat(text).timestamp() * 1000


def _no_constant(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")
