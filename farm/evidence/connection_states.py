"""The last states of connections that never were `connected`. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from farm.recording.events import SeenEvent


def never_connected(events: Iterable[SeenEvent]) -> Mapping[str, Mapping[str, str]]:
    """The last state, by probe and connection, of each that never was `connected`.

    A state is RTCPeerConnection's `connectionState`; those that the page closed are left out.
    """
    states: defaultdict[str, dict[str, list[str]]] = defaultdict(dict)
    for seen in events:
        event, data = seen.event, seen.event.data
        if event.kind == "connection":
            connection = str(data.get("connection"))
            states[event.probe].setdefault(connection, []).append(str(data.get("state")))
    found: dict[str, dict[str, str]] = {}
    for probe, of_probe in states.items():
        for connection, of_connection in of_probe.items():
            reached = [state for state in of_connection if state != "closed"]
            if reached and "connected" not in of_connection:
                found.setdefault(probe, {})[connection] = reached[-1]
    return found
