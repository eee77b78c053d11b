"""SDP: parses a browser's offers and answers, and writes the server's as Kurento does.

Pure. `parse` reads the needed parts of an offer or answer (RFC 8866, RFC 8843, RFC 8829);
`write_answer` and `write_offer` write the lines that a Kurento Media Server 7.3.0 was recorded to
write: BUNDLE, rtcp-mux, abs-send-time as only header extension, no transport-cc, no RTX, no msid,
no bandwidth lines.

`aiortc.sdp` is not used: it drops session attributes that Kurento repeats in its answer, rewrites
`fmtp` (`minptime=010` as 10), and refuses offers in which an `fmtp` has no `rtpmap`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from infra.embedded_kurento.errors import sdp_not_parsed
from infra.embedded_kurento.media import Codec, MediaKind

ABS_SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"

_AUDIO_CODECS = ("OPUS", "PCMU", "PCMA")
_VIDEO_CODECS = ("VP8", "VP9", "AV1", "H264", "H265")
_FEEDBACK = ("goog-remb", "ccm fir", "nack", "nack pli")
_STATIC_CODECS = {0: Codec("PCMU", 8000), 8: Codec("PCMA", 8000)}
_REVERSED = {"sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "sendonly"}


@dataclass(slots=True)
class MediaSection:
    """One m-line with its attributes. `formats` are its payload types, in order of preference."""

    media: str
    port: int
    transport: str
    formats: list[str]
    mid: str = ""
    direction: str = "sendrecv"
    setup: str | None = None
    ufrag: str | None = None
    password: str | None = None
    fingerprints: list[tuple[str, str]] = field(default_factory=list)
    rtpmaps: dict[int, str] = field(default_factory=dict)
    fmtps: dict[int, str] = field(default_factory=dict)
    feedback: dict[int, list[str]] = field(default_factory=dict)
    extensions: dict[str, int] = field(default_factory=dict)
    candidates: list[str] = field(default_factory=list)

    @property
    def kind(self) -> MediaKind | None:
        return {"audio": MediaKind.AUDIO, "video": MediaKind.VIDEO}.get(self.media)

    def codecs(self) -> dict[int, Codec]:
        """The payload types of codecs that the server forwards, in the section's order."""
        known = _AUDIO_CODECS if self.media == "audio" else _VIDEO_CODECS
        found = {}
        for text in self.formats:
            if not text.isdecimal():
                continue
            codec = self._codec(int(text))
            if codec is not None and codec.name in known:
                found[int(text)] = codec
        return found

    def _codec(self, payload_type: int) -> Codec | None:
        rtpmap = self.rtpmaps.get(payload_type)
        if rtpmap is None:
            return _STATIC_CODECS.get(payload_type)
        name, _, rest = rtpmap.partition("/")
        rate, _, channels = rest.partition("/")
        if not rate.isdecimal():
            raise sdp_not_parsed()
        parameters = self.fmtps.get(payload_type, "")
        return Codec(name.upper(), int(rate), int(channels or 1), parameters)


@dataclass(frozen=True, slots=True)
class Description:
    """A parsed offer or answer."""

    attributes: list[str]
    sections: list[MediaSection]

    @property
    def bundled(self) -> list[str]:
        """The mids of the first BUNDLE group."""
        for attribute in self.attributes:
            if attribute.startswith("group:BUNDLE"):
                return attribute.split()[1:]
        return []


@dataclass(frozen=True, slots=True)
class LocalMedia:
    """The server's own values in a description."""

    number: int
    ufrag: str
    password: str
    fingerprint: str
    cname: str
    ssrcs: Mapping[MediaKind, int]


