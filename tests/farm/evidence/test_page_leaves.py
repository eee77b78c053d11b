"""Pages that closed their connections in the hold: which of them left, and which were left."""

from __future__ import annotations

import pytest

from farm.attribution.symptoms import server_reasons
from farm.evidence import trial_evidence
from farm.model.criteria import Criteria, InvalidLimits
from farm.model.trial_evidence import TrialEvidence
from farm.model.verdict import Reason
from farm.verdict import judge
from tests.farm.evidence.polled import END_S, Polled, course, plan, room


def evidence_of(polled: Polled) -> TrialEvidence:
    return trial_evidence(polled.trial(), window_s=10.0, poll_s=1.0)


def closed(polled: Polled, probe: str, at_s: float, connection: str = "pc1") -> None:
    data = {"connection": connection, "state": "closed", "by_page": True}
    polled.tells(probe, "connection", at_s, data)


def becomes(polled: Polled, probe: str, at_s: float, state: str, connection: str = "pc1") -> None:
    data = {"connection": connection, "state": state, "by_page": False}
    polled.tells(probe, "connection", at_s, data)


def call(ends_s: float = END_S, *, silent_s: float = END_S) -> Polled:
    """A call whose streams end; from `silent_s` on the server sends nothing to p000."""
    polled = Polled(plan())
    polled.sent("p000", course(2), (2.0, ends_s))
    polled.sent("p001", course(1))
    polled.received("p000", course(1), (2.0, ends_s), still_s=silent_s)
    polled.received("p001", course(2))
    return polled


# ---------------------------------------------------------------- by itself


def left(*closed_s: tuple[str, float], by_page: bool = True, went_on: bool = False) -> list[str]:
    """Those who left, where p001's page closed some of its connections at some time."""
    polled = Polled(plan())
    until_s = min([END_S, *(at_s for _, at_s in closed_s)])
    for connection in {connection for connection, _ in closed_s}:
        polled.sent("p001", course(1), (2.0, until_s), connection=connection)
        polled.received("p001", course(2), (2.0, until_s), connection=connection)
    polled.sent("p000", course(2))
    if went_on:
        polled.sent("p001", course(1), (until_s + 1, END_S), connection="pc9", ssrc=109)
    for connection, at_s in closed_s:
        data = {"connection": connection, "state": "closed", "by_page": by_page}
        polled.tells("p001", "connection", at_s, data)
    return list(evidence_of(polled).left)


def test_a_page_that_closes_its_connections_in_the_hold_has_left() -> None:
    assert left(("pc1", 25.0)) == ["p001"]
    assert left(("pc1", 25.0), ("pc2", 25.1)) == ["p001"]


def test_a_page_whose_connection_was_closed_by_another_has_not_left() -> None:
    assert left(("pc1", 25.0), by_page=False) == []


def test_a_page_that_goes_on_by_another_connection_has_not_left() -> None:
    assert left(("pc1", 25.0), went_on=True) == []


@pytest.mark.parametrize("at_s", [END_S, END_S + 0.5])
def test_a_page_that_leaves_when_the_hold_is_over_has_not_left_it(at_s: float) -> None:
    assert left(("pc1", at_s)) == []


# ---------------------------------------------------------------- what had failed before


def test_a_page_that_closes_what_had_failed_did_not_leave_and_the_server_has_its_part() -> None:
    polled = Polled(plan())
    for probe, mine, theirs in (("p000", 2, 1), ("p001", 1, 2)):
        polled.sent(probe, course(mine), (2.0, 26.0))
        polled.received(probe, course(theirs), (2.0, 26.0), still_s=18.0)
        becomes(polled, probe, 2.0, "connected")
        becomes(polled, probe, 25.0, "failed")
        closed(polled, probe, 26.0)
    evidence = evidence_of(polled)
    assert evidence.left == {}
    reasons = judge(evidence, Criteria(), InvalidLimits(), None).reasons
    assert "gap" in {reason.code for reason in server_reasons(reasons)}


