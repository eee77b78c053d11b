"""Three searches of the embedded server in a row, as `benchmarks.three_searches` recorded them."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path
from typing import Any

from benchmarks.three_searches import NAMES, overlaps
from farm.search.capacity_estimate import CapacityEstimate
from farm.search.capacity_search import CapacitySearch

RECORDED = Path(__file__).parents[1] / "data" / "three_searches"


def recorded(name: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))
    return told


def searched_again(told: dict[str, Any]) -> CapacityEstimate:
    """The answer of today's search to those trials."""
    search = CapacitySearch(**told["search"], max_trials=len(told["trials"]) + 1)
    for trial in told["trials"]:
        search.record(
            trial["probes"],
            trial["verdict"],
            units_failed=trial["units_failed"],
            units_total=trial["units"],
        )
    return search.estimate()


def test_each_of_them_found_a_load_that_holds_and_blamed_no_invalid_trial_on_the_server() -> None:
    for name in NAMES:
        told, estimate = recorded(name), searched_again(recorded(name))
        verdicts = {trial["verdict"] for trial in told["trials"]}
        assert estimate.probes is not None, name
        assert estimate.state != "drift", name
        # Without a trial that failed nothing bounds the capacity from above.
        assert (estimate.interval[1] is not None) == ("fail" in verdicts), name


def test_every_two_of_their_intervals_overlap() -> None:
    intervals = [list(searched_again(recorded(name)).interval) for name in NAMES]
    for one, other in combinations(intervals, 2):
        assert overlaps(one, other)
    assert any(low is not None and high is not None for low, high in intervals)
