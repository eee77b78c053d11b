"""A screen that is owed beside a camera: which stream it is, who lacks it, what its page did."""

from __future__ import annotations

import pytest

from farm.evidence import trial_evidence
from farm.model.criteria import Criteria
from farm.model.experiment import Scenario
from farm.model.page_acts import PageAct
from farm.model.session_roles import RoleStreams, SessionRole
from farm.model.trial_evidence import StreamIdentity, TrialEvidence
from farm.verdict import judge
from tests.farm.evidence.polled import END_S, Polled, Span, at_times, course, plan_of

HOST = SessionRole("host", sends=("audio", "video", "screen"))
GUEST = SessionRole(
    "guest",
    sends=(),
    count=2,
    receives=(RoleStreams("host", "video"), RoleStreams("host", "screen")),
)
SHARED = Scenario(kind="custom", roles=(HOST, GUEST))
CAMERA, SCREEN, VOICE = course(1), course(2), course(3, 4_000.0)
NONE = {"track": None, "state": "none"}


def shared(
    *withheld: tuple[str, str], screen: Span = (2.0, END_S), camera: Span = (2.0, END_S)
) -> Polled:
    """A host's camera (mid 0) and screen (mid 3), forwarded to guests but for what is withheld."""
    polled = Polled(plan_of(SHARED, 3))
    for probe in polled.plan.probes:
        polled.tells(probe.probe, "joining", 1.0, {})
    polled.gives("p000", 1.0, mid="0")
    polled.gives("p000", 1.0, mid="3", source="screen", track="screen", frame_rate=None)
    polled.gives("p000", 1.0, mid="4", source="microphone", kind="audio", track="voice")
    # The screen is the first that flows: the order says nothing.
    polled.sent("p000", at_times(SCREEN, screen), screen, mid="3", ssrc=101, track="screen")
    polled.sent("p000", at_times(CAMERA, camera), camera, mid="0", ssrc=100)
    polled.sent("p000", VOICE, mid="4", ssrc=102, track="voice", kind="audio")
    for number, guest in enumerate(("p001", "p002")):
        for place, (what, of, span) in enumerate(
            (("screen", SCREEN, screen), ("camera", CAMERA, camera))
        ):
            if (guest, what) not in withheld:
                polled.received(
                    guest,
                    at_times(of, span),
                    span,
                    mid=str(5 + place),
                    ssrc=500 + 10 * number + place,
                    track=f"t{number}{place}",
                )
    return polled


def evidence_of(polled: Polled) -> TrialEvidence:
    return trial_evidence(polled.trial(), window_s=10.0, poll_s=1.0)


def videos(evidence: TrialEvidence, probe: str) -> list[StreamIdentity]:
    return [each for each in evidence.streams if (each.probe, each.kind) == (probe, "video")]


def reasons(polled: Polled) -> set[tuple[str | None, str | None, str | None]]:
    verdict = judge(evidence_of(polled), Criteria())
    return {(reason.probe, reason.stream, reason.sender) for reason in verdict.reasons}


def test_camera_and_screen_are_told_apart_at_both_ends() -> None:
    evidence = evidence_of(shared())
    for probe, mids in (("p000", ["0", "3"]), ("p001", ["6", "5"])):
        assert [each.media for each in videos(evidence, probe)] == ["video", "screen"]
        assert [each.mid for each in videos(evidence, probe)] == mids
    assert [each.senders for each in videos(evidence, "p001")] == [("p000",), ("p000",)]
    assert [each.sent_tracks[-1][1] for each in videos(evidence, "p001")] == [0, 1]
    assert reasons(shared()) == set()


@pytest.mark.parametrize(("what", "stream"), [("screen", "screen"), ("camera", "video")])
def test_whichever_of_the_two_is_withheld_is_named(what: str, stream: str) -> None:
    assert reasons(shared(("p002", what))) == {("p002", f"inbound {stream}", "p000")}


def test_copies_of_a_camera_to_each_guest_are_no_screens() -> None:
    """A page of the kind that sends to each partner on a connection of its own."""
    polled = Polled(plan_of(SHARED, 3))
    for number, guest in enumerate(("p001", "p002")):
        pc = f"pc{number}"
        polled.tells(guest, "joining", 1.0, {})
        polled.gives("p000", 1.0, connection=pc)
        screen = {"source": "screen", "track": "screen", "frame_rate": None}
        polled.gives("p000", 1.0, connection=pc, mid="3", **screen)
        polled.sent("p000", CAMERA, connection=pc, ssrc=100 + number)
        polled.received(guest, CAMERA, ssrc=100 + number, track="c")
        polled.sent("p000", SCREEN, connection=pc, mid="3", ssrc=200 + number, track="screen")
        polled.received(guest, SCREEN, ssrc=200 + number, track="s", mid="2")
    polled.sent("p000", VOICE, mid="4", ssrc=102, track="voice", kind="audio")
    assert reasons(polled) == set()
    evidence = evidence_of(polled)
    for guest in ("p001", "p002"):
        camera, screen_of = videos(evidence, guest)
        assert (camera.mid, screen_of.mid, screen_of.seen) == ("1", "2", True)
    assert [each.media for each in videos(evidence, "p000") if each.owed] == ["video", "screen"]


def test_a_page_that_ends_its_screen_owes_its_camera_all_the_same() -> None:
    polled = shared(screen=(2.0, 20.0))
    polled.gives("p000", 20.0, mid="3", source="screen", **NONE)
    evidence = evidence_of(polled)
    assert evidence.acts == (PageAct("p000", "screen", 20.0, "gave its sender nothing to send"),)
    excused = {
        (each.probe, each.track, each.window)
        for each in evidence.intervals
        if each.kind == "video" and not each.owed
    }
    assert excused == {(probe, 1, at) for probe in ("p000", "p001", "p002") for at in (1, 2)}
    assert reasons(polled) == set()


def test_a_page_that_stops_its_camera_owes_its_screen_all_the_same() -> None:
    polled = shared(("p001", "screen"), camera=(2.0, 20.0))
    polled.gives("p000", 20.0, mid="0", state="ended")
    evidence = evidence_of(polled)
    assert evidence.acts == (PageAct("p000", "video", 20.0, "stopped its track"),)
    assert reasons(polled) == {("p001", "inbound screen", "p000")}


def test_a_screen_that_is_never_shown_is_owed_by_its_page() -> None:
    polled = shared(("p001", "screen"), ("p002", "screen"))
    polled.events[:] = [each for each in polled.events if each.data.get("source") != "screen"]
    polled.rows["outbound-rtp"] = [row for row in polled.rows["outbound-rtp"] if row["ssrc"] != 101]
    assert reasons(polled) >= {
        ("p000", "outbound screen", None),
        ("p001", "inbound screen", "p000"),
    }