def test_a_page_that_closes_a_connection_which_had_recovered_has_left() -> None:
    polled = call(25.0)
    for at_s, state in ((2.0, "connected"), (12.0, "disconnected"), (14.0, "connected")):
        becomes(polled, "p000", at_s, state)
    closed(polled, "p000", 25.0)
    becomes(polled, "p000", 25.1, "failed")
    assert evidence_of(polled).left == {"p000": 25.0}


def test_what_failed_and_was_given_up_long_before_does_not_keep_a_page_from_leaving() -> None:
    polled = call(30.0)
    polled.sent("p000", course(2), (2.0, 14.0), connection="pc2", ssrc=102)
    becomes(polled, "p000", 13.0, "failed", "pc2")
    closed(polled, "p000", 14.0, "pc2")
    closed(polled, "p000", 30.0)
    assert evidence_of(polled).left == {"p000": 30.0}


def test_a_page_that_closes_its_connection_after_nothing_came_any_more_was_left() -> None:
    polled = call(25.0, silent_s=19.0)
    closed(polled, "p000", 25.0)
    assert evidence_of(polled).left == {}


def test_a_page_to_which_nobody_sent_anything_any_more_has_left() -> None:
    polled = Polled(plan())
    polled.sent("p000", course(2), (2.0, 25.0))
    polled.sent("p001", course(1), still_s=19.0)
    polled.received("p000", course(1), (2.0, 25.0), still_s=19.0)
    closed(polled, "p000", 25.0)
    assert evidence_of(polled).left == {"p000": 25.0}


def test_a_page_that_wanted_nothing_any_more_has_left() -> None:
    polled = call(25.0, silent_s=19.0)
    data = {"connection": "pc1", "mid": "1", "kind": "video", "wanted": False}
    polled.tells("p000", "receiver", 19.0, {**data, "direction": "inactive"})
    closed(polled, "p000", 25.0)
    assert evidence_of(polled).left == {"p000": 25.0}


def test_a_page_that_is_to_receive_nothing_has_left_though_nothing_came() -> None:
    polled = Polled(room(video=0, audio=0))
    for number in range(3):
        polled.sent(f"p00{number}", course(number), (2.0, 25.0 if number == 0 else END_S))
    closed(polled, "p000", 25.0)
    assert evidence_of(polled).left == {"p000": 25.0}


# ---------------------------------------------------------------- by a step of the driver


def left_reason(evidence: TrialEvidence) -> Reason:
    reasons = judge(evidence, Criteria(), InvalidLimits(), None).reasons
    return next(reason for reason in reasons if reason.code == "left")


def loads_after_a_step(polled: Polled, probe: str, at_s: float) -> None:
    """The page loads a document 0.1 s after a step of the driver, which took 0.2 s."""
    data = {"number": 0, "place": "d.yaml:19", "took_s": 0.2}
    polled.tells(probe, "after_join", at_s - 0.1, data)
    polled.tells(probe, "loaded", at_s, {"url": "http://a/", "tab": 0, "after_step_s": 0.1})


def test_a_page_that_a_step_made_load_a_new_document_and_no_connection_again_has_left() -> None:
    """An unloaded page tells nothing of its connections."""
    polled = call(25.0)
    loads_after_a_step(polled, "p000", 25.0)
    evidence = evidence_of(polled)
    assert evidence.left == {"p000": 25.0}
    first = left_reason(evidence)
    assert first.probe == "p000"
    assert "its page loaded a new document after d.yaml:19" in first.message


def test_a_page_that_a_step_made_load_and_that_joined_again_has_not_left() -> None:
    polled = call(25.0)
    polled.sent("p000", course(2), (27.0, END_S), connection="pc9", ssrc=109)
    loads_after_a_step(polled, "p000", 25.0)
    assert evidence_of(polled).left == {}


def test_a_page_that_left_by_a_load_may_load_another_document_later() -> None:
    polled = call(25.0)
    loads_after_a_step(polled, "p000", 25.0)
    loads_after_a_step(polled, "p000", 33.0)
    assert evidence_of(polled).left == {"p000": 25.0}


def test_a_page_whose_streams_had_ended_long_before_a_step_made_it_load_has_not_left() -> None:
    polled = call(20.0)
    loads_after_a_step(polled, "p000", 28.0)
    assert evidence_of(polled).left == {}


