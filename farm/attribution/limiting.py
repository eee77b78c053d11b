"""What limited the server, with the evidence for it in a sentence. Pure.

A resource is named only if it was saturated in a trial that failed, in a way that explains how it
failed; else the result is `unknown`, with how close each was to saturation. It is `driver` where
nobody ever got through the driver's steps: nothing is known of the server then. On a machine that
also runs probes only the media server's own process counts as CPU of the server.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from farm.analysis.aggregates import mean_known
from farm.attribution.bad_period import hold_of
from farm.attribution.decision import signs_of
from farm.attribution.failed_joins import fail_at_smallest_load
from farm.attribution.impairment import impairment_of
from farm.attribution.impairment_scope import impairment_scope
from farm.attribution.limit import (
    LimitedBy,
    NetworkTraffic,
    Resource,
    SaturationSign,
    ServerResources,
)
from farm.attribution.resource_series import Quality, cross_correlations
from farm.attribution.symptoms import server_reasons
from farm.attribution.trials import any_passed, trial_that_broke
from farm.model.trial_evidence import TrialEvidence
from farm.model.trial_result import TrialResult
from farm.model.verdict import ASSUMED_MEDIA, Outcome
from farm.model.wording import counted
from farm.search.capacity_estimate import CapacityEstimate

CPU: frozenset[Resource] = frozenset({"cpu_total", "cpu_thread", "generator"})
"""The resources whose signs show how busy the server's processor was."""

NAMED, NEAR = 6, 0.05
"""How many resources are named if none was saturated, and from which share on."""

NEAR_DEATH = 0.7
"""The share from which a resource is named beside a server's death: below it had plenty."""


def limited_by(
    estimate: CapacityEstimate,
    results: Sequence[TrialResult],
    broken: TrialEvidence | None,
    machine: ServerResources,
    *,
    held: TrialEvidence | None = None,
    quality: Quality | None = None,
) -> LimitedBy:
    """What limited the server in a search.

    `broken` and `held` are the evidence of `trial_that_broke` and `trial_that_held`; `quality` is
    that of the broken trial, second by second.
    """
    moved = None if held is None else _traffic(held)
    if estimate.state == "generator_ran_out":
        return replace(_last_invalid(results), moved=moved)
    if estimate.state == "ceiling_passed":
        text = f"{counted(estimate.probes or 0, 'probe')}, the largest load allowed, passed"
        return LimitedBy("ceiling", text, moved=moved)
    result = trial_that_broke(results, estimate)
    if result is None:
        invalid = [each.load for each in results if each.verdict.outcome is Outcome.INVALID]
        if invalid and max(invalid) > (estimate.probes or 0):
            return replace(_last_invalid(results), moved=moved)
        text = "no trial failed, so no resource is known to have been saturated"
        return LimitedBy("unknown", text, moved=moved)
    limit = limit_of_trial(
        result, broken, machine, held=held, quality=quality, steps_work=any_passed(results)
    )
    if limit.resource == "signalling":
        limit = _unless_at_any_load(limit, result, results)
    return replace(limit, moved=moved)


