"""The streams that were seen, matched to what the plan owes, and what a page's acts excuse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from farm.evidence import trial_evidence
from farm.model.criteria import Criteria, InvalidLimits
from farm.model.page_acts import PageAct
from farm.model.trial_evidence import StreamIdentity, TrialEvidence
from farm.model.trial_plan import Direction
from farm.model.webrtc_stats import MediaKind
from farm.verdict import judge
from tests.farm.evidence.polled import END_S, Course, Polled, at_times, course, plan, room

CAMERAS = {f"p00{number}": course(10 + number) for number in range(3)}
OTHERS = {probe: course(60 + place) for place, probe in enumerate(CAMERAS)}
"""Like nobody's camera: whose stream it is cannot be known."""

NONE = {"track": None, "state": "none", "frame_rate": None}


def evidence_of(polled: Polled) -> TrialEvidence:
    return trial_evidence(polled.trial(), window_s=10.0, poll_s=1.0)


def identities(
    evidence: TrialEvidence, probe: str = "p000", direction: Direction = "inbound"
) -> list[StreamIdentity]:
    """The probe's videos."""
    return [
        each
        for each in evidence.streams
        if (each.probe, each.direction, each.kind) == (probe, direction, "video")
    ]


def not_owed(
    evidence: TrialEvidence, kind: MediaKind = "video"
) -> set[tuple[str, Direction, int, int]]:
    """Probe, direction, track and window of what is owed to nobody."""
    return {
        (each.probe, each.direction, each.track, each.window)
        for each in evidence.intervals
        if not each.owed and each.kind == kind
    }


def forwarding_room(
    *, coded_anew: Mapping[str, Course] | None = None, stops: Mapping[str, float] | None = None
) -> Polled:
    """Each member's page gives its camera to one connection, and receives all others' videos.

    `stops` says from when on nothing is sent of a member's camera, `coded_anew` what the server
    makes of each.
    """
    polled = Polled(room())
    names = [probe.probe for probe in polled.plan.probes]
    for place, sender in enumerate(names):
        still_s = (stops or {}).get(sender, END_S)
        polled.gives(sender, 1.0, track=f"{sender}'s camera")
        polled.sent(
            sender, CAMERAS[sender], ssrc=100 + place, track=f"{sender}'s camera", still_s=still_s
        )
        for receiver in names:
            if receiver != sender:
                number = 10 * place + int(receiver[-1])
                polled.received(
                    receiver,
                    (coded_anew or CAMERAS)[sender],
                    mid=f"{5 + place}",
                    ssrc=500 + number,
                    track=f"t{number}",
                    still_s=still_s,
                )
    return polled


# ---------------------------------------------------------------- what was seen


def test_each_owed_stream_is_named_with_its_sender_and_when() -> None:
    first, second = identities(evidence_of(forwarding_room()), "p001")
    assert (first.senders, second.senders) == (("p000",), ("p002",))
    assert (first.track, first.connection, first.mid) == (0, "pc1", "5")
    assert (second.track, second.connection, second.mid) == (1, "pc1", "7")
    assert (first.began_s, first.ended_s) == (2.5, 39.5)
    assert first.owed
    assert first.seen


def test_what_never_came_is_owed_and_was_not_seen() -> None:
    polled = forwarding_room()
    polled.rows["inbound-rtp"] = [
        row
        for row in polled.rows["inbound-rtp"]
        if (row["probe"], row["trackIdentifier"]) != ("p000", "t10")
    ]
    first, second = identities(evidence_of(polled))
    assert (first.senders, first.owed, first.seen, first.began_s) == (("p001",), True, False, None)
    assert (second.senders, second.seen) == (("p002",), True)


