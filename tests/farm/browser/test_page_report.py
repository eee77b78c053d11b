"""Messages of pages, valid ones and any others, become reports and events."""

from __future__ import annotations

import json
import re
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from farm.browser.channel_labels import ChannelLabels
from farm.browser.page_report import PageMessages
from farm.model.mask import Mask
from farm.model.page_samples import (
    ConnectionProgress,
    ConnectionReport,
    FirstMedia,
    PageReport,
    ProbeEvent,
)
from farm.model.webrtc_stats import InboundRtp


def read(sent: object, messages: PageMessages | None = None) -> PageReport | ProbeEvent | None:
    text = sent if isinstance(sent, str) else json.dumps(sent)
    return (messages or PageMessages("p003", 1.0)).read(text, (0, 0), 12.5, 1e9)


def poll(*connections: object, **more: object) -> dict[str, Any]:
    sent = {"message": "poll", "period": 5, "page_time_ms": 5000, "late_ms": 2}
    return {**sent, "connections": list(connections), **more}


def connection(name: str, *stats: object) -> dict[str, Any]:
    return {
        "connection": name,
        "state": "connected",
        "offered_ms": 1500,
        "first_media": [{"track": "t", "kind": "video", "page_time_ms": 2250}],
        "stats": list(stats),
    }


INBOUND = {"type": "inbound-rtp", "id": "I1", "timestamp": 4999.5}


def stats_of(report: object) -> tuple[Any, ...]:
    assert isinstance(report, PageReport)
    return report.connections[0].stats


def test_a_poll_becomes_a_report() -> None:
    report = read(poll(connection("f-0", {**INBOUND, "packetsReceived": 7, "kind": "video"})))
    assert report == PageReport(
        probe="p003",
        page_time_s=5.0,
        host_monotonic_s=12.5,
        host_wall_s=1e9,
        late_s=0.002,
        connections=(
            ConnectionReport(
                connection="f-0",
                state="connected",
                offered_s=1.5,
                first_media=(FirstMedia("t", "video", 2.25),),
                stats=(InboundRtp(id="I1", timestamp=4999.5, packetsReceived=7, kind="video"),),
            ),
        ),
    )


def test_how_far_a_connection_came_is_read_with_it() -> None:
    sent = {"ice": "checking", "gathering": "complete", "answered": True, "receives": True}
    counted = {**sent, "local_candidates": 1, "remote_candidates": None}
    report = read(poll({**connection("c"), "progress": counted}))
    assert isinstance(report, PageReport)
    progress = ConnectionProgress("checking", "complete", True, True, 1, None)
    assert report.connections[0].progress == progress


def test_a_server_that_gave_no_candidate_is_an_event() -> None:
    sent = {"message": "candidate_error", "connection": "c", "url": "turn:x", "code": 701}
    event = read({**sent, "text": "timed out"})
    assert isinstance(event, ProbeEvent)
    assert (event.kind, event.message) == (
        "candidate_error",
        "turn:x gave no candidate: 701 timed out",
    )
    assert event.data["connection"] == "c"


def test_a_child_frames_poll_is_joined_into_its_pages() -> None:
    messages = PageMessages("p003", 1.0)

    def polled(frame: int, period: int, *names: str, late_ms: int = 2) -> PageReport | None:
        sent = poll(*(connection(name) for name in names), period=period, late_ms=late_ms)
        report = messages.read(json.dumps(sent), (0, frame), 7.5 + period, 1e9)
        assert report is None or isinstance(report, PageReport)
        return report

    assert polled(0, 5, "top-0") is not None
    assert polled(1, 5, "child-0") is None
    assert polled(0, 6, "top-0") is None
    report = polled(1, 6, "child-0", late_ms=900)
    assert report is not None
    assert {each.connection for each in report.connections} == {"top-0", "child-0"}
    assert report.late_s == 0.9
    assert polled(0, 7, "top-0") is None
    alone = messages.removed((0, 1), 15.0)
    assert alone is not None
    assert [each.connection for each in alone.connections] == ["top-0"]


def test_members_of_a_wrong_type_count_as_not_reported() -> None:
    wrong = {**INBOUND, "packetsLost": "many", "jitter": [1], "kind": 5, "bytesReceived": 2.5}
    right = {"packetsLost": -1, "jitter": 0, "bytesReceived": 3.0}
    assert stats_of(read(poll(connection("c", wrong)))) == (InboundRtp(id="I1", timestamp=4999.5),)
    (stat,) = stats_of(read(poll(connection("c", {**INBOUND, **right}))))
    assert (stat.packetsLost, stat.jitter, stat.bytesReceived) == (-1, 0.0, 3)
    assert isinstance(stat.bytesReceived, int)
    assert isinstance(stat.jitter, float)


def test_dictionaries_that_are_no_known_statistics_are_left_out() -> None:
    others = [{"type": "certificate", "id": "x", "timestamp": 1}, {"type": "inbound-rtp"}, 7, None]
    assert stats_of(read(poll(connection("c", *others)))) == ()


