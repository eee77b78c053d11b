"""Media of the server's own: owed, matched, judged, and named when they stop."""

from __future__ import annotations

from dataclasses import replace

import pytest

from farm.evidence import trial_evidence
from farm.model.criteria import Criteria
from farm.model.experiment import Scenario
from farm.model.session_roles import SERVER, RoleStreams, SessionRole
from farm.model.trial_evidence import StreamInterval, TrialEvidence
from farm.model.verdict import Outcome, Verdict
from farm.verdict import judge
from farm.verdict.baseline import baseline_of
from tests.farm.evidence.polled import END_S, Polled, at_times, course, plan_of

ANSWERS = (RoleStreams(SERVER, "audio"), RoleStreams(SERVER, "video"))
USER = SessionRole("user", ("audio", "video"), receives=ANSWERS)
CAMERA, SOUND, ANSWER = course(1), course(2, 4_000.0), course(3)


def session(*roles: SessionRole, load: int = 1) -> Polled:
    """Sessions in which every probe sends what its role says."""
    polled = Polled(plan_of(Scenario(kind="custom", roles=roles), load))
    for place, probe in enumerate(polled.plan.probes):
        polled.tells(probe.probe, "joining", 0.5, {})
        if "video" in probe.sends:
            polled.gives(probe.probe, 1.0)
            polled.sent(probe.probe, course(10 + place), ssrc=100 + place)
        if "audio" in probe.sends:
            polled.sent(probe.probe, SOUND, kind="audio", mid="8", ssrc=200, track="microphone")
    return polled


def answered(*, until_s: float = END_S, mutes_at_s: float | None = None) -> Polled:
    """A page to which the server answers with media of its own, the video until a time."""
    polled = session(USER)
    polled.received("p000", SOUND, kind="audio", mid="8", ssrc=600, track="speech")
    polled.received("p000", at_times(ANSWER, (2.0, until_s)), still_s=until_s)
    if mutes_at_s is not None:
        polled.gives("p000", mutes_at_s, state="none")
    return polled


def evidence_of(polled: Polled) -> TrialEvidence:
    return trial_evidence(polled.trial(), window_s=10.0, poll_s=1.0)


def verdict_of(evidence: TrialEvidence) -> Verdict:
    return judge(evidence, Criteria())


def received(evidence: TrialEvidence, probe: str) -> list[tuple[str, tuple[str, ...], bool, bool]]:
    return [
        (each.kind, each.senders, each.owed, each.seen)
        for each in evidence.streams
        if (each.probe, each.direction) == (probe, "inbound")
    ]


def test_a_page_to_which_the_server_answers_passes() -> None:
    evidence = evidence_of(answered())
    assert received(evidence, "p000") == [
        ("audio", (SERVER,), True, True),
        ("video", (SERVER,), True, True),
    ]
    assert (verdict_of(evidence).outcome, verdict_of(evidence).reasons) == (Outcome.PASS, ())


def test_a_video_of_the_servers_that_stops_in_the_hold_is_named() -> None:
    verdict = verdict_of(evidence_of(answered(until_s=25.0)))
    assert verdict.outcome is Outcome.FAIL
    (first, *_) = verdict.reasons
    assert (first.probe, first.stream, first.sender) == ("p000", "inbound video", SERVER)
    assert first.message.startswith("p000 (s000) inbound video from the server ")


def test_a_video_of_the_servers_that_never_comes_is_named() -> None:
    polled = session(USER)
    polled.received("p000", SOUND, kind="audio", mid="8", ssrc=600)
    (reason,) = verdict_of(evidence_of(polled)).reasons
    assert (reason.code, reason.stream, reason.sender) == ("setup", "inbound video", SERVER)
    assert "inbound video from the server got no first media, limit 15 s" in reason.message


def test_what_the_server_sends_is_compared_with_nothing_that_a_probe_sent() -> None:
    polled = session(USER)
    polled.received("p000", SOUND, kind="audio", mid="8", ssrc=600)
    polled.received("p000", course(4, bytes_per_s=3_000.0))
    assert verdict_of(evidence_of(polled)).outcome is Outcome.PASS


@pytest.mark.parametrize("echoes", [1, 2])
def test_what_comes_back_to_each_page_is_the_servers_answer(echoes: int) -> None:
    polled = session(replace(USER, count=2, sends=("video",), receives=ANSWERS[1:]), load=2)
    for place, probe in enumerate(("p000", "p001")[:echoes]):
        polled.received(probe, course(10 + place), ssrc=500 + place)
    evidence = evidence_of(polled)
    assert received(evidence, "p000") == [("video", (SERVER,), True, True)]
    assert received(evidence, "p001") == [("video", (SERVER,), True, echoes == 2)]
    assert [each.probe for each in verdict_of(evidence).reasons] == ["p001"] * (2 - echoes)


