"""What of a page's statistics is one stream, and when it flowed."""

from __future__ import annotations

import pytest

from farm.evidence.rtp_tables import RtpTables
from farm.evidence.stream_lifetimes import StreamLifetime
from tests.farm.evidence.polled import ALL, END_S, Polled, at_times, course, plan


@pytest.fixture
def polled() -> Polled:
    return Polled(plan())


def lives(polled: Polled, shuffle: int | None = None) -> list[StreamLifetime]:
    trial = polled.trial()
    return list(RtpTables(trial if shuffle is None else trial.shuffled(shuffle)).lives)


def test_a_stream_lives_from_its_first_packet_to_its_last(polled: Polled) -> None:
    polled.sent("p000", course(1), still_s=20.0, frameWidth=640, frameHeight=480)
    (life,) = lives(polled)
    assert (life.probe, life.direction, life.kind) == ("p000", "outbound", "video")
    assert (life.first_s, life.last_s, life.polled_s) == (2.5, 20.5, 39.5)
    assert (life.connection, life.mid, life.source_id) == ("pc1", "0", "Scamera")
    assert life.size == (640, 480)


def test_a_long_silence_parts_a_streams_life_and_a_short_one_does_not(polled: Polled) -> None:
    turns = at_times(course(1), (2.0, 15.0), (17.0, 20.0), (30.0, END_S))
    polled.received("p000", turns, lag_s=0.0)
    (life,) = lives(polled)
    assert life.flows == ((2.5, 20.5), (30.5, 39.5))
    assert (life.first_s, life.last_s) == (2.5, 39.5)


def test_a_sender_that_never_sends_is_no_stream(polled: Polled) -> None:
    polled.sent("p000", lambda now_s: 0.0)
    assert lives(polled) == []


def test_what_is_first_seen_with_packets_began_then(polled: Polled) -> None:
    """A counter that stands still from its first poll on had moved before."""
    polled.received("p000", lambda now_s: 9000.0 if now_s > 8.0 else 0.0, (8.0, 30.0))
    (life,) = lives(polled)
    assert (life.first_s, life.last_s) == (8.5, 8.5)


def test_another_ssrc_on_the_same_line_is_the_same_stream(polled: Polled) -> None:
    polled.sent("p000", course(1), (2.0, 20.0), ssrc=100)
    polled.sent("p000", course(1), (20.0, END_S), ssrc=101)
    (life,) = lives(polled)
    assert life.ssrcs == {100, 101}
    assert (life.first_s, life.last_s) == (2.5, 39.5)


def test_encodings_of_one_line_are_one_stream(polled: Polled) -> None:
    for place, rid in enumerate(("q", "h", "f")):
        polled.sent("p000", course(place), ssrc=100 + place, rid=rid)
    (life,) = lives(polled)
    assert life.rids == {"q", "h", "f"}
    assert len(life.series) == 3


@pytest.mark.parametrize(
    "other",
    [{"connection": "pc2"}, {"mid": "4"}, {"track": "another"}, {"kind": "audio"}],
    ids=["connection", "mid", "track", "kind"],
)
def test_another_connection_line_or_track_is_another_stream(
    polled: Polled, other: dict[str, str]
) -> None:
    polled.received("p000", course(1), ssrc=100)
    polled.received("p000", course(2), ssrc=101, **other)  # type: ignore[arg-type]
    assert len(lives(polled)) == 2


def test_another_source_on_the_same_line_is_the_same_sent_stream(polled: Polled) -> None:
    """`replaceTrack`: the partner sees one stream go on."""
    polled.sent("p000", course(1), (2.0, 20.0), track="camera")
    polled.sent("p000", course(1), (20.0, END_S), track="screen")
    assert len(lives(polled)) == 1


def test_where_lines_have_no_mid_each_ssrc_is_a_stream(polled: Polled) -> None:
    polled.received("p000", course(1), mid=None, ssrc=100)
    polled.received("p000", course(2), mid=None, ssrc=101)
    assert len(lives(polled)) == 2


def test_each_stream_has_a_name_of_its_own(polled: Polled) -> None:
    polled.sent("p000", course(1))
    polled.received("p000", course(2), mid="0")
    polled.received("p000", course(3), mid="3", ssrc=501)
    polled.received("p001", course(4), mid="3")
    assert len({life.name for life in lives(polled)}) == 4


def test_streams_are_the_same_whatever_the_order_of_their_rows(polled: Polled) -> None:
    for place in range(4):
        polled.received("p000", course(place), ALL, mid=f"{place}", ssrc=100 + place)
        polled.sent("p001", course(place), ALL, mid=f"{place}", ssrc=200 + place)
    assert all(lives(polled, shuffle) == lives(polled) for shuffle in range(5))