def test_first_media_has_the_time_it_took_since_the_offer() -> None:
    sent = {"message": "first_media", "connection": "f-1", "offered_ms": 1000}
    event = read({**sent, "track": "t1", "kind": "audio", "page_time_ms": 1250})
    assert isinstance(event, ProbeEvent)
    assert event.kind == "setup"
    assert event.data == {"kind": "audio", "track": "t1", "connection": "f-1", "setup_s": 0.25}
    unknown = read({**sent, "offered_ms": None, "kind": "video", "page_time_ms": 1250})
    assert isinstance(unknown, ProbeEvent)
    assert unknown.data["setup_s"] is None


def test_a_closed_socket_is_reported_with_code_and_address() -> None:
    sent = {"message": "socket_closed", "url": "ws://a/b", "code": 4001, "reason": "room full"}
    event = read({**sent, "was_clean": True})
    assert isinstance(event, ProbeEvent)
    assert (event.kind, event.data["code"]) == ("socket_closed", 4001)
    assert event.message == "ws://a/b closed with code 4001 room full"


SENDER = {
    "message": "sender",
    "connection": "f-1",
    "mid": "1",
    "kind": "video",
    "track": "t1",
    "source": "camera",
    "state": "live",
    "failed": False,
    "enabled": True,
    "active": True,
    "frame_rate": 15,
    "max_frame_rate": 12,
    "encodings": [
        {
            "rid": "h",
            "active": True,
            "scale_resolution_down_by": 2,
            "max_bitrate": 500_000,
            "max_frame_rate": None,
            "scalability_mode": "L1T3",
        }
    ],
    "width": 640,
    "height": 480,
    "direction": "sendonly",
    "page_time_ms": 5000,
}


def sender_event(**changed: object) -> ProbeEvent:
    event = read({**SENDER, **changed})
    assert isinstance(event, ProbeEvent)
    return event


def test_what_a_sender_is_given_is_reported_with_all_its_facts() -> None:
    event = sender_event()
    kept = {
        name: value for name, value in SENDER.items() if name not in ("message", "page_time_ms")
    }
    assert (event.kind, event.data) == ("sender", {**kept, "page_time_s": 5.0})
    assert event.message == ("sends camera video on f-1 mid 1: sendonly, 640x480 at 15 frames/s")
    nothing = sender_event(track=None, mid=None, state="none", enabled=False, frame_rate=None)
    assert nothing.message == "sends no video on f-1 mid None"
    assert nothing.data["track"] is None


def test_whose_act_it_was_that_a_sender_stopped_is_in_words() -> None:
    ways = {
        "ended by the page": {"state": "ended", "failed": False},
        "its source failed": {"state": "ended", "failed": True},
        "disabled by the page": {"enabled": False},
        "all its encodings paused": {"active": False},
    }
    for way, changed in ways.items():
        assert sender_event(**changed).message == f"sends camera video on f-1 mid 1: {way}"


def test_what_a_page_may_not_say_of_a_sender() -> None:
    assert sender_event(kind="smell").kind == "page_error"
    assert sender_event(state=["live"]).kind == "page_error"
    encodings = [7, {"rid": 3, "max_bitrate": "much", "scalability_mode": []}]
    (encoding,) = sender_event(encodings=encodings).data["encodings"]
    assert encoding == {**dict.fromkeys(encoding), "active": True}
    assert sender_event(encodings={"h": 1}).data["encodings"] == []
    odd = sender_event(source="satellite", width="wide", mid=3).data
    assert (odd["source"], odd["width"], odd["mid"]) == ("other", None, None)


def test_what_a_page_does_not_want_to_receive_is_reported() -> None:
    sent = {
        "message": "receiver",
        "connection": "f-1",
        "mid": "3",
        "kind": "video",
        "wanted": False,
        "direction": "inactive",
        "page_time_ms": 5000,
    }
    event = read(sent)
    assert isinstance(event, ProbeEvent)
    kept = {name: sent[name] for name in ("connection", "mid", "kind", "wanted", "direction")}
    assert (event.kind, event.data) == ("receiver", {**kept, "page_time_s": 5.0})
    assert event.message == "refuses video on f-1 mid 3: inactive"
    again = read({**sent, "wanted": True, "direction": "recvonly"})
    assert isinstance(again, ProbeEvent)
    assert again.message == "receives video on f-1 mid 3: recvonly"
    odd = read({**sent, "mid": 3})
    assert isinstance(odd, ProbeEvent)
    assert odd.kind == "page_error"


def test_a_connection_says_whether_the_page_closed_it() -> None:
    sent = {"message": "connection", "connection": "f-1", "state": "closed", "by_page": True}
    event = read(sent)
    assert isinstance(event, ProbeEvent)
    assert event.data == {"connection": "f-1", "state": "closed", "by_page": True}
    assert event.message == "f-1 is closed by the page"
    other = read({**sent, "state": "failed", "by_page": None})
    assert isinstance(other, ProbeEvent)
    assert other.data["by_page"] is False


