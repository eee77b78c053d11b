"""The states of a page's senders, from `sender` events. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

DISABLED = "disabled its track"

CAMERAS = ("camera", "microphone")
"""Sources of a page's tracks that are the user's own devices."""


@dataclass(frozen=True, slots=True)
class SenderState:
    """The state of an RTCRtpSender of a connection from `at_s` on.

    `frame_rate` is the one that the page asked of its camera, `None` where that is not known or the
    source is no camera; `most_frames` the encoder's `maxFramerate`, `None`: no limit. `why_off` is
    empty while the page gives it media to send. A disabled track sends black frames and silence at
    its usual rate; any other that is off sends nothing, and `is_silent`. `is_paused`: all its
    encodings are inactive, which is no excuse towards its partners.
    """

    at_s: float
    connection: str
    mid: str
    source: str
    frame_rate: float | None
    most_frames: float | None
    why_off: str
    is_silent: bool
    is_paused: bool


def sender_state(at_s: float, data: Mapping[str, object], before: float | None) -> SenderState:
    """The state in a `sender` event; of a camera that failed the frame rate is still expected."""
    rate = _positive(data.get("frame_rate"))
    if data.get("failed") is True and rate is None:
        rate = before
    why_off = _why_off(data)
    return SenderState(
        at_s=at_s,
        connection=str(data.get("connection")),
        mid=str(data["mid"]),
        source=str(data.get("source")),
        frame_rate=rate if data.get("source") == "camera" else None,
        most_frames=_positive(data.get("max_frame_rate")),
        why_off=why_off,
        is_silent=why_off not in ("", DISABLED),
        is_paused=data.get("active") is False,
    )


def in_effect(states: Sequence[SenderState], span: tuple[float, float]) -> Sequence[SenderState]:
    """The states of a sender that held at some time of the span."""
    return [
        state
        for place, state in enumerate(states)
        if state.at_s < span[1] and (place + 1 == len(states) or states[place + 1].at_s > span[0])
    ]


def _positive(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and value > 0 else None


def _why_off(data: Mapping[str, object]) -> str:
    if data.get("state") == "none":
        return "gave its sender nothing to send"
    if data.get("state") == "ended" and data.get("failed") is not True:
        return "stopped its track"
    if data.get("enabled") is False:
        return DISABLED
    if "send" not in str(data.get("direction")):
        return "made it send nothing"
    return ""
