"""The trials of a search by which it is decided what limited the server. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from farm.model.trial_result import TrialResult
from farm.model.verdict import Outcome
from farm.search.capacity_estimate import CapacityEstimate


def any_passed(results: Iterable[TrialResult]) -> bool:
    """Whether a trial passed, a baseline's too: the steps of the driver are known to work then."""
    return any(result.verdict.outcome is Outcome.PASS for result in results)


def trial_that_broke(
    results: Sequence[TrialResult], estimate: CapacityEstimate
) -> TrialResult | None:
    """The last failed trial of the smallest load that failed above the estimate.

    One in which steps of the driver failed tells least, and is it only where all are such.
    """
    failed = [
        result
        for result in results
        if result.verdict.outcome is Outcome.FAIL and result.load > (estimate.probes or 0)
    ]
    return min(
        failed,
        key=lambda result: (result.verdict.by_driver, result.load, -result.index),
        default=None,
    )


def trial_that_held(
    results: Sequence[TrialResult], estimate: CapacityEstimate
) -> TrialResult | None:
    """The last trial that passed at the estimate, or at the largest smaller load that passed."""
    passed = [
        result
        for result in results
        if result.verdict.outcome is Outcome.PASS and result.load <= (estimate.probes or 0)
    ]
    return max(passed, key=lambda result: (result.load, result.index), default=None)
