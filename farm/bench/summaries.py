"""Computes the summary of a trial, a search or a watch from the run's folder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from farm.analysis.drift import DriftChecks
from farm.attribution import (
    LimitedBy,
    any_passed,
    limit_of_trial,
    trial_that_broke,
    trial_that_held,
)
from farm.bench.pricing import checked_price, price_table
from farm.bench.recorded_run import RecordedRun
from farm.bench.server_machine import machine_of
from farm.bench.wiring import OpenWorld
from farm.evidence.quality_by_second import quality_by_second
from farm.model.trial_evidence import TrialEvidence
from farm.model.trial_result import TrialResult
from farm.model.verdict import Outcome
from farm.protocols import OUTAGE
from farm.recording.journal import trial_times_s
from farm.results.summary import run_summary, size_summary
from farm.results.watch_summary import outages_of, watch_summary
from farm.search.capacity_estimate import CapacityEstimate

Summary = dict[str, Any]


def summary_of_trial(
    run: RecordedRun, opened: OpenWorld, results: Sequence[TrialResult], evidence: TrialEvidence
) -> Summary:
    """Of the last of `results`, whose evidence that is."""
    limit = _limit_of_failure(run, opened, results, evidence)
    return run_summary(run.settings, results, limit)


def _limit_of_failure(
    run: RecordedRun, opened: OpenWorld, results: Sequence[TrialResult], evidence: TrialEvidence
) -> LimitedBy | None:
    """If the last trial failed. Its baseline, if the run made one, is the trial that held."""
    result = results[-1]
    if result.verdict.outcome is not Outcome.FAIL:
        return None
    before = run.baselines()
    return limit_of_trial(
        result,
        evidence,
        machine_of(run.settings, opened.server, opened.generator.seen.values()),
        held=before[-1] if before else None,
        quality=quality_by_second(run.trial(result.index)),
        steps_work=any_passed(results),
    )


def summary_of_search(
    run: RecordedRun,
    opened: OpenWorld,
    results: Sequence[TrialResult],
    estimate: CapacityEstimate,
    looks: DriftChecks | None,
) -> Summary:
    """The answer, with what limited the server and when to start another."""
    experiment = run.settings

    def evidence(result: TrialResult | None) -> TrialEvidence | None:
        return None if result is None else run.evidence(result.index)

    held = trial_that_held(results, estimate)
    broke = trial_that_broke(results, estimate)
    price = experiment.server.price
    prices = None if price.machine is None else price_table(price)
    held_evidence, broken = evidence(held), evidence(broke)
    seen = (each for known in (held_evidence, broken) if known for each in known.server_samples)
    check = checked_price(experiment, opened.server, seen)
    of_machine = None if check is None or check.unlike else prices
    return size_summary(
        experiment,
        results,
        estimate,
        held=held_evidence,
        broken=broken,
        quality=None if broke is None else quality_by_second(run.trial(broke.index)),
        checks=looks,
        began_wall_s=trial_times_s(run.journal),
        prices=prices,
        price_check=check,
        machine=machine_of(experiment, opened.server, opened.generator.seen.values(), of_machine),
    )


def summary_of_watch(run: RecordedRun, results: Sequence[TrialResult], load: int) -> Summary:
    """Of all turns so far."""
    outages = outages_of(entry.facts for entry in run.journal if entry.kind == OUTAGE)
    return watch_summary(run.settings, load, results, trial_times_s(run.journal), outages)