def test_a_page_that_loads_by_itself_has_not_left() -> None:
    polled = call(25.0)
    polled.tells("p000", "loaded", 25.0, {"url": "http://a/", "tab": 0, "after_step_s": 9.0})
    assert evidence_of(polled).left == {}


# ---------------------------------------------------------------- by a load of its own


def loads_by_itself(polled: Polled, probe: str, at_s: float) -> None:
    polled.tells(probe, "loaded", at_s, {"url": "http://a/", "tab": 0, "after_step_s": 9.0})


def test_a_page_that_loads_by_itself_and_makes_no_connection_again_is_named_first() -> None:
    """Its partner's page closes its connection as it is gone: it is seen to load later."""
    polled = call(25.0)
    polled.received("p001", course(2), (2.0, 25.0), ssrc=501)
    closed(polled, "p001", 24.9)
    loads_by_itself(polled, "p000", 25.2)
    evidence = evidence_of(polled)
    assert evidence.reloaded == {"p000": 25.2}
    reasons = judge(evidence, Criteria(), InvalidLimits(), None).reasons
    assert (reasons[0].code, reasons[0].probe) == ("left", "p000")
    assert reasons[0].message == (
        "p000 (s000): its page loaded by itself at 15 s of the hold, and was out of its session "
        "from then on"
    )
    assert not any("left first" in reason.message for reason in reasons)
    assert not any("no media that are owed came" in reason.message for reason in reasons)


def test_the_streams_of_a_page_that_loaded_by_itself_are_judged() -> None:
    polled = call(25.0)
    loads_by_itself(polled, "p000", 25.0)
    reasons = judge(evidence_of(polled), Criteria(), InvalidLimits(), None).reasons
    assert {"left", "gap"} <= {reason.code for reason in reasons if reason.probe == "p000"}


def test_a_page_that_loads_by_itself_and_joins_again_was_not_lost() -> None:
    polled = call(25.0)
    polled.sent("p000", course(2), (27.0, END_S), connection="pc9", ssrc=109)
    loads_by_itself(polled, "p000", 25.0)
    assert evidence_of(polled).reloaded == {}


def test_a_page_that_loads_by_itself_after_its_connections_failed_was_not_lost() -> None:
    polled = call(25.0)
    becomes(polled, "p000", 24.0, "failed")
    loads_by_itself(polled, "p000", 25.0)
    assert evidence_of(polled).reloaded == {}
    silent = call(25.0, silent_s=19.0)
    loads_by_itself(silent, "p000", 25.0)
    assert evidence_of(silent).reloaded == {}


def test_a_page_that_closed_its_connections_in_a_step_says_which() -> None:
    polled = call(25.0)
    closed(polled, "p000", 25.0)
    polled.tells("p000", "after_join", 25.3, {"number": 0, "place": "d.yaml:19", "took_s": 0.5})
    evidence = evidence_of(polled)
    assert list(evidence.left_after) == ["p000"]
    first = left_reason(evidence)
    assert (
        "closed its own connections at 15 s of the hold, before its end, after d.yaml:19"
        in first.message
    )


def test_a_step_that_changes_nothing_is_held_against_nobody() -> None:
    polled = call()
    polled.tells("p000", "after_join", 25.0, {"number": 0, "place": "d.yaml:19", "took_s": 0.2})
    evidence = evidence_of(polled)
    assert (evidence.left, evidence.page_loads) == ({}, ())


def test_a_page_that_stopped_its_track_in_a_step_is_noted_with_the_step() -> None:
    polled = call()
    track = {"connection": "pc1", "mid": "0", "kind": "video", "source": "camera"}
    sends = {**track, "direction": "sendonly", "enabled": True}
    polled.tells("p000", "sender", 2.0, {**sends, "state": "live"})
    polled.tells("p000", "sender", 25.0, {**sends, "state": "ended"})
    polled.tells("p000", "after_join", 25.2, {"number": 0, "place": "d.yaml:19", "took_s": 0.3})
    acts = evidence_of(polled).acts
    assert [(act.probe, act.at_s, bool(act.step)) for act in acts] == [("p000", 25.0, True)]
    assert acts[0].step.startswith("d.yaml:19")