def test_another_probes_camera_is_no_answer_of_the_servers() -> None:
    polled = session(replace(USER, count=3, sends=("video",), receives=ANSWERS[1:]), load=3)
    for probe, camera in (("p000", 11), ("p001", 11), ("p002", 12)):
        polled.received(probe, course(camera), ssrc=500 + camera)
    evidence = evidence_of(polled)
    assert received(evidence, "p000") == [
        ("video", (SERVER,), True, False),
        ("video", ("p001",), False, True),
    ]


def test_what_the_server_forwards_and_what_it_makes_are_told_apart() -> None:
    host = SessionRole("host", ("video",), receives=())
    guest = SessionRole("guest", (), receives=(RoleStreams("host", "video"), *ANSWERS[1:]))
    for courses, missing in (((10, 3), ()), ((3,), ("p000",)), ((10,), (SERVER,))):
        polled = session(host, guest, load=2)
        for place, seed in enumerate(courses):
            polled.received("p001", course(seed), mid=f"{place}", ssrc=500 + place)
        evidence = evidence_of(polled)
        seen = {of: is_seen for _, of, _, is_seen in received(evidence, "p001")}
        lacking = tuple(of[0] for of, is_seen in seen.items() if not is_seen and len(of) == 1)
        doubtful = {each for of in seen if len(of) > 1 for each in of}
        assert lacking == missing or set(missing) < doubtful
        assert (verdict_of(evidence).outcome is Outcome.PASS) == (not missing)


def test_while_a_page_sends_nothing_it_is_unknown_what_the_server_should_answer() -> None:
    verdict = verdict_of(evidence_of(answered(until_s=25.0, mutes_at_s=24.5)))
    assert (verdict.outcome, verdict.reasons) == (Outcome.PASS, ())
    assert any("gave its sender nothing to send (video)" in note for note in verdict.notes)


def test_few_frames_of_the_servers_are_found_by_the_baseline_alone() -> None:
    usual, slow = evidence_of(answered()), evidence_of(answered())
    slow = replace(
        slow,
        intervals=tuple(
            replace(each, frame_rate=5.0) if _is_received_video(each) else each
            for each in slow.intervals
        ),
    )
    assert verdict_of(slow).outcome is Outcome.PASS
    baseline = baseline_of([usual], at_least=1)
    assert baseline is not None
    own = baseline.of("user", "inbound", "video", is_of_server=True)
    assert own is not None
    assert own.frame_rate == pytest.approx(20.0)
    (reason,) = judge(slow, Criteria(), baseline=baseline).reasons
    assert (reason.code, reason.sender) == ("frame_rate", SERVER)


def test_smaller_pictures_of_the_servers_are_found_by_the_baseline_alone() -> None:
    polled = session(USER)
    polled.received("p000", SOUND, kind="audio", mid="8", ssrc=600)
    polled.received("p000", ANSWER, frameWidth=640, frameHeight=480)
    usual = evidence_of(polled)
    small = replace(
        usual,
        intervals=tuple(
            replace(each, frame_width=160, frame_height=120) if _is_received_video(each) else each
            for each in usual.intervals
        ),
    )
    assert verdict_of(small).outcome is Outcome.PASS
    (reason,) = judge(small, Criteria(), baseline=baseline_of([usual], at_least=1)).reasons
    assert (reason.code, reason.sender) == ("pixels", SERVER)


def test_a_page_that_gets_nothing_any_more_and_closes_its_connection_did_not_leave() -> None:
    polled = answered(until_s=20.0)
    polled.received("p000", SOUND, (2.0, 20.0), kind="audio", mid="8", ssrc=600, track="speech")
    assert evidence_of(polled).left == {}


def test_the_server_may_owe_several_streams_of_a_kind() -> None:
    two = (RoleStreams(SERVER, "video", 2),)
    polled = session(SessionRole("user", (), receives=two))
    polled.received("p000", ANSWER)
    evidence = evidence_of(polled)
    assert received(evidence, "p000") == [
        ("video", (SERVER,), True, True),
        ("video", (SERVER,), True, False),
    ]
    assert [each.sender for each in verdict_of(evidence).reasons] == [SERVER]


def _is_received_video(interval: StreamInterval) -> bool:
    return (interval.direction, interval.kind) == ("inbound", "video")