def test_what_became_of_a_data_channel_is_in_words() -> None:
    sent = {
        "message": "channel",
        "connection": "f-1",
        "id": 3,
        "label": "chat",
        "state": "closed",
        "by_page": True,
        "error": None,
        "page_time_ms": 5000,
    }
    event = read(sent)
    assert isinstance(event, ProbeEvent)
    kept = {name: sent[name] for name in ("connection", "id", "label", "state", "by_page", "error")}
    assert (event.kind, event.data) == ("channel", {**kept, "page_time_s": 5.0})
    assert event.message == "data channel 'chat' on f-1 is closed by the page"
    failed = read({**sent, "state": "failed", "error": "it broke"})
    assert isinstance(failed, ProbeEvent)
    assert failed.message == "data channel 'chat' on f-1 is failed: it broke"
    odd = read({**sent, "state": ["open"]})
    assert isinstance(odd, ProbeEvent)
    assert odd.kind == "page_error"


def test_half_a_surrogate_pair_does_not_reach_a_file() -> None:
    event = read('{"message": "connection", "connection": "\\ud800", "state": "new"}')
    assert isinstance(event, ProbeEvent)
    event.message.encode()


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
NUMBERS = st.integers() | st.floats() | ANYTHING
STAT = st.fixed_dictionaries(
    {"type": st.sampled_from(["inbound-rtp", "transport", "codec"]) | ANYTHING},
    optional=dict.fromkeys(
        ("id", "timestamp", "packetsLost", "jitter", "kind", "active", "mimeType"), NUMBERS
    ),
)
CONNECTION = st.fixed_dictionaries(
    {},
    optional={
        "connection": ANYTHING,
        "state": ANYTHING,
        "offered_ms": NUMBERS,
        "progress": st.dictionaries(
            st.sampled_from(["ice", "local_candidates", "answered"]), NUMBERS
        )
        | ANYTHING,
        "stats": st.lists(STAT | ANYTHING, max_size=3) | ANYTHING,
        "first_media": st.lists(ANYTHING, max_size=2) | ANYTHING,
    },
)
MESSAGE = st.fixed_dictionaries(
    {
        "message": st.sampled_from(
            ["poll", "first_media", "connection", "sender", "channel", "socket_closed"]
        )
        | ANYTHING
    },
    optional={
        "page_time_ms": NUMBERS,
        "late_ms": NUMBERS,
        "period": NUMBERS,
        "kind": st.sampled_from(["audio", "video"]) | ANYTHING,
        "connections": st.lists(CONNECTION | ANYTHING, max_size=3) | ANYTHING,
        "code": NUMBERS,
        "state": st.sampled_from(["live", "ended", "none"]) | ANYTHING,
        "source": ANYTHING,
        "mid": ANYTHING,
        "frame_rate": NUMBERS,
        "max_frame_rate": NUMBERS,
        "encodings": st.lists(
            st.dictionaries(st.sampled_from(["rid", "max_bitrate"]), NUMBERS) | ANYTHING, max_size=2
        )
        | ANYTHING,
        "offered_ms": NUMBERS,
    },
)


@given(st.lists(MESSAGE.map(json.dumps) | ANYTHING.map(json.dumps) | st.text(), max_size=4))
def test_whatever_a_page_says_nothing_raises_and_columns_keep_their_types(sent: list[str]) -> None:
    messages = PageMessages("p000", 1.0)
    for number, text in enumerate(sent):
        report = messages.read(text, (number % 2, number % 3), 1.0 + number, 2.0)
        if isinstance(report, PageReport):
            assert report.late_s >= 0
            for each in report.connections:
                pl.DataFrame(
                    [[getattr(stat, "packetsLost", None), stat.timestamp] for stat in each.stats],
                    schema={"lost": pl.Int64, "timestamp": pl.Float64},
                    orient="row",
                )


def test_an_invalid_message_is_an_event() -> None:
    for text in ("", "{", "[]", "7", '{"message": "poll"}', "[" * 100_000, '{"message": 3}'):
        event = read(text)
        assert isinstance(event, ProbeEvent)
        assert event.kind == "page_error"


def test_names_of_data_channels_are_masked_alike_in_events_and_statistics() -> None:
    mask = Mask(["alice-4711"])
    for name in ("chat alice-4711", "alice-4711" * 100):
        messages = PageMessages("p003", 1.0, mask, ChannelLabels(mask, b"a key of this trial"))
        sent = {"message": "channel", "connection": "c", "id": 1, "label": name}
        event = read({**sent, "state": "failed", "error": "alice-4711 went"}, messages)
        assert isinstance(event, ProbeEvent)
        label = str(event.data["label"])
        assert event.message == f"data channel {label!r} on c is failed: *** went"
        assert event.data["error"] == "*** went"
        channel = {"type": "data-channel", "id": "D1", "timestamp": 4999.5, "label": name}
        (stat,) = stats_of(read(poll(connection("c", channel)), messages))
        assert stat.label == label
        assert re.fullmatch(r"(chat )?[*]+ #[0-9a-f]{12}", label)