def test_what_is_received_beside_what_is_owed_is_reported_and_owed_to_nobody() -> None:
    polled = forwarding_room()
    polled.received("p000", course(30), (12.0, 30.0), mid="9", ssrc=900, track="t9")
    evidence = evidence_of(polled)
    assert [(each.track, each.owed) for each in identities(evidence)] == [
        (0, True),
        (1, True),
        (2, False),
    ]
    assert not_owed(evidence) == {("p000", "inbound", 2, window) for window in range(2)}


def test_a_stream_that_moves_is_one_with_the_line_that_it_had_last() -> None:
    polled = Polled(plan())
    polled.sent("p001", course(1))
    polled.received("p000", course(1), (2.0, 20.0))
    polled.received("p000", course(1), (20.0, END_S), connection="pc2", mid="4", ssrc=501)
    (identity,) = identities(evidence_of(polled))
    assert (identity.connection, identity.mid) == ("pc2", "4")
    assert (identity.began_s, identity.ended_s) == (2.5, 39.5)


def worst_gap_s(evidence: TrialEvidence, probe: str) -> float:
    """The longest time without a packet of the video that a probe is owed."""
    return max(
        each.gap_s or 0.0
        for each in evidence.intervals
        if (each.probe, each.direction, each.kind) == (probe, "inbound", "video") and each.owed
    )


def test_two_streams_that_take_turns_are_the_one_that_is_owed() -> None:
    """A server that sends the last speaker only, or reuses the line that it had before."""
    polled = Polled(plan())
    polled.sent("p001", course(1))
    turns = (2.0, 15.0), (27.0, END_S)
    polled.received("p000", at_times(course(1), *turns), mid="4")
    polled.received("p000", course(1), (15.0, 27.0), mid="6", ssrc=501, track="other")
    evidence = evidence_of(polled)
    (identity,) = identities(evidence)
    assert (identity.owed, identity.began_s, identity.ended_s) == (True, 2.5, 39.5)
    assert worst_gap_s(evidence, "p000") < 2.0


def test_a_silence_that_nothing_fills_is_one() -> None:
    polled = Polled(plan())
    polled.sent("p001", course(1))
    polled.received("p000", at_times(course(1), (2.0, 15.0), (27.0, END_S)))
    evidence = evidence_of(polled)
    (identity,) = identities(evidence)
    assert identity.owed
    assert worst_gap_s(evidence, "p000") >= 10.0


def test_where_a_server_limits_what_it_forwards_each_stream_may_be_of_any_partner() -> None:
    polled = Polled(room(video=1))
    for place, sender in enumerate(CAMERAS):
        polled.sent(sender, CAMERAS[sender], ssrc=100 + place, track=sender)
    polled.received("p000", CAMERAS["p001"], (2.0, 20.0))
    polled.received("p000", CAMERAS["p002"], (20.5, END_S), mid="4", ssrc=501, track="t2")
    (only,) = identities(evidence_of(polled))
    assert (only.senders, only.owed) == (("p001", "p002"), True)


def test_a_copy_that_goes_on_as_what_is_owed_is_not_that_before() -> None:
    """p001's stream to p002 stands for its camera, and ends a moment before that to p000."""
    polled = Polled(room())
    for place, (partner, until_s) in enumerate((("p002", 22.0), ("p000", 24.0))):
        on, encoder = f"to {partner}", course(100 + place)
        polled.gives("p001", 1.0, connection=on, track="p001's camera")
        polled.sent("p001", encoder, (2.0 + place, until_s), connection=on, ssrc=100 + place)
    polled.sent("p002", CAMERAS["p002"], ssrc=300, track="p002's camera")
    polled.received("p000", course(101), (3.0, 24.0), mid="1", ssrc=500, track="t1")
    (partners, _) = identities(evidence_of(polled))
    assert (partners.senders, partners.mid) == (("p001",), "1")
    (early, before), (from_s, track) = partners.sent_tracks
    assert (early, before, track) == (float("-inf"), -1, 0)
    assert 21.0 < from_s < 22.0


