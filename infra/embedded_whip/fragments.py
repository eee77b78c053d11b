"""The SDP fragment of a PATCH: `application/trickle-ice-sdpfrag` (RFC 8840 section 9). Pure."""

from __future__ import annotations

from dataclasses import dataclass

from infra.embedded_kurento.webrtc.candidates import Candidate, parse_candidate
from infra.embedded_whip.refusal import Refused

MEDIA_TYPE = "application/trickle-ice-sdpfrag"


@dataclass(frozen=True, slots=True)
class Fragment:
    """A client's ICE credentials and candidates; `ended`: there will be no more of them."""

    ufrag: str
    password: str
    candidates: tuple[Candidate, ...]
    ended: bool


def parse_fragment(text: str) -> Fragment:
    """The fragment of one bundle. Candidates that cannot be used are left out (RFC 9725 4.3.2).

    Raises Refused 400 for a line that is no SDP, or credentials that are missing or differ.
    """
    ufrags: set[str] = set()
    passwords: set[str] = set()
    candidates: list[Candidate] = []
    ended = False
    for line in filter(None, map(str.strip, text.splitlines())):
        if len(line) < 2 or line[1] != "=":
            raise Refused(400, f"not a line of SDP: {line[:60]!r}")
        name, _, value = line[2:].partition(":")
        if not line.startswith("a="):
            continue
        if name == "ice-ufrag":
            ufrags.add(value)
        elif name == "ice-pwd":
            passwords.add(value)
        elif name == "candidate":
            candidate = parse_candidate(line)
            if candidate is not None and candidate.transport == "udp" and candidate.component == 1:
                candidates.append(candidate)
        elif name == "end-of-candidates":
            ended = True
    if len(ufrags) != 1 or len(passwords) != 1:
        raise Refused(400, "the fragment needs one ice-ufrag and one ice-pwd")
    return Fragment(ufrags.pop(), passwords.pop(), tuple(candidates), ended)
