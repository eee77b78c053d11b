"""One unbroken stream to a browser, whatever feeds it."""

from __future__ import annotations

from struct import unpack

import pytest
from aiortc.rtp import RtcpReceiverInfo
from aiortc.rtp import RtpPacket as WirePacket

from infra.embedded_kurento.media import Codec, MediaKind, MediaSource, RtpPacket, SenderClock
from infra.embedded_kurento.webrtc.outgoing import HISTORY_PACKETS, OutgoingStream, ntp_time

VP8 = Codec("VP8", 90000)
OPUS = Codec("OPUS", 48000, 2, "minptime=10;useinbandfec=1")
KEY = b"\x10\x00picture"
DELTA = b"\x10\x01picture"


def packet(
    sequence: int,
    payload: bytes = KEY,
    *,
    codec: Codec = VP8,
    stream: int = 1,
    timestamp: int = 0,
    at_s: float = 0.0,
    marker: bool = False,
) -> RtpPacket:
    return RtpPacket(codec, stream, sequence, timestamp, marker, payload, at_s)


class Browser:
    """An outgoing stream and what reached the wire."""

    def __init__(self, kind: MediaKind = MediaKind.VIDEO) -> None:
        self.connected = True
        self.sent: list[bytes] = []
        self.key_frames_asked = 0
        self.unsupported: list[Codec] = []
        self.stream = OutgoingStream(
            kind,
            ssrc=42,
            send=self.send,
            resend=self.sent.append,
            limits_kbps=lambda: (100, 500),
            unsupported=self.unsupported.append,
        )
        self.stream.agree({96: VP8, 111: OPUS}, abs_send_time_id=3)
        self.stream.open = True
        self.source = MediaSource(kind, self.ask_key_frame)
        self.source.attach(self.stream)

    def send(self, data: bytes) -> bytes | None:
        if not self.connected:
            return None
        self.sent.append(data)
        return data

    def ask_key_frame(self) -> None:
        self.key_frames_asked += 1

    @property
    def wire(self) -> list[WirePacket]:
        return [WirePacket.parse(data) for data in self.sent]


def test_packets_get_the_stream_of_this_browser() -> None:
    browser = Browser()

    assert browser.stream.push(packet(1000, timestamp=5000, marker=True, at_s=2.0))
    assert browser.stream.push(packet(1001, DELTA, timestamp=8000, at_s=2.1))

    first, second = browser.wire
    assert (first.ssrc, first.payload_type, first.marker) == (42, 96, 1)
    assert second.sequence_number == first.sequence_number + 1
    assert (second.timestamp - first.timestamp) % (1 << 32) == 3000
    assert (first.payload, second.payload) == (KEY, DELTA)
    profile, length, extension = unpack("!HHL", browser.sent[0][12:20])
    assert (profile, length, extension >> 24) == (0xBEDE, 1, 0x32)
    assert extension & 0xFFFFFF == 2 << 18, "seconds in 6.18 fixed point"


def test_without_the_extension_the_header_is_plain() -> None:
    browser = Browser()
    browser.stream.agree({96: VP8}, abs_send_time_id=None)

    browser.stream.push(packet(1))

    assert len(browser.sent[0]) == 12 + len(KEY)


def test_a_lost_packet_leaves_a_hole() -> None:
    browser = Browser()
    for sequence in (1, 2, 4):
        browser.stream.push(packet(sequence))

    first, _, last = (each.sequence_number for each in browser.wire)
    assert last == first + 3


def test_pictures_start_with_a_key_frame() -> None:
    browser = Browser()
    asked = browser.key_frames_asked

    assert not browser.stream.push(packet(1, DELTA))
    assert browser.key_frames_asked == asked + 1
    assert browser.stream.push(packet(2, KEY))
    assert browser.stream.push(packet(3, DELTA))


def test_another_source_goes_on_where_the_last_one_was() -> None:
    browser = Browser()
    browser.stream.push(packet(500, timestamp=90000, at_s=10.0))

    MediaSource(MediaKind.VIDEO).attach(browser.stream)
    assert not browser.stream.push(packet(7, DELTA, stream=1, timestamp=1, at_s=10.5))
    assert browser.stream.push(packet(8, stream=1, timestamp=1, at_s=11.0))

    before, after = browser.wire
    assert after.sequence_number == before.sequence_number + 1
    assert (after.timestamp - before.timestamp) % (1 << 32) == 90000
    assert browser.source.sinks == []