def test_what_is_left_for_one_sender_alone_is_what_that_one_owes() -> None:
    """Two unlike streams begin at once; the one ends, and goes on as what p001 sends."""
    polled = Polled(room())
    for place, (probe, camera) in enumerate(CAMERAS.items()):
        polled.sent(probe, camera, ssrc=100 + place, track=f"{probe}'s camera")
    polled.received("p000", OTHERS["p000"], (2.0, 9.0), mid="0", ssrc=500, track="t0")
    polled.received("p000", CAMERAS["p001"], (10.0, END_S), mid="1", ssrc=501, track="t1")
    polled.received("p000", OTHERS["p001"], mid="2", ssrc=502, track="t2")
    first, second = identities(evidence_of(polled))
    assert (first.senders, first.mid) == (("p001",), "1")
    assert (second.senders, second.mid) == (("p002",), "2")
    assert second.sent_tracks == ((float("-inf"), 0),)


@pytest.mark.parametrize("with_mix", [True, False])
def test_a_screen_that_is_forwarded_beside_a_mix_is_not_the_mix(*, with_mix: bool) -> None:
    """Not even where its page shows nothing else any more."""
    polled = Polled(room(media="mixed"))
    for place, (probe, camera) in enumerate(CAMERAS.items()):
        until_s = 12.0 if probe == "p001" else END_S
        polled.gives(probe, 1.0, track=f"{probe}'s camera")
        polled.sent(probe, camera, (2.0, until_s), ssrc=100 + place, track=f"{probe}'s camera")
    screen = course(20)
    polled.gives("p001", 12.0, **NONE)
    polled.gives("p001", 12.0, mid="5", track="screen", source="screen", frame_rate=None)
    polled.sent("p001", screen, (12.0, END_S), mid="5", ssrc=150, track="screen")
    if with_mix:
        polled.received("p000", course(1), mid="1", ssrc=500, track="mix")
    polled.received("p000", screen, (12.0, END_S), mid="2", ssrc=501, track="shown")
    assert [(each.owed, each.seen, each.mid) for each in identities(evidence_of(polled))] == [
        (True, with_mix, "1" if with_mix else ""),
        (False, True, "2"),
    ]


def test_a_mix_comes_from_nobody_and_is_the_size_that_was_there_for_most_of_the_time() -> None:
    polled = Polled(room(media="mixed"))
    for mid, span, width in (("0", (2.0, 25.0), 1280), ("1", (3.0, END_S), 800)):
        number, size = int(mid), {"frameWidth": width, "frameHeight": 600}
        polled.received("p000", course(number), span, mid=mid, ssrc=500 + number, **size)
    evidence = evidence_of(polled)
    (mix,) = (each for each in identities(evidence) if each.owed)
    assert (mix.senders, mix.mid, mix.seen) == ((), "1", True)
    widths = [
        each.frame_width
        for each in evidence.intervals
        if (each.probe, each.direction, each.kind) == ("p000", "inbound", "video")
        if each.track == mix.track
    ]
    assert widths == [800, 800, 800]


def test_a_screen_does_not_stand_in_for_its_senders_camera() -> None:
    polled = forwarding_room()
    screen = course(30)
    polled.gives("p001", 5.0, mid="3", source="screen", track="screen", frame_rate=None)
    polled.sent("p001", screen, (6.0, END_S), mid="3", ssrc=150, track="screen")
    received = polled.rows["inbound-rtp"]
    received[:] = [row for row in received if row["trackIdentifier"] != "t10"]
    polled.received("p000", screen, (6.0, END_S), mid="9", ssrc=900, track="t9")
    camera, _, shown = identities(evidence_of(polled))
    assert (camera.senders, camera.owed, camera.seen) == (("p001",), True, False)
    assert (shown.senders, shown.owed, shown.seen) == (("p001",), False, True)


