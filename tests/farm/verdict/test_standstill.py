"""A server that stands still: what is said first where nothing came to any probe for seconds."""

from __future__ import annotations

import dataclasses

from farm.model.criteria import Criteria, InvalidLimits
from farm.model.page_acts import PageLoad, Reconnection
from farm.model.trial_evidence import StreamInterval
from farm.model.verdict import Outcome, Verdict
from farm.verdict import judge
from tests.farm.trial_evidence import Change, good, losing, spoilt

STILL = "; no media that are owed came to any probe then"


def stopped(*, spared: str = "", gap_s: float = 9.6) -> Verdict:
    """The last windows of a trial: lossy, frozen, and with a gap, but for one probe's."""

    def change(interval: StreamInterval) -> Change | None:
        if interval.direction == "outbound" or interval.window < 2:
            return None
        bad: Change = {**losing(0.46), "stalled_ratio": 0.8}
        if interval.probe == spared:
            return bad
        return {**bad, "gap_s": gap_s if interval.window == 3 else gap_s - 1.0}

    return judge(spoilt(good(load=4), change), Criteria(), InvalidLimits(), None)


def test_gaps_come_first_where_nothing_came_to_any_probe() -> None:
    verdict = stopped()
    assert verdict.outcome is Outcome.FAIL
    assert verdict.reasons[0].code == "gap"
    assert verdict.reasons[0].message.endswith(STILL)
    assert {"residual_loss", "stalled"} <= {reason.code for reason in verdict.reasons}


def test_a_server_that_still_sent_to_one_probe_did_not_stand_still() -> None:
    verdict = stopped(spared="p003")
    assert not any(STILL in reason.message for reason in verdict.reasons)


def test_gaps_that_may_have_been_one_after_the_other_are_no_standstill() -> None:
    verdict = stopped(gap_s=4.9)
    assert "gap" in {reason.code for reason in verdict.reasons}
    assert not any(STILL in reason.message for reason in verdict.reasons)


def test_gaps_of_one_window_of_which_some_began_in_the_one_before_need_not_meet() -> None:
    """One probe's ended as the window began, the other's came later in it."""

    def change(interval: StreamInterval) -> Change | None:
        began_before = interval.probe in ("p000", "p002")
        gap_s = {1: 4.8, 2: 5.8} if began_before else {2: 6.0, 3: 2.5}
        if interval.direction == "outbound" or interval.window not in gap_s:
            return None
        return {"gap_s": gap_s[interval.window]}

    verdict = judge(spoilt(good(load=4), change), Criteria(), InvalidLimits(), None)
    assert [reason.code for reason in verdict.reasons] == ["gap"] * 8
    assert not any(STILL in reason.message for reason in verdict.reasons)


def test_a_standstill_within_one_window_is_seen() -> None:
    def change(interval: StreamInterval) -> Change | None:
        gap_s = {2: 6.3, 3: 2.5}
        if interval.direction == "outbound" or interval.window not in gap_s:
            return None
        return {"gap_s": gap_s[interval.window]}

    verdict = judge(spoilt(good(load=4), change), Criteria(), InvalidLimits(), None)
    assert all(STILL in reason.message for reason in verdict.reasons)


def test_nothing_is_said_of_the_server_where_pages_had_closed_their_connections() -> None:
    def change(interval: StreamInterval) -> Change | None:
        is_late = interval.window == 3 and interval.direction == "inbound"
        return {"gap_s": 9.6} if is_late else None

    still = spoilt(good(), change)
    for away in (
        {"left": {"p001": 60.0}},
        {"reloaded": {"p001": 60.0}},
        {"reconnections": (Reconnection("p001", 60.0, 69.0),)},
        {"page_loads": (PageLoad("p001", 60.0, "http://app/"),)},
    ):
        for evidence, is_said in ((still, True), (dataclasses.replace(still, **away), False)):
            reasons = judge(evidence, Criteria(), InvalidLimits(), None).reasons
            assert any(STILL in reason.message for reason in reasons) is is_said


def test_a_trial_without_gaps_is_judged_as_ever() -> None:
    assert judge(dataclasses.replace(good()), Criteria(), InvalidLimits(), None).outcome == "pass"
