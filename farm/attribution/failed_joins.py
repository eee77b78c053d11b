"""Joins that fail at the smallest load as well, so that the load is not known to be why. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from farm.attribution.symptoms import JOIN_CODES
from farm.model.trial_result import TrialResult
from farm.model.verdict import Outcome
from farm.model.wording import counted

ALIKE = 0.5
"""Joins fail at the smallest load as well from this part of their share at the larger load on."""


def fail_at_smallest_load(broken: TrialResult, results: Sequence[TrialResult]) -> str | None:
    """How many joins failed at the smallest load, in a clause; None where that is far fewer.

    `broken` is a trial in which joins failed. The share of its probes is compared with the share at
    the smallest load; is it of that load itself, it is told where another one there passed.
    """
    judged = [each for each in results if each.verdict.outcome is not Outcome.INVALID]
    smallest = min(each.load for each in judged)
    there = [each for each in judged if each.load == smallest]
    if smallest == broken.load:
        passed = any(each.verdict.outcome is Outcome.PASS for each in there)
        return "another trial of that load, the smallest, passed" if passed else None
    failed, joins = sum(_failed_joins(each) for each in there), smallest * len(there)
    if failed == 0 or failed / joins < ALIKE * _failed_joins(broken) / broken.load:
        return None
    return f"at {counted(smallest, 'probe')} {failed} of {counted(joins, 'join')} failed as well"


def _failed_joins(result: TrialResult) -> int:
    """How many probes did not join; a stream that began late is none of them."""
    return len(
        {
            reason.probe
            for reason in result.verdict.reasons
            if reason.code in JOIN_CODES and reason.stream is None
        }
    )
