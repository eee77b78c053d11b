"""What the offer of a publisher or player must be, and what its answer adds to Kurento's. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal

from infra.embedded_kurento.errors import Refusal
from infra.embedded_kurento.webrtc import sdp
from infra.embedded_kurento.webrtc.candidates import Candidate
from infra.embedded_whip.refusal import Refused

Way = Literal["whip", "whep"]

MEDIA_TYPE = "application/sdp"

_DIRECTIONS: dict[Way, tuple[str, ...]] = {
    "whip": ("sendonly", "sendrecv"),
    "whep": ("recvonly", "sendrecv"),
}


def checked_offer(text: str, way: Way) -> sdp.Description:
    """The offer, of which every section can be answered (RFC 9725 4.2, 4.4).

    Raises Refused: 400 for what is no SDP, 422 for an offer that could be answered in part only.
    """
    try:
        offer = sdp.parse(text)
    except Refusal as error:
        raise Refused(400, "the body is not an SDP offer") from error
    sections = offer.sections
    if not sections:
        raise Refused(422, "the offer has no media")
    for kind, number in Counter(section.media for section in sections).items():
        if kind not in ("audio", "video"):
            raise Refused(422, f"the offer has a section of {kind}: expected audio and video only")
        if number > 1:
            raise Refused(422, f"the offer has {number} sections of {kind}: expected one")
    for section in sections:
        if section.direction not in _DIRECTIONS[way]:
            allowed = " or ".join(_DIRECTIONS[way])
            raise Refused(422, f"{section.media} is {section.direction}: expected {allowed}")
    if len(sdp.accepted(offer)) != len(sections):
        raise Refused(422, "expected all sections in one BUNDLE, each with a codec known here")
    return offer


def completed_answer(answer: str, candidates: Sequence[Candidate], msid: str | None) -> str:
    """Kurento's answer with what it leaves to trickle: all candidates of the server.

    `msid`: the stream that the server sends (WHEP). The bundle has one transport, so candidates are
    in the first section alone (RFC 9143).
    """
    lines: list[str] = []
    media: str | None = None
    for line in answer.splitlines():
        if line.startswith("m="):
            lines += _section_end(media, candidates if lines and _is_first(lines) else (), msid)
            media = line[2:].split()[0]
        lines.append(line)
    lines += _section_end(media, candidates if _is_first(lines) else (), msid)
    return "".join(f"{line}\r\n" for line in lines)


def _is_first(lines: Sequence[str]) -> bool:
    """Whether the section at the end of `lines` is the first one."""
    return sum(line.startswith("m=") for line in lines) == 1


def _section_end(media: str | None, candidates: Sequence[Candidate], msid: str | None) -> list[str]:
    if media is None:
        return []
    lines = ["a=rtcp-mux-only"]
    if msid is not None:
        lines.append(f"a=msid:{msid} {msid}-{media}")
    lines += [f"a={candidate}" for candidate in candidates]
    return [*lines, "a=end-of-candidates"] if candidates else lines
