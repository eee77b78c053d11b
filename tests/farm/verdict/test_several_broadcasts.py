"""Broadcasts at once, of several presenters: who fails with whom."""

from __future__ import annotations

from farm.model.criteria import Criteria
from farm.model.experiment import Experiment, Scenario
from farm.model.verdict import Outcome, Verdict
from farm.planning.trial_planning import plan_trial
from farm.testing import good_evidence
from farm.verdict import judge
from tests.farm.trial_evidence import Spoil, losing, spoilt, stream

WEBINARS = Scenario(kind="broadcast", presenters=2, sessions=2)
"""Presenters p000, p001 and p004, p005; viewers p002, p003 and p006, p007."""


def judged(*spoils: Spoil, scenario: Scenario = WEBINARS, load: int = 8) -> Verdict:
    experiment = Experiment(scenario=scenario)
    plan = plan_trial(experiment, load, index=0, purpose="single", hosts=["here"])
    evidence = good_evidence(plan, windows=4)
    for spoil in spoils:
        evidence = spoilt(evidence, spoil)
    return judge(evidence, Criteria())


def test_each_viewer_of_each_broadcast_is_a_unit() -> None:
    verdict = judged()
    assert (verdict.outcome, verdict.units, verdict.units_failed) == (Outcome.PASS, 4, 0)


def test_a_viewer_that_fails_fails_alone() -> None:
    verdict = judged(stream("p006", "inbound", "video", **losing(0.1)))
    assert (verdict.outcome, verdict.units_failed) == (Outcome.FAIL, 1)


def test_a_presenter_fails_the_viewers_of_its_own_broadcast() -> None:
    verdict = judged(stream("p005", "outbound", "video", **losing(0.1, "outbound")))
    assert (verdict.outcome, verdict.units_failed) == (Outcome.FAIL, 2)


def test_a_presenter_that_does_not_get_the_other_fails_them_too() -> None:
    verdict = judged(stream("p000", "inbound", "audio", **losing(0.1)))
    assert (verdict.outcome, verdict.units_failed) == (Outcome.FAIL, 2)
    assert [reason.probe for reason in verdict.reasons] == ["p000"]