def test_a_stream_does_not_stand_for_a_sender_who_cannot_have_sent_it() -> None:
    polled = Polled(room())
    polled.sent("p000", CAMERAS["p000"])
    polled.sent("p001", CAMERAS["p001"], (2.0, 12.0), ssrc=101)
    polled.sent("p002", CAMERAS["p002"], ssrc=102)
    polled.received("p000", OTHERS["p002"], (16.0, END_S))
    first, second = identities(evidence_of(polled))
    assert (first.seen, second.seen) == (False, True)


def test_a_received_stream_shows_which_of_its_senders_tracks_it_is() -> None:
    """A screen that is sent beside a camera is the sender's second track."""
    polled = forwarding_room()
    screen = course(30)
    polled.gives("p001", 5.0, mid="3", source="screen", track="screen", frame_rate=None)
    polled.sent("p001", screen, (6.0, END_S), mid="3", ssrc=150, track="screen")
    polled.received("p000", screen, (6.0, END_S), mid="9", ssrc=900, track="t9")
    camera, _, shown = identities(evidence_of(polled))
    assert camera.sent_tracks == ((float("-inf"), 0),)
    assert (shown.senders, shown.sent_tracks) == (("p001",), ((float("-inf"), 1),))


# ---------------------------------------------------------------- what a page's act excuses


@pytest.mark.parametrize("first", [NONE, None], ids=["replaceTrack", "addTrack"])
@pytest.mark.parametrize(("arrives_s", "outcome"), [(22.5, "pass"), (None, "fail")])
def test_a_camera_that_a_page_starts_late_is_owed_from_then_on(
    first: dict[str, Any] | None, arrives_s: float | None, outcome: str
) -> None:
    polled = Polled(plan())
    for probe, partner, seed in (("p000", "p001", 70), ("p001", "p000", 71)):
        polled.tells(probe, "joining", 1.0, {})
        polled.gives(probe, 1.5, kind="audio", mid="2")
        polled.sent(probe, course(seed), kind="audio", mid="2", ssrc=200, track="microphone")
        polled.received(partner, course(seed), kind="audio", mid="3", ssrc=600, track="a")
        polled.tells(partner, "setup", 2.0, {"kind": "audio", "setup_s": 0.5})
    polled.gives("p000", 1.5)
    polled.sent("p000", CAMERAS["p000"])
    polled.received("p001", CAMERAS["p000"])
    polled.tells("p001", "setup", 2.0, {"kind": "video", "setup_s": 0.5})
    if first is not None:
        polled.gives("p001", 1.5, **first)
    polled.gives("p001", 22.0)
    polled.sent("p001", CAMERAS["p001"], (22.0, END_S), ssrc=101)
    if arrives_s is not None:
        polled.received("p000", CAMERAS["p001"], (arrives_s, END_S))
        polled.tells("p000", "setup", arrives_s, {"kind": "video", "setup_s": arrives_s - 1.5})
    verdict = judge(evidence_of(polled), Criteria(), InvalidLimits(), None)
    assert verdict.outcome == outcome, verdict.reasons


def test_a_page_that_never_sends_a_camera_owes_it() -> None:
    polled = Polled(plan())
    polled.tells("p000", "joining", 1.0, {})
    polled.gives("p000", 1.5, kind="audio", mid="2")
    assert not_owed(evidence_of(polled)) == set()


def test_a_page_whose_microphone_was_known_first_owes_its_camera_from_the_hold_on() -> None:
    polled = Polled(plan())
    polled.gives("p000", 0.5, kind="audio", mid="2")
    polled.gives("p000", 9.5)
    evidence = evidence_of(polled)
    assert (evidence.acts, not_owed(evidence)) == ((), set())


