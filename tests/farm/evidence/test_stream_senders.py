"""The senders of streams that members of a forwarded room received, where they can be known."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pytest

from farm.evidence.page_acts import PageActs
from farm.evidence.rtp_tables import RtpTables
from farm.evidence.stream_senders import Origins, senders_in
from tests.farm.evidence.polled import ALL, END_S, HOLD_S, Course, Polled, Span, course, plan, room

CAMERAS = {"p000": course(10), "p001": course(11), "p002": course(12)}


def origins(polled: Polled) -> Origins:
    trial = polled.trial()
    return senders_in(trial, polled.plan.sessions, (HOLD_S, END_S), PageActs(trial.events))


def whose(polled: Polled, probe: str = "p000") -> dict[str, str | None]:
    """By its mid who sent each stream that the probe received; `None`: not known."""
    found = origins(polled)
    return {
        life.mid: sent.probe if (sent := found.sent_as.get(life.name)) else None
        for life in RtpTables(polled.trial()).lives
        if (life.probe, life.direction) == (probe, "inbound")
    }


def forwarding_room(cameras: dict[str, Course] = CAMERAS) -> Polled:
    """A room of three in which each sends one video."""
    polled = Polled(room())
    for place, (probe, camera) in enumerate(cameras.items()):
        polled.sent(probe, camera, ssrc=100 + place, track=f"{probe}'s camera")
    return polled


def take(polled: Polled, senders: Iterable[str], span: Span = ALL) -> None:
    """p000 receives what they sent, by other names, one line each."""
    for place, sender in enumerate(senders):
        polled.received(
            "p000", CAMERAS[sender], span, mid=f"{place}", ssrc=500 + place, track=f"t{place}"
        )


# ---------------------------------------------------------------- names that came through


def test_an_ssrc_that_came_through_identifies_the_sender() -> None:
    polled = forwarding_room()
    polled.received("p000", course(1), mid="7", ssrc=102)
    assert whose(polled) == {"7": "p002"}


def test_a_tracks_name_that_came_through_identifies_the_sender() -> None:
    polled = forwarding_room()
    polled.received("p000", course(1), mid="7", track="p001's camera")
    assert whose(polled) == {"7": "p001"}


def test_a_name_that_two_senders_have_does_not_count() -> None:
    polled = Polled(room())
    for place, (probe, camera) in enumerate(CAMERAS.items()):
        polled.sent(probe, camera, ssrc=100 + place, track="video0")
    polled.received("p000", course(1), mid="7", track="video0")
    assert whose(polled) == {"7": None}


# ---------------------------------------------------------------- counters over time


@pytest.mark.parametrize("order", [("p001", "p002"), ("p002", "p001")])
def test_what_grows_as_a_camera_grew_is_that_cameras(order: tuple[str, str]) -> None:
    polled = forwarding_room()
    take(polled, order)
    assert whose(polled) == {"0": order[0], "1": order[1]}


def test_a_stream_that_is_like_nobodys_has_no_known_sender() -> None:
    polled = forwarding_room()
    polled.received("p000", course(1), mid="7")
    assert whose(polled) == {"7": None}


@pytest.mark.parametrize("others", [["p001"], []])
def test_a_stream_that_is_like_nobodys_is_unmatched_where_others_are_like_their_senders(
    others: list[str],
) -> None:
    """Where none is, the server changes all that it forwards."""
    polled = forwarding_room()
    take(polled, others)
    polled.received("p000", course(1), mid="7", ssrc=600, track="t7")
    (name,) = (each.name for each in RtpTables(polled.trial()).lives if each.mid == "7")
    assert origins(polled).unmatched == (frozenset({name}) if others else frozenset())


def test_streams_that_are_alike_all_along_are_not_distinguished() -> None:
    even = {probe: (lambda now_s: 40_000 * now_s) for probe in CAMERAS}
    polled = forwarding_room(even)
    polled.received("p000", even["p001"], mid="7")
    assert whose(polled) == {"7": None}


def test_a_stream_of_a_few_polls_is_too_short_to_tell() -> None:
    polled = forwarding_room()
    take(polled, ["p001"], (20.0, 22.0))
    assert whose(polled) == {"0": None}


def test_of_two_that_seem_the_same_stream_neither_is_attributed() -> None:
    """A stream is forwarded to a receiver once."""
    polled = forwarding_room()
    for mid, ssrc in (("0", 500), ("1", 501)):
        polled.received("p000", CAMERAS["p001"], mid=mid, ssrc=ssrc, track=mid)
    assert whose(polled) == {"0": None, "1": None}


def test_of_two_that_are_like_one_camera_the_clearly_liker_one_is_it() -> None:
    polled = forwarding_room()
    polled.received("p000", CAMERAS["p001"], mid="0", ssrc=500, track="0")

    def swayed(now_s: float) -> float:
        return CAMERAS["p001"](now_s) + 8000 * math.sin(now_s)

    polled.received("p000", swayed, mid="1", ssrc=501, track="1")
    assert whose(polled) == {"0": "p001", "1": None}


def test_two_streams_of_one_camera_one_after_the_other_are_both_that_cameras() -> None:
    polled = forwarding_room()
    take(polled, ["p001"], (2.0, 20.0))
    polled.received("p000", CAMERAS["p001"], (21.0, END_S), mid="9", ssrc=600, track="t9")
    assert whose(polled) == {"0": "p001", "9": "p001"}


def test_audio_is_identified_by_how_loud_it_was_where_its_bytes_show_nothing() -> None:
    polled = Polled(room())
    flat = course(0, 4_000.0)
    for place, (probe, loud) in enumerate(CAMERAS.items()):
        polled.sent(probe, flat, kind="audio", ssrc=100 + place, track=f"{probe}'s microphone")
        for row in polled.rows["media-source"]:
            if row["probe"] == probe:
                row["totalAudioEnergy"] = loud(row["run_s"])
    polled.received("p000", flat, kind="audio", mid="7")
    for row in polled.rows["inbound-rtp"]:
        row["totalAudioEnergy"] = CAMERAS["p002"](row["run_s"] - 0.1)
    assert whose(polled) == {"7": "p002"}


# ---------------------------------------------------------------- a connection for each partner


def test_what_else_comes_on_a_partners_own_connection_is_that_partners() -> None:
    polled = forwarding_room()
    for place, probe in enumerate(CAMERAS):
        polled.sent(probe, course(0), kind="audio", mid="1", ssrc=200 + place, track="a")
    for place, sender in enumerate(("p002", "p001")):
        on, number = f"from {place}", 500 + place
        polled.received("p000", CAMERAS[sender], connection=on, mid=f"v{place}", ssrc=number)
        polled.received(
            "p000", course(0), kind="audio", connection=on, mid=f"a{place}", ssrc=100 + number
        )
    assert whose(polled) == {"v0": "p002", "a0": "p002", "v1": "p001", "a1": "p001"}


def test_on_a_connection_that_carries_several_partners_what_else_comes_is_unknown() -> None:
    polled = forwarding_room()
    for place, probe in enumerate(CAMERAS):
        polled.sent(probe, course(0), kind="audio", mid="1", ssrc=200 + place, track="a")
    take(polled, ["p001", "p002"])
    polled.received("p000", course(0), kind="audio", mid="a", ssrc=600, track="x")
    assert whose(polled) == {"0": "p001", "1": "p002", "a": None}


# ---------------------------------------------------------------- beside what is owed


def screen_beside_camera(*, known: bool) -> Polled:
    """p001 sends a screen beside its camera, and p000 receives both."""
    polled = forwarding_room()
    screen = course(20)
    polled.sent("p001", screen, mid="5", ssrc=150, track="screen", span=(6.0, END_S))
    if known:
        polled.gives("p001", 1.0)
        polled.gives("p001", 5.0, mid="5", track="screen", source="screen", frame_rate=None)
    take(polled, ["p001", "p002"])
    polled.received("p000", screen, (6.0, END_S), mid="9", ssrc=600, track="t9")
    return polled


@pytest.mark.parametrize("known", [True, False], ids=["hooks told", "older recording"])
def test_a_screen_beside_a_camera_is_sent_beside_what_is_owed(known: bool) -> None:
    polled = screen_beside_camera(known=known)
    found = origins(polled)
    sent = {
        life.mid: found.sent_as[life.name]
        for life in RtpTables(polled.trial()).lives
        if life.direction == "inbound"
    }
    assert (sent["0"].probe, sent["0"].is_extra) == ("p001", False)
    assert (sent["9"].probe, sent["9"].is_extra) == ("p001", True)
    if known:
        assert (sent["0"].rank, sent["9"].rank) == (0, 1)


@pytest.mark.parametrize("source", ["camera", "canvas", "other", "screen"])
def test_what_is_sent_to_each_partner_by_itself_is_what_is_owed_each_time(source: str) -> None:
    """Such as a camera, or its pictures with the background blurred."""
    polled = Polled(room())
    for probe, partners in (
        ("p000", ("p001", "p002")),
        ("p001", ("p000", "p002")),
        ("p002", ("p000", "p001")),
    ):
        for place, partner in enumerate(partners):
            encoder = course(100 * int(probe[-1]) + int(partner[-1]))
            on, track = f"{probe} to {partner}", f"{probe}'s camera"
            number = 1000 + 10 * int(probe[-1]) + place
            polled.sent(probe, encoder, connection=on, ssrc=number, track=track)
            polled.gives(probe, 1.0, connection=on, track=track, source=source)
    for receiver, encoder in (("p000", course(100)), ("p002", course(102))):
        polled.received(receiver, encoder, mid="7", ssrc=600)
    found = origins(polled)
    sent = [
        found.sent_as[life.name]
        for life in RtpTables(polled.trial()).lives
        if life.direction == "inbound"
    ]
    assert [(each.probe, each.is_extra) for each in sent] == [("p001", False)] * 2


# ---------------------------------------------------------------- who can have sent it


def test_a_stream_can_be_only_of_those_who_sent_all_the_time_that_it_was_there() -> None:
    polled = Polled(room())
    polled.sent("p000", CAMERAS["p000"])
    polled.sent("p001", CAMERAS["p001"], (2.0, 12.0))
    polled.sent("p002", CAMERAS["p002"])
    polled.received("p000", course(1), (15.0, END_S), mid="7")
    (possible,) = origins(polled).possible.values()
    assert possible == {"p002"}


def test_a_sender_that_moved_meanwhile_can_have_sent_it() -> None:
    polled = Polled(room())
    polled.sent("p001", CAMERAS["p001"], (2.0, 18.0))
    polled.sent("p001", course(2), (20.0, END_S), connection="pc2", ssrc=101)
    polled.received("p000", course(1), mid="7")
    (possible,) = origins(polled).possible.values()
    assert possible == {"p001"}


@pytest.mark.parametrize("asked", [plan(), plan("broadcast", 3), room(media="mixed")])
def test_where_a_receiver_has_one_sender_or_a_mix_nothing_is_asked(asked: object) -> None:
    polled = Polled(asked)  # type: ignore[arg-type]
    polled.sent("p000", course(1))
    polled.received("p001", course(1))
    found = origins(polled)
    assert found == Origins({}, {})


def test_a_call_in_which_more_streams_are_there_than_are_owed_is_asked_all_the_same() -> None:
    polled = Polled(plan())
    for place in range(3):
        polled.sent("p000", course(place), mid=f"{place}", ssrc=100 + place, track=f"{place}")
        polled.received("p001", course(place), mid=f"{place}", ssrc=500 + place, track=f"t{place}")
    assert whose(polled, "p001") == {"0": "p000", "1": "p000", "2": "p000"}


def test_the_order_of_rows_does_not_count() -> None:
    polled = screen_beside_camera(known=True)
    polled.received("p000", CAMERAS["p002"], (5.0, 9.0), mid="8", ssrc=601, track="t8")
    trial = polled.trial()
    acts = PageActs(trial.events)
    sessions, hold = polled.plan.sessions, (HOLD_S, END_S)
    assert all(
        senders_in(trial.shuffled(seed), sessions, hold, acts)
        == senders_in(trial, sessions, hold, acts)
        for seed in range(5)
    )
