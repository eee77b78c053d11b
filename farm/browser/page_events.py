"""Messages of a page about events -> `ProbeEvent`. Pure; a page may send anything, none raises.

The messages are those that browser_scripts/ sends as something happens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from farm.browser.message_members import media_kind, number, seconds, text
from farm.model.page_samples import EventKind, FirstMedia, ProbeEvent

Message = Mapping[str, Any]
EventParts = tuple[EventKind, str, Mapping[str, Any]]

SOURCES = ("camera", "microphone", "screen", "canvas")
STATES = ("live", "ended", "none")
CHANNEL_STATES = ("open", "closed", "failed")
ENCODING_LIMITS = ("scale_resolution_down_by", "max_bitrate", "max_frame_rate")
MOST_ENCODINGS = 16


def page_event(probe: str, message: Message, monotonic_s: float) -> ProbeEvent | None:
    """The event of a message; `None`: no message has that name."""
    name = message.get("message")
    reader = _READERS.get(name) if isinstance(name, str) else None
    if reader is None:
        return None
    kind, line, data = reader(message)
    return ProbeEvent(probe, kind, monotonic_s, line, data)


def first_media(message: Message) -> FirstMedia | None:
    kind, time_s = media_kind(message.get("kind")), seconds(message.get("page_time_ms"))
    if kind is None or time_s is None:
        return None
    return FirstMedia(text(message.get("track")), kind, time_s)


def _setup(message: Message) -> EventParts:
    first = first_media(message)
    if first is None:
        return "page_error", "the page sent a first media of no kind", {}
    offered_s = seconds(message.get("offered_ms"))
    data = {
        "kind": first.kind,
        "track": first.track,
        "connection": text(message.get("connection")),
        "setup_s": None if offered_s is None else first.page_time_s - offered_s,
    }
    return "setup", f"first {first.kind}", data


def _connection(message: Message) -> EventParts:
    name, state = text(message.get("connection")), text(message.get("state"))
    by_page = message.get("by_page") is True
    line = f"{name} is {state}{' by the page' if by_page else ''}"
    return "connection", line, {"connection": name, "state": state, "by_page": by_page}


def _candidate_error(message: Message) -> EventParts:
    data = {
        "connection": text(message.get("connection")),
        "url": text(message.get("url")),
        "code": number(message.get("code")),
        "text": text(message.get("text")),
    }
    line = f"{data['url']} gave no candidate: {data['code']} {data['text']}".rstrip()
    return "candidate_error", line, data


def _sender(message: Message) -> EventParts:
    """The track and settings that an RTCRtpSender has now."""
    kind, state = media_kind(message.get("kind")), message.get("state")
    if kind is None or state not in STATES:
        return "page_error", "the page sent a sender of no kind or state", {}
    source, mid, track = message.get("source"), message.get("mid"), message.get("track")
    data = {
        "connection": text(message.get("connection")),
        "mid": text(mid) if isinstance(mid, str) else None,
        "kind": kind,
        "track": text(track) if isinstance(track, str) else None,
        "source": source if source in SOURCES else "other",
        "state": state,
        "failed": message.get("failed") is True,
        "enabled": message.get("enabled") is True,
        "active": message.get("active") is not False,
        "frame_rate": number(message.get("frame_rate")),
        "max_frame_rate": number(message.get("max_frame_rate")),
        "encodings": _encodings(message.get("encodings")),
        "width": number(message.get("width")),
        "height": number(message.get("height")),
        "direction": text(message.get("direction")),
        "page_time_s": seconds(message.get("page_time_ms")),
    }
    return "sender", _sender_line(data), data


def _encodings(member: Any) -> list[Mapping[str, Any]]:
    """What a page set of the encodings of a sender (RTCRtpEncodingParameters)."""
    return [
        {
            "rid": _text_or_none(each.get("rid")),
            "active": each.get("active") is not False,
            **{name: number(each.get(name)) for name in ENCODING_LIMITS},
            "scalability_mode": _text_or_none(each.get("scalability_mode")),
        }
        for each in (member if isinstance(member, list) else ())[:MOST_ENCODINGS]
        if isinstance(each, dict)
    ]


def _text_or_none(value: Any) -> str | None:
    return text(value) if isinstance(value, str) else None


def _sender_line(data: Mapping[str, Any]) -> str:
    where = f"{data['kind']} on {data['connection']} mid {data['mid']}"
    if data["state"] == "none":
        return f"sends no {where}"
    if data["state"] == "ended":
        how = "its source failed" if data["failed"] else "ended by the page"
    elif not data["enabled"]:
        how = "disabled by the page"
    elif not data["active"]:
        how = "all its encodings paused"
    else:
        how = data["direction"]
        if data["width"] is not None and data["height"] is not None:
            how += f", {data['width']}x{data['height']}"
        if data["frame_rate"] is not None:
            how += f" at {data['frame_rate']:g} frames/s"
    return f"sends {data['source']} {where}: {how}"


def _receiver(message: Message) -> EventParts:
    """Whether the page still accepts what comes on an m-line that it accepted before."""
    kind, mid = media_kind(message.get("kind")), message.get("mid")
    if kind is None or not isinstance(mid, str):
        return "page_error", "the page sent a receiver of no kind or mid", {}
    wanted = message.get("wanted") is not False
    data = {
        "connection": text(message.get("connection")),
        "mid": text(mid),
        "kind": kind,
        "wanted": wanted,
        "direction": text(message.get("direction")),
        "page_time_s": seconds(message.get("page_time_ms")),
    }
    line = f"{'receives' if wanted else 'refuses'} {kind} on {data['connection']} mid {data['mid']}"
    return "receiver", f"{line}: {data['direction']}", data


def _channel(message: Message) -> EventParts:
    """What became of a data channel."""
    state, error = message.get("state"), message.get("error")
    if state not in CHANNEL_STATES:
        return "page_error", "the page sent a data channel of no state", {}
    by_page = message.get("by_page") is True and state == "closed"
    data = {
        "connection": text(message.get("connection")),
        "id": number(message.get("id")),
        "label": text(message.get("label")),
        "state": state,
        "by_page": by_page,
        "error": text(error) if isinstance(error, str) else None,
        "page_time_s": seconds(message.get("page_time_ms")),
    }
    line = f"data channel {data['label']!r} on {data['connection']} is {state}"
    why = " by the page" if by_page else f": {data['error']}" if data["error"] else ""
    return "channel", f"{line}{why}", data


def _fidelity(message: Message) -> EventParts:
    fidelity, reason = text(message.get("fidelity")), text(message.get("reason"))
    line = f"{fidelity}: {reason}" if reason else fidelity
    return "fidelity", line, {"fidelity": fidelity, "reason": reason}


def _audio(message: Message) -> EventParts:
    played = message.get("played") is True
    return "audio", f"received audio is {'' if played else 'not '}played", {"played": played}


def _socket_closed(message: Message) -> EventParts:
    url, code = text(message.get("url")), number(message.get("code"))
    reason = text(message.get("reason"))
    was_clean = message.get("was_clean") is True
    data = {"url": url, "code": code, "reason": reason, "was_clean": was_clean}
    return "socket_closed", f"{url} closed with code {code} {reason}".rstrip(), data


_READERS: Mapping[str, Callable[[Message], EventParts]] = {
    "first_media": _setup,
    "connection": _connection,
    "candidate_error": _candidate_error,
    "sender": _sender,
    "receiver": _receiver,
    "channel": _channel,
    "fidelity": _fidelity,
    "audio": _audio,
    "socket_closed": _socket_closed,
}
