"""What happened in a page -> `ProbeEvent`. Pure; a page may send anything, nothing of it raises.

The messages are those of browser_scripts/ that tell something as it happens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from farm.browser.message_members import media_kind, number, seconds, text
from farm.model.page_samples import EventKind, FirstMedia, ProbeEvent

Said = Mapping[str, Any]
Told = tuple[EventKind, str, Mapping[str, Any]]

SOURCES = ("camera", "microphone", "screen", "canvas")
STATES = ("live", "ended", "none")


def page_event(probe: str, said: Said, monotonic_s: float) -> ProbeEvent | None:
    """The event that a message tells; `None`: there is no message of its name."""
    name = said.get("message")
    teller = _TELLERS.get(name) if isinstance(name, str) else None
    if teller is None:
        return None
    kind, message, data = teller(said)
    return ProbeEvent(probe, kind, monotonic_s, message, data)


def first_media(said: Said) -> FirstMedia | None:
    kind, time_s = media_kind(said.get("kind")), seconds(said.get("page_time_ms"))
    if kind is None or time_s is None:
        return None
    return FirstMedia(text(said.get("track")), kind, time_s)


def _setup(said: Said) -> Told:
    first = first_media(said)
    if first is None:
        return "page_error", "the page sent a first media of no kind", {}
    offered_s = seconds(said.get("offered_ms"))
    data = {
        "kind": first.kind,
        "track": first.track,
        "connection": text(said.get("connection")),
        "setup_s": None if offered_s is None else first.page_time_s - offered_s,
    }
    return "setup", f"first {first.kind}", data


def _connection(said: Said) -> Told:
    name, state = text(said.get("connection")), text(said.get("state"))
    by_page = said.get("by_page") is True
    line = f"{name} is {state}{' by the page' if by_page else ''}"
    return "connection", line, {"connection": name, "state": state, "by_page": by_page}


def _candidate_error(said: Said) -> Told:
    data = {
        "connection": text(said.get("connection")),
        "url": text(said.get("url")),
        "code": number(said.get("code")),
        "text": text(said.get("text")),
    }
    line = f"{data['url']} gave no candidate: {data['code']} {data['text']}".rstrip()
    return "candidate_error", line, data


def _sender(said: Said) -> Told:
    """What an RTCRtpSender is given to send."""
    kind, state = media_kind(said.get("kind")), said.get("state")
    if kind is None or state not in STATES:
        return "page_error", "the page sent a sender of no kind or state", {}
    source, mid, track = said.get("source"), said.get("mid"), said.get("track")
    data = {
        "connection": text(said.get("connection")),
        "mid": text(mid) if isinstance(mid, str) else None,
        "kind": kind,
        "track": text(track) if isinstance(track, str) else None,
        "source": source if source in SOURCES else "other",
        "state": state,
        "failed": said.get("failed") is True,
        "enabled": said.get("enabled") is True,
        "active": said.get("active") is not False,
        "frame_rate": number(said.get("frame_rate")),
        "max_frame_rate": number(said.get("max_frame_rate")),
        "width": number(said.get("width")),
        "height": number(said.get("height")),
        "direction": text(said.get("direction")),
        "page_time_s": seconds(said.get("page_time_ms")),
    }
    return "sender", _sender_line(data), data


def _sender_line(data: Said) -> str:
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


def _receiver(said: Said) -> Told:
    """Whether the page wants what comes on an m-line, which it wanted before."""
    kind, mid = media_kind(said.get("kind")), said.get("mid")
    if kind is None or not isinstance(mid, str):
        return "page_error", "the page sent a receiver of no kind or mid", {}
    wanted = said.get("wanted") is not False
    data = {
        "connection": text(said.get("connection")),
        "mid": text(mid),
        "kind": kind,
        "wanted": wanted,
        "direction": text(said.get("direction")),
        "page_time_s": seconds(said.get("page_time_ms")),
    }
    line = f"{'receives' if wanted else 'refuses'} {kind} on {data['connection']} mid {data['mid']}"
    return "receiver", f"{line}: {data['direction']}", data


def _fidelity(said: Said) -> Told:
    fidelity, reason = text(said.get("fidelity")), text(said.get("reason"))
    line = f"{fidelity}: {reason}" if reason else fidelity
    return "fidelity", line, {"fidelity": fidelity, "reason": reason}


def _audio(said: Said) -> Told:
    played = said.get("played") is True
    return "audio", f"received audio is {'' if played else 'not '}played", {"played": played}


def _socket_closed(said: Said) -> Told:
    url, code, reason = text(said.get("url")), number(said.get("code")), text(said.get("reason"))
    was_clean = said.get("was_clean") is True
    data = {"url": url, "code": code, "reason": reason, "was_clean": was_clean}
    return "socket_closed", f"{url} closed with code {code} {reason}".rstrip(), data


_TELLERS: Mapping[str, Callable[[Said], Told]] = {
    "first_media": _setup,
    "connection": _connection,
    "candidate_error": _candidate_error,
    "sender": _sender,
    "receiver": _receiver,
    "fidelity": _fidelity,
    "audio": _audio,
    "socket_closed": _socket_closed,
}
