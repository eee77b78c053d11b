"""Which trials of a search tell what limited the server. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from farm.model.trial_result import TrialResult
from farm.model.verdict import Outcome
from farm.search.capacity_estimate import CapacityEstimate


def trial_that_broke(
    results: Sequence[TrialResult], estimate: CapacityEstimate
) -> TrialResult | None:
    """The last failed trial of the smallest load that failed above the answer."""
    failed = [
        result
        for result in results
        if result.verdict.outcome is Outcome.FAIL and result.load > (estimate.probes or 0)
    ]
    return min(failed, key=lambda result: (result.load, -result.index), default=None)


def trial_that_held(
    results: Sequence[TrialResult], estimate: CapacityEstimate
) -> TrialResult | None:
    """The last trial that passed at the answer, or at the largest load below it that passed."""
    passed = [
        result
        for result in results
        if result.verdict.outcome is Outcome.PASS and result.load <= (estimate.probes or 0)
    ]
    return max(passed, key=lambda result: (result.load, result.index), default=None)