def parse(text: str) -> Description:
    """The description in `text`. Raises `Refusal` 40201 if it is none."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines or lines[0] != "v=0":
        raise sdp_not_parsed()
    attributes: list[str] = []
    sections: list[MediaSection] = []
    try:
        for line in lines:
            kind, _, value = line.partition("=")
            if kind == "m":
                media, port, transport, *formats = value.split()
                sections.append(MediaSection(media, int(port), transport, formats))
            elif kind == "a":
                if sections:
                    _read_attribute(sections[-1], value)
                else:
                    attributes.append(value)
    except (ValueError, IndexError):
        raise sdp_not_parsed() from None
    _inherit(attributes, sections)
    return Description(attributes, sections)


def _read_attribute(section: MediaSection, attribute: str) -> None:
    name, _, value = attribute.partition(":")
    if name in {"sendrecv", "sendonly", "recvonly", "inactive"}:
        section.direction = name
    elif name == "mid":
        section.mid = value
    elif name == "setup":
        section.setup = value
    elif name == "ice-ufrag":
        section.ufrag = value
    elif name == "ice-pwd":
        section.password = value
    elif name == "fingerprint":
        algorithm, fingerprint = value.split()
        section.fingerprints.append((algorithm, fingerprint))
    elif name == "rtpmap":
        payload_type, rtpmap = value.split(maxsplit=1)
        section.rtpmaps[int(payload_type)] = rtpmap
    elif name == "fmtp":
        payload_type, parameters = value.split(maxsplit=1)
        section.fmtps[int(payload_type)] = parameters
    elif name == "rtcp-fb":
        payload_type, feedback = value.split(maxsplit=1)
        if payload_type != "*":
            section.feedback.setdefault(int(payload_type), []).append(feedback)
    elif name == "extmap":
        number, uri = value.split()[:2]
        section.extensions[uri] = int(number.partition("/")[0])
    elif name == "candidate":
        section.candidates.append(attribute)


def _inherit(attributes: list[str], sections: list[MediaSection]) -> None:
    """Copy session-level transport attributes to sections (RFC 8839 5.4, RFC 8122 5)."""
    common = MediaSection("", 0, "", [])
    for attribute in attributes:
        if attribute.split(":")[0] in {"setup", "ice-ufrag", "ice-pwd", "fingerprint"}:
            _read_attribute(common, attribute)
    for section in sections:
        section.setup = section.setup or common.setup
        section.ufrag = section.ufrag or common.ufrag
        section.password = section.password or common.password
        section.fingerprints = section.fingerprints or common.fingerprints


def accepted(description: Description) -> list[MediaSection]:
    """The sections that the server accepts: one audio, one video, on one transport.

    Others (data channels, a second camera, what is not in the bundle) are rejected.
    """
    taken: list[MediaSection] = []
    for section in description.sections:
        bundled = not taken or {section.mid, taken[0].mid} <= set(description.bundled)
        if (
            section.kind is not None
            and section.port != 0
            and bundled
            and section.codecs()
            and all(other.kind is not section.kind for other in taken)
        ):
            taken.append(section)
    return taken


def reversed_direction(direction: str) -> str:
    """The direction as the other side sees it."""
    return _REVERSED.get(direction, "inactive")


def write_answer(offer: Description, local: LocalMedia, directions: Mapping[str, str]) -> str:
    """The answer to an offer. `directions` are the server's, by mid of the accepted sections."""
    taken = accepted(offer)
    lines = _session_lines(local.number)
    for name in ("extmap-allow-mixed", "msid-semantic"):
        lines += [f"a={each}" for each in offer.attributes if each.startswith(name)]
    if offer.bundled:
        mids = [section.mid for section in taken if section.mid in offer.bundled]
        lines.append(" ".join(["a=group:BUNDLE", *mids]))
    for section in offer.sections:
        if section in taken:
            lines += _answer_section(section, local, directions[section.mid])
        else:
            lines.append(f"m={section.media} 0 {section.transport} {' '.join(section.formats)}")
            lines += ["a=inactive", f"a=mid:{section.mid}"]
    return _text(lines)


