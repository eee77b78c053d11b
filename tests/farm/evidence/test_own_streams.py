"""A page's own streams, sent back to it, are matched to no other sender."""

from __future__ import annotations

import pytest

from farm.evidence import trial_evidence
from farm.evidence.page_acts import PageActs
from farm.evidence.stream_senders import Origins, senders_in
from farm.model.trial_evidence import StreamIdentity
from tests.farm.evidence.polled import END_S, HOLD_S, Polled, course, plan, room

CAMERAS = {"p000": course(10), "p001": course(11), "p002": course(12)}


def videos_to(polled: Polled, probe: str) -> list[tuple[tuple[str, ...], bool, bool]]:
    """Of each video that the probe is owed, or received: from whom, owed, seen."""
    evidence = trial_evidence(polled.trial(), window_s=10.0, poll_s=1.0)
    return [_facts(each) for each in evidence.streams if _is_video_to(each, probe)]


def _is_video_to(stream: StreamIdentity, probe: str) -> bool:
    return (stream.probe, stream.direction, stream.kind) == (probe, "inbound", "video")


def _facts(stream: StreamIdentity) -> tuple[tuple[str, ...], bool, bool]:
    return stream.senders, stream.owed, stream.seen


def origins(polled: Polled) -> Origins:
    trial = polled.trial()
    return senders_in(trial, polled.plan.sessions, (HOLD_S, END_S), PageActs(trial.events))


def call(*, partner_sends_until_s: float) -> Polled:
    """p000 shows itself its own camera by two connections within the page."""
    polled = Polled(plan())
    for place, (probe, other) in enumerate((("p000", "p001"), ("p001", "p000"))):
        polled.gives(probe, 1.0, track=f"{probe}'s camera")
        polled.sent(probe, CAMERAS[probe], ssrc=100 + place, track=f"{probe}'s camera")
        polled.sent(probe, course(0), kind="audio", mid="8", ssrc=200 + place, track="microphone")
        polled.received(other, course(0), kind="audio", mid="9", ssrc=600 + place, track="sound")
        until_s = partner_sends_until_s if probe == "p001" else END_S
        if until_s > 0:
            polled.received(
                other, CAMERAS[probe], (2.0, until_s), ssrc=500 + place, track=f"t{place}"
            )
    polled.gives("p000", 2.0, connection="out", track="p000's camera")
    for tell, connection in ((polled.sent, "out"), (polled.received, "in")):
        track = "p000's camera"
        tell("p000", CAMERAS["p000"], (3.0, END_S), connection=connection, ssrc=190, track=track)
    return polled


def test_a_camera_that_a_page_shows_itself_is_not_its_partners() -> None:
    assert videos_to(call(partner_sends_until_s=0), "p000") == [
        (("p001",), True, False),
        (("p000",), False, True),
    ]


def test_a_camera_that_a_page_shows_itself_does_not_go_on_in_its_partners_place() -> None:
    evidence = trial_evidence(call(partner_sends_until_s=20.0).trial(), window_s=10.0, poll_s=1.0)
    (partners,) = (each for each in evidence.streams if _is_video_to(each, "p000") and each.owed)
    assert (partners.senders, partners.ended_s) == (("p001",), 19.5)


def test_a_page_that_shows_itself_its_own_camera_besides_has_all_that_it_is_owed() -> None:
    assert videos_to(call(partner_sends_until_s=END_S), "p000") == [
        (("p001",), True, True),
        (("p000",), False, True),
    ]


@pytest.mark.parametrize("partners", [("p001",), ("p001", "p002")])
def test_a_camera_that_a_server_gives_back_by_another_name_is_nobody_elses(
    partners: tuple[str, ...],
) -> None:
    polled = Polled(room())
    for place, (probe, camera) in enumerate(CAMERAS.items()):
        polled.sent(probe, camera, ssrc=100 + place, track=f"{probe}'s camera")
    for place, sender in enumerate(("p000", *partners)):
        polled.received(
            "p000", CAMERAS[sender], mid=f"{place}", ssrc=500 + place, track=f"t{place}"
        )
    assert videos_to(polled, "p000") == [
        (("p001",), True, True),
        (("p002",), True, "p002" in partners),
        (("p000",), False, True),
    ]


def test_no_probe_can_be_the_sender_of_what_only_the_probe_itself_sent() -> None:
    polled = Polled(room())
    polled.sent("p000", CAMERAS["p000"])
    polled.received("p000", course(1), mid="7")
    (possible,) = origins(polled).possible.values()
    assert possible == frozenset()


# ---------------------------------------------------------------- pages that get only their own


def echoes(*, encodings: int) -> Polled:
    """Two pages that a server gives back what they send, and nothing else."""
    polled = Polled(plan())
    for place, (probe, camera) in enumerate(list(CAMERAS.items())[:2]):
        for layer in range(encodings):
            number, rid = 100 + 10 * place + layer, f"r{layer}" if encodings > 1 else None
            polled.sent(probe, camera, ssrc=number, track=f"{probe}'s camera", rid=rid)
        polled.sent(probe, course(0), kind="audio", mid="1", ssrc=200 + place, track="microphone")
        polled.received(probe, camera, mid="5", ssrc=500 + place)
        polled.received(probe, course(0), kind="audio", mid="6", ssrc=600 + place, track="sound")
    return polled


@pytest.mark.parametrize("encodings", [1, 2])
def test_what_pages_get_back_is_what_they_are_owed_where_nothing_else_comes_to_anybody(
    encodings: int,
) -> None:
    """Of two encodings a page has more rows than it owes streams, so that they are asked."""
    polled = echoes(encodings=encodings)
    assert origins(polled) == Origins({}, {})
    assert videos_to(polled, "p000") == [(("p001",), True, True)]
