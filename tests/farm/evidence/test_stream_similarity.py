"""Counters that are similar for another reason than forwarding identify no sender."""

from __future__ import annotations

import math

import pytest

from farm.evidence.page_acts import PageActs
from farm.evidence.rtp_tables import RtpTables
from farm.evidence.stream_senders import senders_in
from tests.farm.evidence.polled import END_S, HOLD_S, Course, Polled, course, room

MEMBERS = ("p000", "p001", "p002")
TIMES = ("run_s", "page_time_s", "host_monotonic_s")


def whose(polled: Polled) -> dict[str, str | None]:
    """By its mid who sent each stream that p000 received; `None`: not known."""
    trial = polled.trial()
    acts = PageActs(trial.events)
    found = senders_in(trial, polled.plan.sessions, (HOLD_S, END_S), acts).sent_as
    return {
        life.mid: sent.probe if (sent := found.get(life.name)) else None
        for life in RtpTables(trial).lives
        if (life.probe, life.direction) == ("p000", "inbound")
    }


def polled_later(polled: Polled, probe: str, by_s: float) -> None:
    """The page's polls come so much later than others'; its counters say what they said."""
    for rows in polled.rows.values():
        for row in rows:
            if row["probe"] == probe:
                row.update({name: row[name] + by_s for name in TIMES})
                row["timestamp"] += by_s * 1000


def speech(now_s: float) -> float:
    """Words of 1.1 s, and less between them."""
    words = (each * 2.3 for each in range(27) if each % 4)
    return 3_000.0 * sum(min(1.1, max(0.0, now_s - at_s)) for at_s in words) + 1_500.0 * now_s


def later(of: Course, by_s: float) -> Course:
    return lambda now_s: of(now_s + by_s)


@pytest.mark.parametrize("receiver_speaks", [True, False])
@pytest.mark.parametrize("sender", ["p001", "p002"])
def test_microphones_that_hear_the_same_are_not_distinguished_by_when_they_were_polled(
    sender: str, *, receiver_speaks: bool
) -> None:
    """p000 and p001 are polled at the same moments, p002 at others."""
    polled = Polled(room())
    for place, (probe, by_s) in enumerate(zip(MEMBERS, (0.0, 0.0, 0.45), strict=True)):
        if receiver_speaks or probe != "p000":
            polled.sent(probe, later(speech, by_s), kind="audio", ssrc=100 + place, track=probe)
            polled_later(polled, probe, by_s)
    polled.received("p000", speech, kind="audio", mid=sender, lag_s=0.0)
    assert whose(polled) == {sender: None}


def filmed(row: dict[str, float], frames: str, sway: float) -> None:
    """Give a row what a camera's encoder had counted: 5.3 frames a second of one clip."""
    number = math.floor(5.3 * (row["run_s"] - 2.0))
    row[frames] = number
    row["qpSum"] = round(1000 * number + 500 * math.sin(sway * number))


@pytest.mark.parametrize("sender", ["p001", "p002"])
def test_videos_of_one_clip_are_distinguished_by_what_each_encoder_made_of_its_frames(
    sender: str,
) -> None:
    """By time the two seem the same: a poll sees whole frames alone."""
    even: Course = lambda now_s: 40_000.0 * now_s  # noqa: E731
    sways = dict(zip(MEMBERS, (0.05, 0.06, 0.075), strict=True))
    polled = Polled(room())
    for place, (probe, by_s) in enumerate(zip(MEMBERS, (0.0, 0.13, 0.29), strict=True)):
        polled.sent(probe, later(even, by_s), ssrc=100 + place, track=probe)
        polled_later(polled, probe, by_s)
    for row in polled.rows["outbound-rtp"]:
        filmed(row, "framesEncoded", sways[row["probe"]])
    polled.received("p000", even, mid=sender)
    for row in polled.rows["inbound-rtp"]:
        filmed(row, "framesDecoded", sways[sender])
    assert whose(polled) == {sender: sender}


def test_a_stream_is_not_the_only_ones_whose_counter_is_known_while_another_sent_too() -> None:
    """p002's encoder counts no quantizers, and it is p002's."""
    even: Course = lambda now_s: 40_000.0 * now_s  # noqa: E731
    polled = Polled(room())
    for place, probe in enumerate(MEMBERS):
        polled.sent(probe, even, ssrc=100 + place, track=probe)
    for row in polled.rows["outbound-rtp"]:
        if row["probe"] != "p002":
            filmed(row, "framesEncoded", 0.2 if row["probe"] == "p000" else 0.05)
    polled.received("p000", even, mid="7")
    for row in polled.rows["inbound-rtp"]:
        filmed(row, "framesDecoded", 0.051)
    assert whose(polled) == {"7": None}


def test_a_few_polls_are_enough_to_tell_what_a_stream_is_not() -> None:
    """A screen that comes while the camera moves to another connection has no rival for long."""
    camera, screen = course(1), course(20)
    polled = Polled(room())
    polled.sent("p001", camera, (2.0, 28.0), ssrc=100, track="camera")
    polled.sent("p001", screen, (19.0, END_S), mid="5", ssrc=101, track="screen")
    polled.sent("p001", camera, (29.0, END_S), connection="pc2", ssrc=102, track="camera")
    polled.received("p000", screen, (19.0, END_S), mid="7")
    trial = polled.trial()
    acts = PageActs(trial.events)
    (sent,) = senders_in(trial, polled.plan.sessions, (HOLD_S, END_S), acts).sent_as.values()
    assert (sent.is_extra, sent.is_sure) == (True, True)


def test_frames_that_are_counted_anew_tell_nothing_of_an_encoder() -> None:
    """A page that was loaded anew may name its connection and stream as before."""
    cameras = {probe: course(place) for place, probe in enumerate(MEMBERS)}
    polled = Polled(room())
    for place, probe in enumerate(MEMBERS):
        polled.sent(probe, cameras[probe], ssrc=100 + place, track=probe)
    for row in polled.rows["outbound-rtp"]:
        filmed(row, "framesEncoded", 0.05)
        row["framesEncoded"] += -185 if row["run_s"] > 38.0 else 100
    polled.received("p000", cameras["p002"], mid="7")
    for row in polled.rows["inbound-rtp"]:
        filmed(row, "framesDecoded", 0.05)
    assert whose(polled) == {"7": "p002"}
