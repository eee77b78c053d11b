"""How a trial counts in a search. Pure."""

from __future__ import annotations

from farm.capacity_search import CapacitySearch
from farm.trial import TrialResult


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
    )
