"""What a page did of its own accord: what it gave its senders, and when it left. Pure.

A camera that the page stops is no fault of generator or server, and what it asked a camera for is
what the camera owes. The hooks record both as events, `sender` and `connection`.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from farm.recording.events import SeenEvent

SETTLES_S = 3.0
"""So long after a page gives something to send again it may take until it flows."""

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class SenderState:
    """What an RTCRtpSender had to send from `at_s` on.

    `frame_rate` is what the page asked its camera for, `None` where that is not known or the
    pictures are no camera's. `why_off` is empty while the page wants to send.
    """

    at_s: float
    track_id: str
    source: str
    frame_rate: float | None
    why_off: str


class PageActs:
    """The acts of the pages of a trial, from its events in the order of time."""

    def __init__(self, events: Iterable[SeenEvent]) -> None:
        self._states: defaultdict[tuple[str, str, str], list[SenderState]] = defaultdict(list)
        self._closed: defaultdict[str, dict[str, float]] = defaultdict(dict)
        for seen in events:
            event, data = seen.event, seen.event.data
            if seen.run_s is None:
                continue
            connection = str(data.get("connection"))
            if event.kind == "sender" and data.get("mid") is not None:
                # What a closed connection has to send says nothing more.
                if connection not in self._closed[event.probe]:
                    key = event.probe, connection, str(data["mid"])
                    states = self._states[key]
                    before = states[-1].frame_rate if states else None
                    states.append(_state(seen.run_s, data, before))
            elif event.kind == "connection" and data.get("by_page") is True:
                self._closed[event.probe].setdefault(connection, seen.run_s)
        self._told = frozenset(probe for probe, _, _ in self._states)

    def are_known(self, probe: str) -> bool:
        """Whether the probe's hooks said anything of its senders; older recordings do not."""
        return probe in self._told

    def states(self, probe: str, connection: str, mid: str) -> Sequence[SenderState]:
        """What the sender had, in the order of time; empty where nothing is known of it."""
        return self._states.get((probe, connection, mid), ())

    def closed(self, probe: str) -> Mapping[str, float]:
        """The connections that the page itself closed, and when."""
        return self._closed.get(probe, {})


def off_spans(states: Sequence[SenderState]) -> list[tuple[float, float, str]]:
    """When the page wanted nothing sent, and why; until what it gives again may flow."""
    found: list[tuple[float, float, str]] = []
    for place, state in enumerate(states):
        if state.why_off:
            end_s = states[place + 1].at_s if place + 1 < len(states) else math.inf
            if found and found[-1][1] == state.at_s:
                found[-1] = (found[-1][0], end_s, found[-1][2])
            else:
                found.append((state.at_s, end_s, state.why_off))
    return [(begin_s, end_s + SETTLES_S, why) for begin_s, end_s, why in found]


def asked_frame_rate(states: Sequence[SenderState], begin_s: float, end_s: float) -> float | None:
    """The least that the page asked its camera for in that time; `None`: it had no camera."""
    in_effect = [
        state
        for place, state in enumerate(states)
        if state.at_s < end_s and (place + 1 == len(states) or states[place + 1].at_s > begin_s)
    ]
    rates = [state.frame_rate for state in in_effect]
    known = [rate for rate in rates if rate is not None]
    return min(known) if known and len(known) == len(rates) else None


def _state(at_s: float, data: Mapping[str, object], before: float | None) -> SenderState:
    """What a `sender` event says; a camera that failed still owes what it was asked for."""
    rates = [
        float(rate)
        for rate in (data.get("frame_rate"), data.get("max_frame_rate"))
        if isinstance(rate, int | float) and rate > 0
    ]
    if data.get("failed") is True and not rates and before is not None:
        rates = [before]
    is_camera = data.get("source") == "camera"
    return SenderState(
        at_s=at_s,
        track_id=str(data.get("track") or ""),
        source=str(data.get("source")),
        frame_rate=min(rates) if is_camera and rates else None,
        why_off=_why_off(data),
    )


def _why_off(data: Mapping[str, object]) -> str:
    if data.get("state") == "none":
        return "gave it nothing to send"
    if data.get("state") == "ended" and data.get("failed") is not True:
        return "stopped its track"
    if data.get("enabled") is False:
        return "disabled its track"
    if "send" not in str(data.get("direction")):
        return "made it send nothing"
    return ""
