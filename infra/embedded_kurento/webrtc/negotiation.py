"""What an offer and its answer agree on: the browser's transport, and streams. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.embedded_kurento.errors import sdp_not_parsed
from infra.embedded_kurento.media import Codec, MediaKind
from infra.embedded_kurento.webrtc import sdp
from infra.embedded_kurento.webrtc.candidates import Candidate, parse_candidate

_SENDS = {"sendrecv", "sendonly"}
_RECEIVES = {"sendrecv", "recvonly"}


@dataclass(frozen=True, slots=True)
class RemotePeer:
    """The transport in the browser's description; `client` if it begins the DTLS handshake."""

    ufrag: str
    password: str
    fingerprints: tuple[tuple[str, str], ...]
    client: bool


@dataclass(frozen=True, slots=True)
class AgreedStream:
    """One direction of one kind: codecs by payload type, and the id of abs-send-time if any."""

    codecs: Mapping[int, Codec]
    abs_send_time_id: int | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """The outcome of an offer and its answer; `sections` are the accepted index and mid."""

    remote: RemotePeer
    sections: list[tuple[int, str]]
    candidates: list[Candidate]
    incoming: Mapping[MediaKind, AgreedStream]
    outgoing: Mapping[MediaKind, AgreedStream]


@dataclass(frozen=True, slots=True)
class Willingness:
    """Whether the endpoint sends and receives at all (its constructor's `sendonly`, `recvonly`)."""

    sends: bool
    receives: bool

    def direction(self, wanted: str) -> str:
        """The direction nearest to `wanted` that the endpoint allows."""
        sends = self.sends and wanted in _SENDS
        receives = self.receives and wanted in _RECEIVES
        if sends and receives:
            return "sendrecv"
        if sends:
            return "sendonly"
        return "recvonly" if receives else "inactive"

    def answering(self, offer: sdp.Description) -> dict[str, str]:
        """The endpoint's directions by mid, for the sections of an offer that it accepts."""
        return {
            section.mid: self.direction(sdp.reversed_direction(section.direction))
            for section in sdp.accepted(offer)
        }

    def offering(self, options: Mapping[str, Any]) -> dict[MediaKind, str]:
        """The endpoint's directions in an offer with Kurento's OfferOptions."""
        return {
            kind: self.direction(
                "sendrecv" if options.get(f"offerToReceive{kind.title()}", True) else "sendonly"
            )
            for kind in (MediaKind.AUDIO, MediaKind.VIDEO)
        }


def answered_directions(answer: sdp.Description) -> dict[str, str]:
    """The endpoint's directions by mid, after the answer to its offer."""
    return {
        section.mid: sdp.reversed_direction(section.direction) for section in sdp.accepted(answer)
    }


def agree(description: sdp.Description, directions: Mapping[str, str]) -> Agreement:
    """The agreement of a browser's description and our `directions` (by mid).

    Raises `Refusal` 40201 if the description has no transport to connect to.
    """
    sections = sdp.accepted(description)
    if not sections:
        raise sdp_not_parsed()
    first = sections[0]
    if not (first.ufrag and first.password and first.fingerprints):
        raise sdp_not_parsed()
    candidates = [parse_candidate(each) for each in first.candidates]
    streams = {
        section.kind: (
            directions[section.mid],
            AgreedStream(section.codecs(), section.extensions.get(sdp.ABS_SEND_TIME)),
        )
        for section in sections
        if section.kind is not None
    }
    return Agreement(
        remote=RemotePeer(
            first.ufrag, first.password, tuple(first.fingerprints), client=first.setup == "active"
        ),
        sections=[
            (index, section.mid)
            for index, section in enumerate(description.sections)
            if section in sections
        ],
        candidates=[each for each in candidates if each is not None],
        incoming={kind: each for kind, (way, each) in streams.items() if way in _RECEIVES},
        outgoing={kind: each for kind, (way, each) in streams.items() if way in _SENDS},
    )
