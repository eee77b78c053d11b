"""Pages that close a working connection and open another: what is noted and said of it."""

from __future__ import annotations

from farm.evidence import trial_evidence
from farm.model.criteria import Criteria, InvalidLimits
from farm.model.trial_evidence import TrialEvidence
from farm.model.verdict import Outcome, Verdict
from farm.verdict import judge
from tests.farm.evidence.polled import END_S, Polled, course, plan, room

NOTE = (
    "p001's page closed its connection itself at 15 s of the hold, and opened another 8.0 s later"
)


def evidence_of(polled: Polled) -> TrialEvidence:
    return trial_evidence(polled.trial(), window_s=10.0, poll_s=1.0)


def judged(evidence: TrialEvidence) -> Verdict:
    return judge(evidence, Criteria(), InvalidLimits(), None)


def about(polled: Polled, at_s: float, connection: str, state: str, *, by_page: bool) -> None:
    data = {"connection": connection, "state": state, "by_page": by_page}
    polled.tells("p001", "connection", at_s, data)


def call(*, ends_s: float = 25.0, again_s: float = 33.0, silent_s: float = END_S) -> Polled:
    """A call in which p001's page replaces its connection, pc1 by pc2, and its partner waits.

    From `silent_s` on nothing comes by pc1.
    """
    polled = Polled(plan())
    for connection, span, place in (("pc1", (2.0, ends_s), 0), ("pc2", (again_s, END_S), 1)):
        about(polled, span[0], connection, "connected", by_page=False)
        for kind, number in (("video", 0), ("audio", 2)):
            sent = {"connection": connection, "kind": kind, "ssrc": 100 + number + place}
            got = {**sent, "ssrc": 500 + number + place, "track": f"{kind}{place}"}
            polled.sent("p001", course(1), span, mid=f"{number}", track=kind, **sent)
            polled.received("p001", course(2), span, mid=f"{number + 1}", still_s=silent_s, **got)
            got["connection"] = "pc1"
            polled.received("p000", course(1), span, mid=f"{number + 1}", **got)
            if place == 0:
                polled.sent("p000", course(2), mid=f"{number}", track=kind, **sent)
                came = {"connection": "pc1", "kind": kind, "track": got["track"], "setup_s": 0.2}
                polled.tells("p000", "setup", 2.2, came)
                polled.tells("p001", "setup", 2.2, came)
    return polled


def reconnections(polled: Polled) -> list[tuple[str, float, float]]:
    return [(each.probe, each.at_s, each.again_s) for each in evidence_of(polled).reconnections]


def test_what_a_page_closed_itself_is_noted_and_said_of_what_its_partner_lacks() -> None:
    polled = call()
    about(polled, 25.0, "pc1", "closed", by_page=True)
    evidence = evidence_of(polled)
    assert reconnections(polled) == [("p001", 25.0, 33.0)]
    verdict = judged(evidence)
    assert verdict.outcome is Outcome.FAIL
    assert verdict.page_notes == (NOTE,)
    messages = [reason.message for reason in verdict.reasons if "had no packet" in reason.message]
    assert messages
    assert all(message.endswith(f"; {NOTE}") for message in messages)
    assert not any("no media that are owed" in message for message in messages)


def test_of_a_page_that_is_back_at_once_there_is_the_note_alone() -> None:
    polled = call(ends_s=25.0, again_s=25.02)
    about(polled, 25.0, "pc1", "closed", by_page=True)
    verdict = judged(evidence_of(polled))
    assert verdict.outcome is Outcome.PASS
    assert verdict.page_notes == (
        "p001's page closed its connection itself at 15 s of the hold, and opened another at once",
    )


def test_the_step_after_which_a_page_closed_its_connection_is_named() -> None:
    polled = call()
    about(polled, 25.0, "pc1", "closed", by_page=True)
    polled.tells("p001", "after_join", 25.2, {"number": 0, "place": "d.yaml:19", "took_s": 0.4})
    (note,) = judged(evidence_of(polled)).page_notes
    assert "at 15 s of the hold, after d.yaml:19" in note


def test_a_page_that_opens_another_connection_while_the_first_goes_on_closed_nothing() -> None:
    polled = call(ends_s=26.0, again_s=24.0)
    assert reconnections(polled) == []
    about(polled, 26.0, "pc1", "closed", by_page=True)
    assert reconnections(polled) == []
    assert judged(evidence_of(polled)).page_notes == ()


def test_a_page_that_replaces_what_it_sends_by_and_goes_on_receiving_is_noted() -> None:
    polled = call()
    about(polled, 2.0, "pc9", "connected", by_page=False)
    polled.received("p001", course(2), connection="pc9", ssrc=509)
    about(polled, 25.0, "pc1", "closed", by_page=True)
    assert reconnections(polled) == [("p001", 25.0, 33.0)]


def test_a_page_that_replaces_one_of_several_connections_is_not_noted() -> None:
    polled = Polled(room())
    for connection, span, ssrc in (
        ("pc1", (2.0, 25.0), 0),
        ("pc2", (2.0, END_S), 1),
        ("pc3", (33.0, END_S), 2),
    ):
        about(polled, span[0], connection, "connected", by_page=False)
        polled.sent("p001", course(1), span, connection=connection, ssrc=100 + ssrc)
    about(polled, 25.0, "pc1", "closed", by_page=True)
    assert reconnections(polled) == []


def test_connections_that_are_closed_together_are_noted_once() -> None:
    polled = call()
    for connection, span, ssrc in (("pc4", (2.0, 25.0), 4), ("pc5", (33.0, END_S), 5)):
        about(polled, span[0], connection, "connected", by_page=False)
        polled.sent("p001", course(3), span, connection=connection, ssrc=100 + ssrc)
    about(polled, 25.0, "pc1", "closed", by_page=True)
    about(polled, 25.1, "pc4", "closed", by_page=True)
    assert reconnections(polled) == [("p001", 25.0, 33.0)]


def test_a_connection_that_had_failed_or_that_its_other_end_closed_is_no_act_of_the_page() -> None:
    for state in ("failed", "disconnected", "closed"):
        polled = call()
        about(polled, 24.0, "pc1", state, by_page=False)
        about(polled, 25.0, "pc1", "closed", by_page=True)
        assert reconnections(polled) == []


def test_a_connection_by_which_nothing_came_any_more_is_no_act_of_the_page() -> None:
    polled = call(silent_s=19.0)
    about(polled, 25.0, "pc1", "closed", by_page=True)
    assert reconnections(polled) == []


def test_a_page_that_reconnects_before_the_hold_is_not_noted() -> None:
    polled = call(ends_s=4.0, again_s=7.0)
    about(polled, 4.0, "pc1", "closed", by_page=True)
    assert reconnections(polled) == []
