"""A stream that is like nothing that was sent passes, and the verdict says what it may be."""

from __future__ import annotations

from farm.evidence import trial_evidence
from farm.model.experiment import Scenario
from farm.model.trial_evidence import TrialEvidence
from farm.verdict.trial_streams import TrialStreams
from farm.verdict.unattributed_streams import unattributed_notes
from tests.farm.evidence.polled import Polled, course, plan_of, room


def room_in_which_p000_receives(*seeds: int) -> TrialEvidence:
    """A room of three; a camera's course is that of the seed of its number."""
    polled = Polled(room())
    for place in range(3):
        polled.sent(f"p00{place}", course(10 + place), ssrc=100 + place, track=f"camera {place}")
    for place, seed in enumerate(seeds):
        polled.received("p000", course(seed), mid=f"{place}", ssrc=500 + place, track=f"t{place}")
    return trial_evidence(polled.trial(), window_s=10.0, poll_s=1.0)


def notes(evidence: TrialEvidence) -> list[str]:
    return list(unattributed_notes(TrialStreams(evidence)))


def test_a_bot_in_the_place_of_a_partner_is_said() -> None:
    assert notes(room_in_which_p000_receives(11, 1)) == [
        "1 received stream unlike anything that was sent (p000 inbound video 1, counted as "
        "p002's): the server changes what it forwards, loses much of it, or sends something else"
    ]


def test_what_is_received_beside_all_partners_is_no_stranger_in_anybodys_place() -> None:
    assert notes(room_in_which_p000_receives(11, 12, 1)) == []


def test_where_all_is_like_what_was_sent_nothing_is_said() -> None:
    assert notes(room_in_which_p000_receives(11, 12)) == []


def test_a_video_whose_sender_may_change_is_like_no_single_one() -> None:
    """Of a room whose server sends the last two speakers; all of the four send."""
    last_two = Scenario(kind="group", members=4, media="forwarded", last_n=2)
    polled = Polled(plan_of(last_two, 4))
    for place in range(4):
        polled.sent(f"p00{place}", course(10 + place), ssrc=100 + place, track=f"camera {place}")
    for place, seed in enumerate((11, 1)):
        polled.received("p000", course(seed), mid=f"{place}", ssrc=500 + place, track=f"t{place}")
    evidence = trial_evidence(polled.trial(), window_s=10.0, poll_s=1.0)
    assert any(each.strange for each in evidence.streams)
    assert notes(evidence) == []


def test_of_a_mix_nothing_is_said() -> None:
    """Where a screen is forwarded beside it, the mix itself is like nothing that was sent."""
    polled = Polled(room(media="mixed"))
    for place in range(3):
        polled.sent(f"p00{place}", course(10 + place), ssrc=100 + place, track=f"camera {place}")
    polled.sent("p001", course(20), mid="5", ssrc=150, track="screen")
    for place, seed in enumerate((20, 1)):
        polled.received("p000", course(seed), mid=f"{place}", ssrc=500 + place, track=f"t{place}")
    assert notes(trial_evidence(polled.trial(), window_s=10.0, poll_s=1.0)) == []


def test_where_a_senders_counters_are_unknown_nothing_is_said() -> None:
    """p002's stream moves so often that nobody can compare it."""
    polled = Polled(room())
    for place in range(2):
        polled.sent(f"p00{place}", course(10 + place), ssrc=100 + place, track=f"camera {place}")
    for place in range(13):
        span = 2.0 + 3 * place, 4.9 + 3 * place
        polled.sent("p002", course(12), span, connection=f"pc{place}", ssrc=200 + place, track="c")
    for place, seed in enumerate((11, 12)):
        polled.received("p000", course(seed), mid=f"{place}", ssrc=500 + place, track=f"t{place}")
    assert notes(trial_evidence(polled.trial(), window_s=10.0, poll_s=1.0)) == []
