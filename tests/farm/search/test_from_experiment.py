"""An experiment's settings become its search; trials count in it by what their verdicts say."""

from __future__ import annotations

from farm.model.experiment import Experiment, SearchSettings
from farm.model.verdict import Outcome
from farm.search.from_experiment import search_after, search_of
from tests.reports.made_results import result


def test_only_the_loads_of_a_list_are_tried() -> None:
    search = search_of(Experiment(search=SearchSettings(loads=(2, 10, 16))), 20)
    tried = []
    while (load := search.next_load()) is not None:
        tried.append(load)
        search.record(load, "pass" if load <= 10 else "fail")
    assert set(tried) == {2, 10, 16}


def test_a_ramp_goes_up_step_by_step() -> None:
    search = search_of(Experiment(search=SearchSettings(maximum=8, ramp=True)), 20)
    tried = []
    while (load := search.next_load()) is not None:
        tried.append(load)
        search.record(load, "pass")
    assert tried == [2, 4, 6, 8]
    assert search.estimate().state == "ceiling_passed"


def test_trials_that_are_there_count_as_if_they_had_just_been_made() -> None:
    results = [
        result(index=0, load=2),
        result(index=1, load=4),
        result(Outcome.FAIL, index=2, load=8, reasons=1),
    ]
    search = search_after(Experiment(), results)
    assert [trial.load for trial in search.trials] == [2, 4, 8]
    assert search.estimate().probes == 4
    assert search.next_load() == 6
