"""The messages of pages: JSON text in, checked values out.

`id` is the message's type, as in the Kurento tutorials.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from farm.errors import BadInput

BANDWIDTHS = (
    "maxVideoSendBandwidth",
    "minVideoSendBandwidth",
    "maxVideoRecvBandwidth",
    "minVideoRecvBandwidth",
)
"""Properties of a WebRtcEndpoint, in kbit/s, that a page may choose."""

_LONGEST_NAME = 64


@dataclass(frozen=True, slots=True)
class Offer:
    """A page's SDP offer, and the bandwidth limits it wants its endpoint to have.

    `sdp` is `None` where the media server makes the offer.
    """

    sdp: str | None
    properties: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Register:
    """Be reachable as `name`, unique within `session` (empty for people at a browser)."""

    name: str
    session: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """Call `to`; if empty, the other user of the session."""

    to: str
    offer: Offer
    record: bool = False


@dataclass(frozen=True, slots=True)
class Accept:
    offer: Offer
    record: bool = False


@dataclass(frozen=True, slots=True)
class Decline:
    pass


@dataclass(frozen=True, slots=True)
class JoinRoom:
    """Join a room; its first member says how many `members` it holds, and whether it is `mixed`.

    Without `mixed` it is as the media server does rooms: a Kurento mixes, a Janus forwards.
    """

    room: str
    name: str
    members: int
    offer: Offer
    mixed: bool = False


@dataclass(frozen=True, slots=True)
class Present:
    room: str
    name: str
    offer: Offer


@dataclass(frozen=True, slots=True)
class View:
    room: str
    offer: Offer


@dataclass(frozen=True, slots=True)
class Stop:
    """Leave the call, room or broadcast; a registered name stays."""


@dataclass(frozen=True, slots=True)
class IceCandidate:
    """A candidate of the connection that the page offered, or of one that it was `offered`."""

    candidate: str
    sdp_mid: str | None
    sdp_m_line_index: int | None
    offered: bool = False


@dataclass(frozen=True, slots=True)
class SdpAnswer:
    """The page's answer to an offer of the media server."""

    sdp: str


Message: TypeAlias = (
    Register | Call | Accept | Decline | JoinRoom | Present | View | Stop | IceCandidate | SdpAnswer
)


def parse(text: str) -> Message:
    """Return the message, or raise `BadInput` saying what is wrong with it."""
    try:
        said = json.loads(text)
    except ValueError:
        raise BadInput("a message must be JSON") from None
    if not isinstance(said, dict):
        raise BadInput("a message must be a JSON object")
    parser = _PARSERS.get(str(said.get("id")))
    if parser is None:
        raise BadInput(f"no such message: id {said.get('id')!r}")
    return parser(said)


def _text(said: Mapping[str, Any], key: str) -> str:
    value = said.get(key, "")
    if not isinstance(value, str) or len(value) > _LONGEST_NAME:
        raise BadInput(f"{key} must be text of at most {_LONGEST_NAME} characters")
    return value.strip()


def _name(said: Mapping[str, Any], key: str) -> str:
    if not (value := _text(said, key)):
        raise BadInput(f"{key} must not be empty")
    return value


def _integer(value: Any, key: str, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise BadInput(f"{key} must be a whole number from {least} to {most}, not {value!r}")
    return value


def _sdp(said: Mapping[str, Any], key: str) -> str:
    sdp = said.get(key)
    if not isinstance(sdp, str) or not sdp.startswith("v=0"):
        raise BadInput(f"{key} must be an SDP {key.removeprefix('sdp').lower()}")
    return sdp


def _offer(said: Mapping[str, Any], *, required: bool = True) -> Offer:
    sdp = _sdp(said, "sdpOffer") if required or "sdpOffer" in said else None
    asked = said.get("properties", {})
    if not isinstance(asked, dict) or not set(asked) <= set(BANDWIDTHS):
        raise BadInput(f"properties must be some of {', '.join(BANDWIDTHS)}")
    properties = {key: _integer(value, key, 0, 10_000_000) for key, value in asked.items()}
    return Offer(sdp, properties)


def _register(said: Mapping[str, Any]) -> Register:
    return Register(_name(said, "name"), _text(said, "session"))


def _call(said: Mapping[str, Any]) -> Call:
    return Call(_text(said, "to"), _offer(said), said.get("record") is True)


def _call_response(said: Mapping[str, Any]) -> Accept | Decline:
    if said.get("callResponse") != "accept":
        return Decline()
    return Accept(_offer(said, required=False), said.get("record") is True)


def _join_room(said: Mapping[str, Any]) -> JoinRoom:
    members = _integer(said.get("members", 4), "members", 2, 16)
    mixed = said.get("mixed") is True
    return JoinRoom(_name(said, "room"), _name(said, "name"), members, _offer(said), mixed)


def _presenter(said: Mapping[str, Any]) -> Present:
    return Present(_name(said, "room"), _name(said, "name"), _offer(said))


def _viewer(said: Mapping[str, Any]) -> View:
    return View(_name(said, "room"), _offer(said, required=False))


def _candidate(said: Mapping[str, Any]) -> IceCandidate:
    candidate = said.get("candidate")
    if isinstance(candidate, dict):
        text, mid = candidate.get("candidate"), candidate.get("sdpMid")
        index = candidate.get("sdpMLineIndex")
        if isinstance(text, str) and isinstance(mid, str | None) and isinstance(index, int | None):
            return IceCandidate(text, mid, index, said.get("offered") is True)
    raise BadInput("candidate must be an RTCIceCandidateInit with candidate and sdpMid")


_PARSERS: Mapping[str, Callable[[Mapping[str, Any]], Message]] = {
    "register": _register,
    "call": _call,
    "incomingCallResponse": _call_response,
    "joinRoom": _join_room,
    "presenter": _presenter,
    "viewer": _viewer,
    "stop": lambda _: Stop(),
    "onIceCandidate": _candidate,
    "answer": lambda said: SdpAnswer(_sdp(said, "sdpAnswer")),
}
