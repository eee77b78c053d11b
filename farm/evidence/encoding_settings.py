"""What pages set of the encodings that they send, from `sender` events. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from farm.evidence.stream_slots import Span
from farm.model.trial_evidence import EncodingSettings, StreamIdentity
from farm.recording.events import SeenEvent

Sender = tuple[str, str, str]
"""Probe, connection and mid."""


def encoding_settings(
    events: Iterable[SeenEvent], streams: Sequence[StreamIdentity], hold: Span
) -> tuple[EncodingSettings, ...]:
    """The settings of each encoding of the sent videos among `streams`, as they last were.

    Those of the hold's end count. Older recordings have none.
    """
    by_sender: dict[Sender, list[tuple[float, Sequence[Mapping[str, Any]]]]] = {}
    for seen in events:
        data = seen.event.data
        if seen.event.kind != "sender" or seen.run_s is None or data.get("kind") != "video":
            continue
        if seen.run_s < hold[1] and data.get("encodings"):
            key = seen.event.probe, str(data.get("connection")), str(data.get("mid"))
            by_sender.setdefault(key, []).append((seen.run_s, data["encodings"]))
    return tuple(
        settings
        for stream in streams
        if stream.direction == "outbound"
        for settings in _of(stream, by_sender.get(_key(stream), ()), hold)
    )


def _key(stream: StreamIdentity) -> Sender:
    return stream.probe, stream.connection, stream.mid


def _of(
    stream: StreamIdentity,
    states: Sequence[tuple[float, Sequence[Mapping[str, Any]]]],
    hold: Span,
) -> Iterable[EncodingSettings]:
    for place, each in enumerate(states[-1][1] if states else ()):
        in_hold = [
            state[place]
            for number, (_, state) in enumerate(states)
            if place < len(state)
            if number + 1 == len(states) or states[number + 1][0] > hold[0]
        ]
        yield EncodingSettings(
            probe=stream.probe,
            track=stream.track,
            rid=each.get("rid") or "",
            is_active=each.get("active") is not False,
            scale_resolution_down_by=each.get("scale_resolution_down_by"),
            max_bitrate_bps=each.get("max_bitrate"),
            max_frame_rate=each.get("max_frame_rate"),
            scalability_mode=each.get("scalability_mode") or "",
            is_changed=any(state != each for state in in_hold),
        )