def limit_of_trial(
    result: TrialResult,
    broken: TrialEvidence | None,
    machine: ServerResources,
    *,
    held: TrialEvidence | None = None,
    quality: Quality | None = None,
    steps_work: bool = False,
) -> LimitedBy:
    """What limited the server in one trial that failed; `broken` is its evidence.

    `steps_work`: a trial passed, so that the driver's steps are known to work.
    """
    at = f"at {counted(result.load, 'probe')}"
    if broken is None:
        return LimitedBy("unknown", f"{at} nothing is known of the server's machine")
    signs = signs_of(result, broken, machine, held)
    if result.verdict.by_driver and held is None and not steps_work:
        signs = tuple(sign for sign in signs if sign.resource != "signalling")
        return LimitedBy("driver", _failed_step(result, signs), signs)
    reasons = result.verdict.reasons
    if reasons and not server_reasons(reasons):
        return LimitedBy("unknown", f"{at} {reasons[0].message}{_meanwhile(signs)}", signs)
    correlations = cross_correlations(hold_of(broken), quality)
    scope = impairment_scope(impairment_of(broken, held))
    first = signs[0] if signs and signs[0].share >= 1 else None
    no_cpu = "" if any(sign.resource in CPU for sign in signs) else "its CPU is not known"
    if first is not None and first.resource == "signalling" and no_cpu:
        # Joins are also late on a server without CPU.
        return LimitedBy("unknown", f"{at} {first.said}; {no_cpu}", signs, company=scope)
    if first is None:
        died = [each for each in result.verdict.reasons if each.code == "server_died"]
        near = [sign for sign in signs[:NAMED] if sign.share >= NEAR] or signs[:2]
        clauses = ", ".join(sign.said for sign in near)
        if died:
            high = ", ".join(sign.said for sign in signs if sign.share >= NEAR_DEATH)
            text = f"{at} the server died: {died[0].message}" + (f" ({high})" if high else "")
        elif not broken.server_samples:
            text = f"{at} nothing is known of the server's machine"
        elif no_cpu:
            near_by = f" ({clauses})" if clauses else ""
            text = (
                f"{at} no resource of the server that was sampled was saturated{near_by}; {no_cpu}"
            )
        else:
            text = f"{at} no resource was saturated: {clauses}"
        return LimitedBy("unknown", text, signs, lagged=correlations, company=scope)
    evidence = f"{at} {first.said}"
    correlated = next(
        (each for each in correlations if each.sure and each.resource.startswith(first.resource)),
        None,
    )
    if correlated is not None:
        evidence += f"; {correlated.said}"
    return LimitedBy(first.resource, evidence, signs, lagged=correlations, company=scope)


def _unless_at_any_load(
    limit: LimitedBy, broken: TrialResult, results: Sequence[TrialResult]
) -> LimitedBy:
    """The limit; unknown where as many joins fail at the smallest load."""
    alike = fail_at_smallest_load(broken, results)
    if alike is None:
        return limit
    text = f"{limit.evidence}; {alike}, so the load is not known to be why"
    return replace(limit, resource="unknown", evidence=text, at_any_load=True)


def _failed_step(result: TrialResult, signs: Sequence[SaturationSign]) -> str:
    """The step that failed, and what of the server was saturated meanwhile."""
    load, why = counted(result.load, "probe"), result.verdict.reasons[0].message
    return f"at {load} nobody got through: {why}{_meanwhile(signs)}"


def _meanwhile(signs: Sequence[SaturationSign]) -> str:
    """What of the server was saturated while something else went wrong, which may be why."""
    full = [sign for sign in signs if sign.share >= 1]
    return f"; meanwhile {full[0].said}" if full else ""


def _last_invalid(results: Sequence[TrialResult]) -> LimitedBy:
    """What the last invalid trial was limited by: the generator, unless its media are unknown."""
    invalid = [result for result in results if result.verdict.outcome is Outcome.INVALID]
    if not invalid:
        return LimitedBy("generator", "the generator could not carry a larger load")
    last = invalid[-1]
    reasons = last.verdict.reasons
    why = reasons[0].message if reasons else "the generator was at fault"
    unknown = any(reason.code == ASSUMED_MEDIA for reason in reasons)
    text = f"at {counted(last.load, 'probe')} {why}"
    return LimitedBy("unknown" if unknown else "generator", text)


def _traffic(held: TrialEvidence) -> NetworkTraffic:
    samples = hold_of(held)
    return NetworkTraffic(
        received_bps=mean_known(sample.received_bps for sample in samples),
        sent_bps=mean_known(sample.sent_bps for sample in samples),
        received_packets_per_s=mean_known(sample.received_packets_per_s for sample in samples),
        sent_packets_per_s=mean_known(sample.sent_packets_per_s for sample in samples),
    )
