"""What the senders of a page had to send, as its hooks tell it in `sender` events. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

DISABLED = "disabled its track"


@dataclass(frozen=True, slots=True)
class SenderState:
    """What an RTCRtpSender of a connection had to send from `at_s` on.

    `frame_rate` is what the page asked its camera for, `None` where that is not known or the
    pictures are no camera's; `most_frames` what it lets its encoder send of that, `None`: all.
    `why_off` is empty while the page wants to send. Of a track that is disabled black pictures and
    silence are sent at the rate of ever; of all else that is off nothing is, and it `is_silent`.
    `is_paused`: the page lets none of its encodings be sent, which its partners may lack.
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
    """What a `sender` event says; a camera that failed still owes what it was asked for."""
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
    """Those of a sender that were so at some time of the span."""
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