def test_what_a_page_does_not_send_is_owed_neither_by_it_nor_to_its_partners() -> None:
    polled = forwarding_room(stops={"p001": 22.0})
    polled.gives("p001", 22.0, track="p001's camera", state="ended")
    evidence = evidence_of(polled)
    assert evidence.acts == (PageAct("p001", "video", 22.0, "stopped its track"),)
    assert not_owed(evidence) == {
        (*stream, window)
        for window in (1, 2)
        for stream in (("p001", "outbound", 0), ("p000", "inbound", 0), ("p002", "inbound", 1))
    }
    assert not_owed(evidence, "audio") == set()


def test_a_page_that_pauses_all_its_encodings_owes_nothing_and_its_partners_are_owed_theirs() -> (
    None
):
    polled = forwarding_room(stops={"p001": 22.0})
    polled.gives("p001", 22.0, track="p001's camera", active=False)
    evidence = evidence_of(polled)
    assert evidence.acts == (PageAct("p001", "video", 22.0, "paused all its encodings"),)
    assert not_owed(evidence) == {("p001", "outbound", 0, window) for window in (1, 2)}


def test_a_page_that_stops_its_paused_camera_is_reported_to_have_done_both() -> None:
    polled = forwarding_room(stops={"p001": 12.0})
    polled.gives("p001", 12.0, track="p001's camera", active=False)
    polled.gives("p001", 32.0, track="p001's camera", active=False, state="ended")
    evidence = evidence_of(polled)
    assert [(act.at_s, act.what) for act in evidence.acts] == [
        (12.0, "paused all its encodings"),
        (32.0, "stopped its track"),
    ]
    received = {each for each in not_owed(evidence) if each[1] == "inbound"}
    assert received == {("p000", "inbound", 0, 2), ("p002", "inbound", 1, 2)}


def test_what_a_page_sends_again_is_owed_again() -> None:
    polled = forwarding_room()
    polled.gives("p001", 12.0, track="p001's camera", enabled=False)
    polled.gives("p001", 15.0, track="p001's camera")
    assert {window for *_, window in not_owed(evidence_of(polled))} == {0}


def test_what_a_page_did_before_the_hold_and_undid_is_no_act() -> None:
    polled = forwarding_room()
    polled.gives("p001", 3.0, track="p001's camera", enabled=False)
    polled.gives("p001", 5.0, track="p001's camera")
    evidence = evidence_of(polled)
    assert evidence.acts == ()
    assert not_owed(evidence) == set()


def test_a_stream_that_ends_without_an_act_of_its_page_stays_owed() -> None:
    assert not_owed(evidence_of(forwarding_room(stops={"p001": 22.0}))) == set()


@pytest.mark.parametrize("sender", ["p001", "p002"])
def test_of_streams_that_may_be_of_either_the_silent_one_is_the_silent_senders(
    sender: str,
) -> None:
    polled = forwarding_room(coded_anew=OTHERS, stops={sender: 20.0})
    polled.gives(sender, 20.0, **NONE)
    evidence = evidence_of(polled)
    senders = [each.senders for each in identities(evidence)]
    assert senders == [("p001", "p002")] * 2
    silent = {
        each.track
        for each in evidence.intervals
        if (each.probe, each.direction, each.kind) == ("p000", "inbound", "video")
        and each.window == 2
        and not each.packets
    }
    excused = {track for probe, _, track, window in not_owed(evidence) if probe == "p000"}
    assert excused == silent
    assert len(excused) == 1


def test_no_more_streams_are_excused_than_senders_fell_silent() -> None:
    """The other one that stands still is a stream that its receiver lost."""
    polled = forwarding_room(coded_anew=OTHERS, stops={"p002": 20.0, "p001": 20.0})
    polled.gives("p002", 20.0, **NONE)
    excused = {
        (track, window)
        for probe, direction, track, window in not_owed(evidence_of(polled))
        if (probe, direction) == ("p000", "inbound")
    }
    assert sorted(window for _, window in excused) == [1, 2]


