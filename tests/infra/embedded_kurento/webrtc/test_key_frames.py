"""The first bytes of real payloads."""

from __future__ import annotations

import pytest

from infra.embedded_kurento.media import Codec, RtpPacket
from infra.embedded_kurento.webrtc.key_frames import begins_key_frame


@pytest.mark.parametrize(
    ("codec", "payload", "begins"),
    [
        ("VP8", "10 00", True),
        ("VP8", "10 01", False),
        ("VP8", "00 00", False),
        ("VP8", "11 00", False),
        ("VP8", "90 80 05 50", True),
        ("VP8", "90 80 85 21 31", False),
        ("VP8", "90 80 85 21 30", True),
        ("VP8", "90 f0 85 21 07 00 30", True),
        ("VP9", "8a 00", True),
        ("VP9", "ca 00", False),
        ("VP9", "82 00", False),
        ("H264", "67 42", True),
        ("H264", "41 9a", False),
        ("H264", "78 00 10 67", True),
        ("H264", "78 00 10 41", False),
        ("H264", "7c 85", True),
        ("H264", "7c 05", False),
        ("H265", "40 01", True),
        ("H265", "02 01", False),
        ("H265", "62 01 93", True),
        ("AV1", "18", True),
        ("AV1", "10", False),
        ("OPUS", "", True),
        ("VP8", "", False),
        ("H264", "78", False),
    ],
)
def test_key_frames_are_told_from_the_rest(codec: str, payload: str, begins: bool) -> None:
    packet = RtpPacket(Codec(codec, 90000), 1, 1, 0, False, bytes.fromhex(payload), 0.0)

    assert begins_key_frame(packet) is begins
