"""Rooms whose server sends the last speakers only: owed by number, whoever they are."""

from __future__ import annotations

import pytest

from farm.evidence import trial_evidence
from farm.model.criteria import Criteria
from farm.model.experiment import Scenario
from farm.model.trial_evidence import TrialEvidence
from farm.verdict import judge
from tests.farm.evidence.polled import END_S, Course, Polled, Span, at_times, course, plan_of

LAST_ONE = Scenario(kind="group", members=3, media="forwarded", last_n=1)
CAMERAS = {f"p00{number}": course(10 + number) for number in range(3)}
VOICES = {f"p00{number}": course(20 + number, 4_000.0) for number in range(3)}
TURN_S = 8.0


def turns(of: int) -> list[Span]:
    """The spans in which it is the first's turn, or the second's."""
    starts = [2.0 + TURN_S * number for number in range(5)]
    return [(start_s, min(start_s + TURN_S, END_S)) for start_s in starts[of::2]]


def on_one_line(first: Course, second: Course) -> Course:
    """What a server sends on one m-line: now the one's video, now the other's."""

    def total(now_s: float) -> float:
        return at_times(first, *turns(0))(now_s) + at_times(second, *turns(1))(now_s)

    return total


def room(*, line: str, fewer: str = "", until_s: float = END_S) -> Polled:
    """`line`: one for all, or of each its own; `fewer` gets nothing from `until_s` on."""
    polled = Polled(plan_of(LAST_ONE, 3))
    for place, sender in enumerate(CAMERAS):
        polled.tells(sender, "joining", 1.0, {})
        polled.gives(sender, 1.0, track=sender)
        polled.sent(sender, CAMERAS[sender], ssrc=100 + place, track=sender)
        polled.sent(sender, VOICES[sender], ssrc=200 + place, kind="audio", mid="9")
        first, second = (each for each in CAMERAS if each != sender)
        still_s = until_s if sender == fewer else END_S
        if line == "one":
            polled.received(sender, on_one_line(CAMERAS[first], CAMERAS[second]), still_s=still_s)
        for number, other in enumerate((first, second)):
            if line == "each":
                spans = turns(number)
                for at, span in enumerate(spans):
                    polled.received(
                        sender,
                        at_times(CAMERAS[other], span),
                        span,
                        mid=str(5 + number),
                        ssrc=500 + 10 * number + at,
                        track=f"t{number}",
                        still_s=max(still_s, span[0]),
                    )
            polled.received(
                sender, VOICES[other], ssrc=600 + number, kind="audio", mid=str(7 + number)
            )
    return polled


def reasons(polled: Polled) -> set[tuple[str | None, str | None, str | None]]:
    verdict = judge(evidence_of(polled), Criteria())
    return {(reason.probe, reason.stream, reason.sender) for reason in verdict.reasons}


def evidence_of(polled: Polled) -> TrialEvidence:
    return trial_evidence(polled.trial(), window_s=10.0, poll_s=1.0)


@pytest.mark.parametrize("line", ["one", "each"])
def test_whose_video_it_is_may_change_on_one_line_or_on_another(line: str) -> None:
    polled = room(line=line)
    assert reasons(polled) == set()
    (video,) = (
        each
        for each in evidence_of(polled).streams
        if (each.probe, each.direction, each.kind) == ("p000", "inbound", "video") and each.owed
    )
    assert (video.senders, video.seen, video.strange) == (("p001", "p002"), True, False)


@pytest.mark.parametrize("line", ["one", "each"])
def test_one_video_less_is_missed_from_whomever(line: str) -> None:
    polled = room(line=line, fewer="p001", until_s=20.0)
    assert reasons(polled) == {("p001", "inbound video", "p000 or p002")}


def test_key_frames_are_counted_for_a_switch_shows_a_still_picture_until_one_comes() -> None:
    polled = Polled(plan_of(LAST_ONE, 3))
    polled.received("p000", CAMERAS["p001"], keyFramesDecoded=3)
    received = [each for each in evidence_of(polled).intervals if each.direction == "inbound"]
    assert {each.key_frames for each in received} - {None} == {0}
