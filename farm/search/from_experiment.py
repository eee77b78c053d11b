"""The search that an experiment asks for, and how a trial counts in it. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from farm.model.experiment import Experiment
from farm.model.trial_result import TrialResult
from farm.planning.load_steps import ladder
from farm.search.capacity_search import CapacitySearch


def search_of(experiment: Experiment, max_trials: int) -> CapacitySearch:
    """The search that an experiment asks for, of so many trials at most."""
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


def search_told(experiment: Experiment, results: Iterable[TrialResult]) -> CapacitySearch:
    """The search of an experiment after all of these trials."""
    told = list(results)
    search = search_of(experiment, len(told) + 1)
    for result in told:
        count(search, result)
    return search


def count(search: CapacitySearch, result: TrialResult) -> None:
    """Tell the search of a trial, whichever it was made for."""
    verdict, cpu_percent = result.verdict, result.server_cpu_percent
    search.record(
        result.load,
        verdict.outcome,
        units_failed=verdict.units_failed,
        units_total=verdict.units,
        utilisation=None if cpu_percent is None else cpu_percent / 100,
        server_died=any(reason.code == "server_died" for reason in verdict.reasons),
        look=result.purpose == "drift",
    )
