"""Packets put in order, missed ones asked for, reception measured; time is an argument."""

from __future__ import annotations

from struct import pack

import pytest

from infra.embedded_kurento.media import Codec, MediaKind, RtpPacket
from infra.embedded_kurento.webrtc.incoming import HOLD_S, NACK_AGAIN_S, IncomingStream

VP8 = Codec("VP8", 90000)
OPUS = Codec("OPUS", 48000, 2)


def rtp(
    sequence: int,
    payload: bytes = b"payload",
    *,
    ssrc: int = 1,
    timestamp: int = 0,
    marker: bool = False,
    first: int = 0x80,
    before: bytes = b"",
    payload_type: int = 96,
) -> bytes:
    second = payload_type | (0x80 if marker else 0)
    header = pack("!BBHLL", first, second, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc)
    return header + before + payload


class Received:
    """A stream and what it delivered."""

    def __init__(self, kind: MediaKind = MediaKind.VIDEO) -> None:
        self.packets: list[RtpPacket] = []
        codecs = {96: VP8} if kind is MediaKind.VIDEO else {96: OPUS}
        self.stream = IncomingStream(kind, codecs, self.packets.append)

    @property
    def order(self) -> list[int]:
        return [packet.sequence for packet in self.packets]


def test_packets_in_order_go_straight_through() -> None:
    received = Received()

    for sequence in (65534, 65535, 0, 1):
        assert received.stream.receive(rtp(sequence), 0.0) == []

    assert received.order == [65534, 65535, 65536, 65537]
    assert not received.stream.waiting
    assert received.stream.packets_lost == 0


def test_a_packet_is_taken_apart() -> None:
    received = Received()
    extension = pack("!HHL", 0xBEDE, 1, 0x22 << 24)
    contributing = pack("!L", 77)

    received.stream.receive(
        rtp(
            7,
            b"frame\x00\x02",
            ssrc=5,
            timestamp=3000,
            marker=True,
            first=0xB1,
            before=contributing + extension,
        ),
        12.5,
    )

    (packet,) = received.packets
    assert (packet.codec, packet.stream, packet.timestamp) == (VP8, 5, 3000)
    assert packet.marker
    assert packet.padded
    assert packet.payload == b"frame\x00\x02"
    assert packet.arrived_s == 12.5
    assert received.stream.payload_bytes == len(b"frame")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80" * 11,
        rtp(1, payload_type=97),
        rtp(1, first=0x40),
        rtp(1, b"", first=0x90),
        rtp(1, b"\xff", first=0xA0),
        rtp(1, b"", first=0x90, before=pack("!HH", 0xBEDE, 100)),
    ],
)
def test_broken_packets_are_left_out(data: bytes) -> None:
    received = Received()

    assert received.stream.receive(data, 0.0) == []

    assert received.packets == []
    assert received.stream.packets == 0


def test_what_is_missing_is_asked_for_and_held_back_for() -> None:
    received = Received()
    received.stream.receive(rtp(10), 0.0)

    assert received.stream.receive(rtp(13), 0.01) == [11, 12]
    assert received.stream.waiting
    assert received.stream.receive(rtp(12), 0.02) == []
    assert received.order == [10]
    assert received.stream.packets_lost == 1

    assert received.stream.receive(rtp(11), 0.03) == []
    assert received.order == [10, 11, 12, 13]
    assert received.stream.packets_lost == 0
    assert received.stream.nacks_sent == 2


def test_it_asks_again_and_gives_up_in_the_end() -> None:
    received = Received()
    received.stream.receive(rtp(1), 0.0)
    received.stream.receive(rtp(3), 0.0)

    assert received.stream.poll(NACK_AGAIN_S / 2) == ([], False)
    assert received.stream.poll(NACK_AGAIN_S) == ([2], False)
    assert received.stream.poll(NACK_AGAIN_S * 1.5) == ([], False)
    assert received.order == [1]

    assert received.stream.poll(HOLD_S[MediaKind.VIDEO]) == ([], True)
    assert received.order == [1, 3]
    assert not received.stream.waiting
    received.stream.receive(rtp(2), 1.0)
    assert received.order == [1, 3], "what comes after that is too late"


def test_sound_waits_only_for_its_turn() -> None:
    """Opus is not sent again: a hole is closed soon, and nobody is asked."""
    received = Received(MediaKind.AUDIO)
    received.stream.receive(rtp(1), 0.0)

    assert received.stream.receive(rtp(3), 0.0) == []
    assert received.stream.poll(HOLD_S[MediaKind.AUDIO]) == ([], True)
    assert received.order == [1, 3]


def test_a_packet_that_comes_twice_is_delivered_once() -> None:
    received = Received()

    for sequence in (1, 2, 2):
        received.stream.receive(rtp(sequence), 0.0)

    assert received.order == [1, 2]
    assert received.stream.packets_lost == -1, "RFC 3550 A.3"


def test_a_new_ssrc_or_a_jump_is_a_new_start() -> None:
    received = Received()
    received.stream.receive(rtp(1), 0.0)
    received.stream.receive(rtp(3), 0.0)

    assert received.stream.receive(rtp(40000, ssrc=2), 0.0) == []
    assert received.stream.receive(rtp(5000, ssrc=2), 0.0) == []

    assert received.order == [1, 40000, 5000]
    assert received.packets[-1].stream == 2
    assert not received.stream.waiting


def test_the_fraction_lost_is_that_since_the_last_report() -> None:
    received = Received()
    for sequence in (0, 1, 2, 4, 5, 6, 7, 8):
        received.stream.receive(rtp(sequence), 0.0)

    assert received.stream.take_fraction_lost() == 256 // 9
    assert received.stream.take_fraction_lost() == 0
    assert received.stream.highest_sequence == 8


def test_jitter_is_that_of_rfc_3550() -> None:
    steady, shaky = Received(), Received()
    for number in range(200):
        timestamp, at_s = number * 3000, number / 30
        steady.stream.receive(rtp(number, timestamp=timestamp), at_s)
        shaky.stream.receive(rtp(number, timestamp=timestamp), at_s + 0.010 * (number % 2))

    assert steady.stream.jitter_s == pytest.approx(0, abs=1e-6)
    assert shaky.stream.jitter_s == pytest.approx(0.010, rel=0.05)
