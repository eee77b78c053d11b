"""What limited the server, with the evidence for it in a sentence. Pure, and careful.

A resource is named only if it was at its end in a trial that failed, in a way that explains how it
failed; else the answer is `unknown`, with how far each was. A machine that also runs probes is no
measure of the server's CPU, so there only the media server's own process counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from farm.analysis.aggregates import mean_known
from farm.attribution.bad_period import hold_of
from farm.attribution.decision import signs_of
from farm.attribution.impairment import harm_of
from farm.attribution.impairment_scope import company_of
from farm.attribution.limit import LimitedBy, NetworkTraffic, Resource, ServerResources
from farm.attribution.resource_series import Quality, all_lagged
from farm.attribution.trials import trial_that_broke
from farm.model.trial_evidence import TrialEvidence
from farm.model.trial_result import TrialResult
from farm.model.verdict import ASSUMED_MEDIA, Outcome
from farm.search.capacity_estimate import CapacityEstimate

CPU: frozenset[Resource] = frozenset({"cpu_total", "cpu_thread", "generator"})
"""What says how busy the server's processor was."""

TOLD, FAR = 6, 0.05
"""How many resources are told of where none was at its end, and which are too far to be told."""


def limited_by(
    estimate: CapacityEstimate,
    results: Sequence[TrialResult],
    broken: TrialEvidence | None,
    machine: ServerResources,
    *,
    held: TrialEvidence | None = None,
    quality: Quality | None = None,
) -> LimitedBy:
    """Of a search. `broken` and `held` are the evidence of `trial_that_broke` and `_held`.

    `quality` is that of the broken trial, second by second.
    """
    moved = None if held is None else _moved(held)
    if estimate.state == "generator_ran_out":
        return replace(_last_invalid(results), moved=moved)
    if estimate.state == "ceiling_passed":
        said = f"{estimate.probes} probes, the largest load allowed, passed"
        return LimitedBy("ceiling", said, moved=moved)
    result = trial_that_broke(results, estimate)
    if result is None:
        invalid = [each.load for each in results if each.verdict.outcome is Outcome.INVALID]
        if invalid and max(invalid) > (estimate.probes or 0):
            return replace(_last_invalid(results), moved=moved)
        said = "no trial failed, so nothing is known to have been at its end"
        return LimitedBy("unknown", said, moved=moved)
    found = what_gave_way(result, broken, machine, held=held, quality=quality)
    return replace(found, moved=moved)


def what_gave_way(
    result: TrialResult,
    broken: TrialEvidence | None,
    machine: ServerResources,
    *,
    held: TrialEvidence | None = None,
    quality: Quality | None = None,
) -> LimitedBy:
    """Of one trial that failed, `broken` its evidence."""
    at = f"at {result.load} probes"
    if broken is None:
        return LimitedBy("unknown", f"{at} nothing is known of the server's machine")
    signs = signs_of(result, broken, machine, held)
    lagged = all_lagged(hold_of(broken), quality)
    company = company_of(harm_of(broken, held))
    first = signs[0] if signs and signs[0].share >= 1 else None
    blind = "" if any(sign.resource in CPU for sign in signs) else "its CPU is not known"
    if first is not None and first.resource == "signalling" and blind:
        # Joins are late on a server without CPU, too.
        return LimitedBy("unknown", f"{at} {first.said}; {blind}", signs, company=company)
    if first is None:
        died = [each for each in result.verdict.reasons if each.code == "server_died"]
        near = [sign for sign in signs[:TOLD] if sign.share >= FAR] or signs[:2]
        far = ", ".join(sign.said for sign in near)
        if died:
            said = f"{at} the server died: {died[0].message}" + (f" ({far})" if far else "")
        elif not broken.server_samples:
            said = f"{at} nothing is known of the server's machine"
        elif blind:
            seen = f" ({far})" if far else ""
            said = f"{at} nothing that was seen of the server was at its end{seen}; {blind}"
        else:
            said = f"{at} nothing was at its end: {far}"
        return LimitedBy("unknown", said, signs, lagged=lagged, company=company)
    evidence = f"{at} {first.said}"
    goes_with = next(
        (each for each in lagged if each.sure and each.resource.startswith(first.resource)), None
    )
    if goes_with is not None:
        evidence += f"; {goes_with.said}"
    return LimitedBy(first.resource, evidence, signs, lagged=lagged, company=company)


def _last_invalid(results: Sequence[TrialResult]) -> LimitedBy:
    """By the last trial that is not judged: the generator, unless nobody knows what was owed."""
    invalid = [result for result in results if result.verdict.outcome is Outcome.INVALID]
    if not invalid:
        return LimitedBy("generator", "the generator could not carry a larger load")
    last = invalid[-1]
    reasons = last.verdict.reasons
    why = reasons[0].message if reasons else "the generator was at fault"
    unknown = any(reason.code == ASSUMED_MEDIA for reason in reasons)
    return LimitedBy("unknown" if unknown else "generator", f"at {last.load} probes {why}")


def _moved(held: TrialEvidence) -> NetworkTraffic:
    samples = hold_of(held)
    return NetworkTraffic(
        received_bps=mean_known(sample.received_bps for sample in samples),
        sent_bps=mean_known(sample.sent_bps for sample in samples),
        received_packets_per_s=mean_known(sample.received_packets_per_s for sample in samples),
        sent_packets_per_s=mean_known(sample.sent_packets_per_s for sample in samples),
    )
