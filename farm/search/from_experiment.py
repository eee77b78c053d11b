"""Makes the search of an experiment, and records its trials in it. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from farm.model.experiment import Experiment
from farm.model.trial_result import TrialResult
from farm.planning.load_steps import ladder
from farm.search.capacity_search import CapacitySearch


def search_of(experiment: Experiment, max_trials: int) -> CapacitySearch:
    """The search with the settings of an experiment, of at most `max_trials`."""
    rungs, settings = ladder(experiment), experiment.search
    return CapacitySearch(
        rungs.minimum,
        rungs.maximum,
        rungs.step,
        reliability=settings.reliability,
        confidence=settings.confidence,
        max_trials=max_trials,
        invalid_retries=settings.invalid_retries,
        loads=rungs.loads,
        ramp=settings.ramp,
    )


def search_after(experiment: Experiment, results: Iterable[TrialResult]) -> CapacitySearch:
    """The search of an experiment with all of these trials recorded."""
    trials = list(results)
    search = search_of(experiment, len(trials) + 1)
    for result in trials:
        count(search, result)
    return search


def count(search: CapacitySearch, result: TrialResult) -> None:
    """Record a trial in the search, whatever its purpose was."""
    verdict, cpu_percent = result.verdict, result.server_cpu_percent
    search.record(
        result.load,
        verdict.outcome,
        units_failed=verdict.units_failed,
        units_total=verdict.units,
        utilisation=None if cpu_percent is None else cpu_percent / 100,
        server_died=any(reason.code == "server_died" for reason in verdict.reasons),
        drift_check=result.purpose == "drift",
        by_driver=verdict.by_driver,
    )