def test_nothing_flows_before_there_is_a_connection() -> None:
    """And nobody is asked for key frames, or limited, by a browser that is not there."""
    browser = Browser()
    browser.stream.open = False
    asked = browser.key_frames_asked

    assert not browser.stream.push(packet(1, DELTA))
    assert browser.source.limit_bps(0.0) is None
    assert browser.key_frames_asked == asked

    browser.stream.open = True
    browser.connected = False
    assert not browser.stream.push(packet(1))
    browser.connected = True
    assert not browser.stream.push(packet(2, DELTA))
    assert browser.stream.push(packet(3, KEY))


def test_a_codec_that_was_not_agreed_is_told_once() -> None:
    browser = Browser()
    other = Codec("H264", 90000, 1, "packetization-mode=1")

    for sequence in range(3):
        assert not browser.stream.push(packet(sequence, b"\x65", codec=other, stream=9))

    assert browser.unsupported == [other]


@pytest.mark.parametrize(
    ("own", "other", "fits"),
    [
        ("packetization-mode=1;profile-level-id=42e01f", "packetization-mode=1", True),
        ("packetization-mode=1", "profile-level-id=42e01f", False),
        ("", "packetization-mode=0", True),
    ],
)
def test_h264_fits_by_packetization_mode(own: str, other: str, fits: bool) -> None:
    browser = Browser()
    browser.stream.agree({102: Codec("H264", 90000, 1, own)}, abs_send_time_id=None)

    assert browser.stream.push(packet(1, b"\x65", codec=Codec("H264", 90000, 1, other))) is fits


def test_nacks_are_answered_from_the_history() -> None:
    browser = Browser()
    for sequence in range(HISTORY_PACKETS + 10):
        browser.stream.push(packet(sequence))
    sent = list(browser.sent)
    newest = WirePacket.parse(sent[-1]).sequence_number

    browser.stream.on_nack([newest - 1, newest - 5])
    assert browser.sent[len(sent) :] == [sent[-2], sent[-6]]

    browser.stream.on_nack([newest - HISTORY_PACKETS - 1, newest + 1])
    assert len(browser.sent) == len(sent) + 2, "too old, and not yet sent"
    assert browser.stream.nacks_received == 4


def test_a_report_tells_loss_and_round_trip() -> None:
    browser = Browser()
    sent_at = ntp_time(1000.0)
    report = RtcpReceiverInfo(
        ssrc=42,
        fraction_lost=64,
        packets_lost=7,
        highest_sequence=0,
        jitter=0,
        lsr=sent_at >> 16 & 0xFFFFFFFF,
        dlsr=int(0.5 * 65536),
    )

    browser.stream.on_report(report, now_s=1.0, ntp_now=ntp_time(1000.75))

    assert browser.stream.fraction_lost == 0.25
    assert browser.stream.packets_lost == 7
    assert browser.stream.round_trip_s == pytest.approx(0.25, abs=0.001)


def test_a_sender_report_follows_the_senders_clock() -> None:
    browser = Browser()
    assert browser.stream.sender_info(0.0, 0) is None
    browser.stream.push(packet(1, timestamp=90000, at_s=10.0))
    offset = browser.wire[0].timestamp - 90000

    plain = browser.stream.sender_info(10.5, ntp_now=7)
    browser.source.clock = SenderClock(stream=1, timestamp=90000, at_s=9.9)
    told = browser.stream.sender_info(10.5, ntp_now=7)

    assert plain is not None
    assert told is not None
    assert plain.ntp_timestamp == 7
    assert (plain.rtp_timestamp - offset) % (1 << 32) == 90000 + 45000
    assert (told.rtp_timestamp - offset) % (1 << 32) == pytest.approx(90000 + 54000, abs=1)
    assert (told.packet_count, told.octet_count) == (1, len(KEY))


def test_only_video_limits_its_source() -> None:
    assert Browser(MediaKind.AUDIO).source.limit_bps(0.0) is None
    assert Browser(MediaKind.VIDEO).source.limit_bps(0.0) == 500_000