def _answer_section(section: MediaSection, local: LocalMedia, direction: str) -> list[str]:
    codecs = section.codecs()
    formats = " ".join(str(each) for each in codecs)
    setup = "passive" if section.setup == "active" else "active"
    lines = [f"m={section.media} 1 {section.transport} {formats}"]
    if ABS_SEND_TIME in section.extensions:
        lines.append(f"a=extmap:{section.extensions[ABS_SEND_TIME]} {ABS_SEND_TIME}")
    lines += [f"a={direction}", f"a=mid:{section.mid}", "a=rtcp:9 IN IP4 0.0.0.0"]
    lines += [f"a=rtpmap:{each} {_rtpmap(section, each)}" for each in codecs]
    if section.kind is MediaKind.VIDEO:
        lines += [
            f"a=rtcp-fb:{each} {feedback}"
            for each in codecs
            for feedback in section.feedback.get(each, [])
            if feedback in _FEEDBACK
        ]
    lines += [f"a=setup:{setup}", "a=rtcp-mux"]
    lines += [f"a=fmtp:{each} {section.fmtps[each]}" for each in codecs if each in section.fmtps]
    return lines + _own_lines(section.kind, local)


def _rtpmap(section: MediaSection, payload_type: int) -> str:
    static = _STATIC_CODECS.get(payload_type)
    return section.rtpmaps.get(payload_type) or (f"{static.name}/8000" if static else "")


_OFFERED: Mapping[MediaKind, Mapping[int, tuple[str, str]]] = {
    MediaKind.AUDIO: {96: ("opus/48000/2", ""), 0: ("", ""), 8: ("", "")},
    MediaKind.VIDEO: {
        102: ("AV1/90000", "level-idx=5;profile=0;tier=0"),
        103: ("VP9/90000", "profile-id=0"),
        104: ("VP8/90000", ""),
        105: (
            "H264/90000",
            "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
        ),
    },
}
"""The codecs of a recorded offer, in its order: payload type -> rtpmap, fmtp."""

OFFERED_EXTENSION = 3
"""The id of abs-send-time in an offer."""


def write_offer(local: LocalMedia, directions: Mapping[MediaKind, str]) -> str:
    """An offer with a section for each kind in `directions`."""
    lines = _session_lines(local.number)
    mids = [f"{kind.lower()}0" for kind in directions]
    lines.append(" ".join(["a=group:BUNDLE", *mids]))
    for kind, direction in directions.items():
        media = kind.lower()
        offered = _OFFERED[kind]
        lines += [
            f"m={media} 1 RTP/SAVPF {' '.join(str(each) for each in offered)}",
            "a=setup:actpass",
            f"a=extmap:{OFFERED_EXTENSION} {ABS_SEND_TIME}",
        ]
        for payload_type, (rtpmap, fmtp) in offered.items():
            lines += [f"a=rtpmap:{payload_type} {rtpmap}"] if rtpmap else []
            lines += [f"a=fmtp:{payload_type} {fmtp}"] if fmtp else []
        lines += ["a=rtcp:9 IN IP4 0.0.0.0", "a=rtcp-mux", f"a={direction}", f"a=mid:{media}0"]
        if kind is MediaKind.VIDEO:
            lines += [
                f"a=rtcp-fb:{payload_type} {feedback}"
                for payload_type, (rtpmap, _) in offered.items()
                for feedback in ("nack", "nack pli", "goog-remb", "ccm fir")
                if not (feedback == "goog-remb" and rtpmap.startswith("H264"))
            ]
        lines += _own_lines(kind, local)
    return _text(lines)


def _session_lines(number: int) -> list[str]:
    return [
        "v=0",
        f"o=- {number} {number} IN IP4 0.0.0.0",
        "s=Kurento Media Server",
        "c=IN IP4 0.0.0.0",
        "t=0 0",
    ]


def _own_lines(kind: MediaKind | None, local: LocalMedia) -> list[str]:
    return [
        *(f"a=ssrc:{ssrc} cname:{local.cname}" for own, ssrc in local.ssrcs.items() if own is kind),
        f"a=ice-ufrag:{local.ufrag}",
        f"a=ice-pwd:{local.password}",
        f"a=fingerprint:sha-256 {local.fingerprint}",
    ]


def _text(lines: list[str]) -> str:
    return "".join(f"{line}\r\n" for line in lines)
