"""Offers read, answers written; the recorded ones are compared in test_replay.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from infra.embedded_kurento.errors import Refusal
from infra.embedded_kurento.media import Codec, MediaKind
from infra.embedded_kurento.webrtc import sdp

LOOPBACK = Path(__file__).parents[3] / "data" / "kurento" / "loopback.jsonl"


@pytest.fixture(scope="module")
def offer() -> str:
    for line in LOOPBACK.read_text(encoding="utf-8").splitlines():
        message: dict[str, Any] = json.loads(line)[2]
        if message.get("params", {}).get("operation") == "processOffer":
            text: str = message["params"]["operationParams"]["offer"]
            return text
    raise LookupError("no offer in the recording")


LOCAL = sdp.LocalMedia(1, "ufrag", "password", "AA:BB", "cname", {MediaKind.VIDEO: 7})


def test_a_browsers_offer_is_read(offer: str) -> None:
    audio, video = sdp.parse(offer).sections

    assert audio.codecs() == {
        111: Codec("OPUS", 48000, 2, "minptime=10;useinbandfec=1"),
        0: Codec("PCMU", 8000),
        8: Codec("PCMA", 8000),
    }
    assert next(iter(video.codecs().items())) == (96, Codec("VP8", 90000))
    assert {codec.name for codec in video.codecs().values()} == {"VP8", "VP9", "H264", "AV1"}
    assert (video.mid, video.direction, video.setup) == ("1", "sendrecv", "actpass")
    assert video.extensions[sdp.ABS_SEND_TIME] == 2
    assert video.fingerprints[0][0] == "sha-256"


@pytest.mark.parametrize("text", ["", "garbage", "v=0\r\nm=audio", "v=0\r\nm=audio x y 1"])
def test_what_is_no_description_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        sdp.parse(text)

    assert refused.value.code == 40201


def test_transport_attributes_may_stand_for_the_whole_session() -> None:
    text = (
        "v=0\r\na=ice-ufrag:U\r\na=ice-pwd:P\r\na=fingerprint:sha-256 AA\r\na=setup:active\r\n"
        "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:a\r\n"
    )

    (section,) = sdp.parse(text).sections

    assert (section.ufrag, section.password, section.setup) == ("U", "P", "active")
    assert section.fingerprints == [("sha-256", "AA")]


def test_what_the_server_does_not_carry_is_rejected(offer: str) -> None:
    """Data channels, a second camera, and what is not in the bundle."""
    second = "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:2\r\na=rtpmap:96 VP8/90000\r\n"
    data = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:3\r\n"
    description = sdp.parse(offer.replace("BUNDLE 0 1", "BUNDLE 0 1 2 3") + second + data)

    assert [section.mid for section in sdp.accepted(description)] == ["0", "1"]
    answer = sdp.write_answer(description, LOCAL, {"0": "sendrecv", "1": "sendrecv"})
    assert "a=group:BUNDLE 0 1\r\n" in answer
    assert "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\na=inactive\r\na=mid:3" in answer
    unbundled = sdp.parse(offer.replace("a=group:BUNDLE 0 1\r\n", ""))
    assert [section.mid for section in sdp.accepted(unbundled)] == ["0"]


@pytest.mark.parametrize(
    ("offered", "answered"), [("actpass", "active"), ("active", "passive"), ("passive", "active")]
)
def test_who_begins_the_handshake(offer: str, offered: str, answered: str) -> None:
    description = sdp.parse(offer.replace("actpass", offered))

    answer = sdp.parse(sdp.write_answer(description, LOCAL, {"0": "recvonly", "1": "recvonly"}))

    assert {section.setup for section in answer.sections} == {answered}
    assert {section.direction for section in answer.sections} == {"recvonly"}


@pytest.mark.parametrize(
    ("direction", "reversed_"),
    [
        ("sendrecv", "sendrecv"),
        ("sendonly", "recvonly"),
        ("recvonly", "sendonly"),
        ("inactive", "inactive"),
    ],
)
def test_directions_are_seen_from_the_other_side(direction: str, reversed_: str) -> None:
    assert sdp.reversed_direction(direction) == reversed_