@pytest.mark.parametrize(("facts", "excused"), [({"enabled": False}, 0), (NONE, 1)])
def test_of_a_track_that_is_disabled_black_pictures_come_and_no_silence(
    facts: dict[str, Any], excused: int
) -> None:
    """Both streams of p001 and p002 flow until one of p000's ends: nobody knows whose."""
    polled = forwarding_room(coded_anew=OTHERS, stops={"p002": 20.0})
    polled.gives("p001", 12.0, **facts)
    evidence = evidence_of(polled)
    assert [each.senders for each in identities(evidence)] == [("p001", "p002")] * 2
    assert len({track for probe, _, track, _ in not_owed(evidence) if probe == "p000"}) == excused


def test_where_all_who_may_have_sent_them_disabled_their_tracks_no_stream_is_owed() -> None:
    polled = forwarding_room(coded_anew=OTHERS)
    for probe in ("p001", "p002"):
        polled.gives(probe, 22.0, track=f"{probe}'s camera", enabled=False)
    excused = {each for each in not_owed(evidence_of(polled)) if each[:2] == ("p000", "inbound")}
    assert excused == {("p000", "inbound", track, each) for track in (0, 1) for each in (1, 2)}


def test_as_many_streams_are_excused_as_senders_fell_silent() -> None:
    polled = forwarding_room(coded_anew=OTHERS, stops={"p002": 20.0, "p001": 20.0})
    polled.gives("p001", 20.0, **NONE)
    polled.gives("p002", 20.0, **NONE)
    excused = not_owed(evidence_of(polled))
    assert {("p000", "inbound", track, 2) for track in (0, 1)} <= excused


@pytest.mark.parametrize(("owed", "windows"), [(1, []), (2, [1, 2])])
def test_of_more_senders_than_streams_the_silent_ones_are_those_nobody_needs(
    owed: int, windows: list[int]
) -> None:
    """A server that forwards some of three senders has others to forward."""
    polled = Polled(room(4, video=owed))
    for place, sender in enumerate(CAMERAS):
        polled.gives(sender, 1.0)
        polled.sent(sender, CAMERAS[sender], ssrc=100 + place)
        if place < owed:
            dies_s = 20.0 if place == 0 else END_S
            ssrc = 500 + place
            polled.received("p003", course(ssrc), mid=f"{place}", ssrc=ssrc, still_s=dies_s)
    for sender in ("p001", "p002")[:owed]:
        polled.gives(sender, 12.0, **NONE)
    excused = [window for probe, *_, window in not_owed(evidence_of(polled)) if probe == "p003"]
    assert sorted(excused) == windows


def test_viewers_are_owed_nothing_while_their_presenter_sends_nothing() -> None:
    polled = Polled(plan("broadcast", 3))
    polled.gives("p000", 1.0)
    polled.gives("p000", 30.0, enabled=False)
    polled.sent("p000", course(1))
    for viewer in ("p001", "p002"):
        polled.received(viewer, course(1))
    assert not_owed(evidence_of(polled)) == {
        ("p000", "outbound", 0, 2),
        ("p001", "inbound", 0, 2),
        ("p002", "inbound", 0, 2),
    }


# ---------------------------------------------------------------- what a camera was asked for


def asked(polled: Polled) -> list[float | None]:
    """Of p000's video, window by window."""
    return [
        each.asked_frame_rate
        for each in evidence_of(polled).intervals
        if (each.probe, each.direction, each.kind) == ("p000", "outbound", "video")
    ]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ([], [20.0, 20.0, 20.0]),
        ([(1.0, {"frame_rate": 15.0})], [15.0, 15.0, 15.0]),
        ([(1.0, {"frame_rate": 30.0})], [20.0, 20.0, 20.0]),
        ([(1.0, {}), (25.0, {"frame_rate": 7.0})], [20.0, 7.0, 7.0]),
        ([(1.0, {}), (20.0, {"source": "screen"})], [20.0, None, None]),
        ([(1.0, {"mid": "8"})], [None, None, None]),
        ([(1.0, {}), (25.0, {"enabled": False})], [20.0, None, None]),
    ],
    ids=[
        "older recording",
        "less",
        "more",
        "less from then on",
        "no camera",
        "another sender",
        "disabled",
    ],
)
def test_a_camera_owes_what_its_page_asked_it_for_and_no_more_than_the_plan(
    facts: list[tuple[float, dict[str, Any]]], expected: list[float | None]
) -> None:
    polled = Polled(plan())
    polled.sent("p000", course(1))
    for at_s, each in facts:
        polled.gives("p000", at_s, **each)
    assert asked(polled) == expected


