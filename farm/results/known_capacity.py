"""What the trials of a run say of a server's capacity, as a distribution to compare. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from farm.analysis.comparison import CapacityDistribution
from farm.model.experiment import Experiment
from farm.model.trial_result import TrialResult
from farm.model.verdict import Outcome
from farm.search.from_experiment import search_after

UNSOUND: Mapping[str, str] = {
    "drift": "a server that drifted has no one capacity",
    "driver_failed": "steps of its driver failed, so that too few trials tell of the server",
    "server_lost": "a search that lost its server found no capacity",
    "unfinished": "that search has no answer yet",
}
"""States of searches that give no capacity, and why."""

NO_SEARCH = "no run of farm size, and a few trials at one load bound no capacity"

ONLY_BASELINES = "that search tried no load after its baseline"


def known_capacity(
    settings: Experiment, results: Sequence[TrialResult], state: str
) -> CapacityDistribution:
    """The capacities that the trials of a search allow; `state` is the search's."""
    purposes = {result.purpose for result in results}
    if "search" not in purposes:
        why = NO_SEARCH if purposes & {"single", "watch"} else ONLY_BASELINES
        return CapacityDistribution((), None, None, why)
    search = search_after(settings, results)
    capacities, likely = search.capacities()
    return CapacityDistribution(
        list(zip(capacities.tolist(), likely.tolist(), strict=True)),
        max(_loads(results, Outcome.PASS), default=None),
        min(_loads(results, Outcome.FAIL), default=None),
        UNSOUND.get("driver_failed" if search.too_few_of_server else state, ""),
    )


def _loads(results: Sequence[TrialResult], outcome: Outcome) -> list[int]:
    return [result.load for result in results if result.verdict.outcome is outcome]
