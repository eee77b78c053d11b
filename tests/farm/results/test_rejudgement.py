"""Trials judged again: the same evidence, other limits."""

from __future__ import annotations

from dataclasses import replace

from farm.analysis.trial_summary import summarise
from farm.model.criteria import Criteria, InvalidLimits
from farm.model.trial_evidence import TrialEvidence
from farm.model.trial_result import TrialResult
from farm.model.verdict import Outcome
from farm.results.rejudgement import ChangedLimit, capacity_under, changed_limits, rejudge
from farm.search.capacity_search import CapacitySearch
from farm.verdict import judge
from farm.verdict.baseline import Baseline, baseline_of
from tests.farm.trial_evidence import good, losing, spoilt, stream

USUAL, INVALID = Criteria(), InvalidLimits()


def search() -> tuple[list[TrialEvidence], dict[int, TrialResult]]:
    """Two baselines, 4 and 6 good, 8 with a stream that loses 1.5 %."""
    evidences = [
        good(load=load, index=index, purpose="baseline" if index < 2 else "search")
        for index, load in enumerate((2, 2, 4, 8, 6))
    ]
    lossy = stream("p000", "inbound", "video", **losing(0.015))
    evidences[3] = spoilt(evidences[3], lossy)
    baseline: Baseline | None = None
    results = {}
    for evidence in evidences:
        verdict = judge(evidence, USUAL, INVALID, baseline)
        results[evidence.plan.index] = summarise(evidence, verdict)
        if evidence.plan.index == 1:
            baseline = baseline_of(evidences[:2])
    return evidences, results


def test_under_the_same_limits_every_verdict_is_what_it_was() -> None:
    evidences, results = search()
    again = list(rejudge(evidences, results, USUAL, INVALID))
    assert [each.result.index for each in again] == [0, 1, 2, 3, 4]
    assert [each.now for each in again] == [result.verdict for result in results.values()]
    assert not any(each.changed for each in again)


def test_a_wider_limit_lets_a_failed_trial_pass_and_the_capacity_rise() -> None:
    evidences, results = search()
    again = list(rejudge(evidences, results, replace(USUAL, residual_loss=0.02), INVALID))
    assert [each.result.index for each in again if each.changed] == [3]
    assert again[3].now.outcome is Outcome.PASS
    assert again[3].now.reasons == ()

    def estimate(criteria: Criteria) -> int | None:
        judged = rejudge(evidences, results, criteria, INVALID)
        return capacity_under(CapacitySearch(2, 8, 2), judged).probes

    assert estimate(USUAL) == 6
    assert estimate(replace(USUAL, residual_loss=0.02)) == 8


def test_the_baseline_is_made_anew_of_what_passes_now() -> None:
    evidences, results = search()
    slower = spoilt(evidences[2], lambda i: {"frame_rate": i.frame_rate and 15.0})
    evidences[2] = slower  # 75 % of the baseline's, if there is one
    judged = list(rejudge(evidences, results, USUAL, INVALID))
    assert judged[2].now.reasons[0].code == "frame_rate"
    # Nobody is so quick: the baselines fail, and there is nothing to compare with.
    strict = replace(USUAL, setup_within_s=0.1, frame_rate_of_baseline=0.8)
    judged = list(rejudge(evidences, results, strict, INVALID))
    assert {each.now.outcome for each in judged} == {Outcome.FAIL}
    assert all("no baseline" in each.now.notes[0] for each in judged)


def test_a_baseline_that_was_given_is_used_from_the_first_trial_on() -> None:
    evidence = spoilt(
        good(load=4, purpose="single"), lambda i: {"frame_rate": i.frame_rate and 15.0}
    )
    results = {0: summarise(evidence, judge(evidence, USUAL, INVALID, None))}
    given = baseline_of([good(index=0), good(index=1)])
    (alone,) = rejudge([evidence], results, USUAL, INVALID)
    (compared,) = rejudge([evidence], results, USUAL, INVALID, baseline=given)
    assert "no baseline" in alone.now.notes[0]
    assert compared.now.notes == ()


def test_trials_without_a_result_are_left_out() -> None:
    evidences, results = search()
    del results[4]
    assert len(list(rejudge(evidences, results, USUAL, INVALID))) == 4


def test_what_differs_is_named_as_in_the_file() -> None:
    wider = replace(USUAL, residual_loss=0.02, setup_within_s=20.0)
    assert changed_limits(USUAL, wider, "criteria") == (
        ChangedLimit("criteria.setup_within", 15.0, 20.0),
        ChangedLimit("criteria.residual_loss", 0.01, 0.02),
    )
    assert changed_limits(INVALID, INVALID, "invalid") == ()
