"""Searches recorded by benchmarks: of the embedded server, and of a Janus in each scenario."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from benchmarks.janus_searches import SIZINGS
from benchmarks.three_searches import NAMES, overlaps
from farm.search.capacity_estimate import CapacityEstimate
from farm.search.capacity_search import CapacitySearch

DATA = Path(__file__).parents[1] / "data"
IN_A_ROW = {
    "embedded": [DATA / "three_searches" / f"{name}.json" for name in NAMES],
    **{
        kind: [DATA / "janus_searches" / f"{kind}-{number}.json" for number in (1, 2, 3)]
        for kind in SIZINGS
    },
}


def recorded(path: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
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


@pytest.mark.parametrize("paths", IN_A_ROW.values(), ids=IN_A_ROW)
def test_each_of_them_found_a_load_that_holds_and_blamed_no_invalid_trial_on_the_server(
    paths: list[Path],
) -> None:
    for path in paths:
        told, estimate = recorded(path), searched_again(recorded(path))
        verdicts = {trial["verdict"] for trial in told["trials"]}
        assert estimate.probes is not None, path.name
        assert estimate.state != "drift", path.name
        # Without a trial that failed nothing bounds the capacity from above.
        if "fail" not in verdicts:
            assert estimate.interval[1] is None, path.name


@pytest.mark.parametrize("paths", IN_A_ROW.values(), ids=IN_A_ROW)
def test_every_two_of_their_intervals_overlap(paths: list[Path]) -> None:
    intervals = [list(searched_again(recorded(path)).interval) for path in paths]
    for one, other in combinations(intervals, 2):
        assert overlaps(one, other)
    assert any(low is not None and high is not None for low, high in intervals)