def test_while_a_moved_stream_had_no_camera_for_a_part_of_a_window_no_rate_is_owed() -> None:
    polled = Polled(plan())
    polled.sent("p000", course(1), (2.0, 25.0))
    polled.sent("p000", course(1), (25.0, END_S), connection="pc2", ssrc=101)
    polled.gives("p000", 1.0)
    polled.gives("p000", 25.0, connection="pc2", source="canvas", frame_rate=5.0)
    assert asked(polled) == [20.0, None, None]


# ---------------------------------------------------------------- what a page does not want


def wants(polled: Polled, probe: str, at_s: float, mid: str, *, wanted: bool) -> None:
    direction = "recvonly" if wanted else "inactive"
    data = {"connection": "pc1", "mid": mid, "kind": "video", "wanted": wanted}
    polled.tells(probe, "receiver", at_s, {**data, "direction": direction})


def call(*, silent_s: float = END_S) -> Polled:
    """p000 and p001 send each other their cameras; p001's reaches p000 until `silent_s`."""
    polled = Polled(plan())
    for probe in ("p000", "p001"):
        polled.gives(probe, 1.0)
        still_s = silent_s if probe == "p001" else END_S
        polled.sent(probe, CAMERAS[probe], still_s=still_s)
        partner = "p001" if probe == "p000" else "p000"
        polled.received(partner, CAMERAS[probe], still_s=still_s)
    return polled


def test_what_a_page_does_not_want_is_owed_neither_to_it_nor_by_its_only_partner() -> None:
    polled = call(silent_s=22.0)
    wants(polled, "p000", 22.0, "1", wanted=False)
    evidence = evidence_of(polled)
    assert evidence.acts == (PageAct("p000", "video", 22.0, "did not want to receive"),)
    assert not_owed(evidence) == {
        (*stream, window)
        for window in (1, 2)
        for stream in (("p000", "inbound", 0), ("p001", "outbound", 0))
    }


def test_a_call_on_hold_owes_nothing_in_either_direction() -> None:
    polled = call(silent_s=22.0)
    wants(polled, "p000", 22.0, "1", wanted=False)
    polled.gives("p000", 22.0, direction="inactive")
    excused = {(probe, direction) for probe, direction, _, _ in not_owed(evidence_of(polled))}
    assert excused == {(probe, each) for probe in CAMERAS for each in ("inbound", "outbound")} - {
        ("p002", "inbound"),
        ("p002", "outbound"),
    }


def test_what_a_page_wants_again_is_owed_again() -> None:
    polled = call()
    wants(polled, "p000", 12.0, "1", wanted=False)
    wants(polled, "p000", 15.0, "1", wanted=True)
    assert {window for *_, window in not_owed(evidence_of(polled))} == {0}


def test_a_sender_whom_others_want_goes_on_to_owe() -> None:
    polled = forwarding_room()
    wants(polled, "p000", 22.0, "6", wanted=False)
    assert not_owed(evidence_of(polled)) == {("p000", "inbound", 0, window) for window in (1, 2)}


def test_a_line_on_which_nothing_owed_comes_excuses_nothing() -> None:
    polled = call()
    wants(polled, "p000", 12.0, "9", wanted=False)
    evidence = evidence_of(polled)
    assert (evidence.acts, not_owed(evidence)) == ((), set())
