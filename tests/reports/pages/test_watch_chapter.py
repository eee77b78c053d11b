"""What the report says of a watch."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from farm.model.experiment import Experiment, WatchSettings
from farm.model.trial_result import TrialResult
from farm.model.verdict import Outcome
from farm.protocols import OUTAGE
from farm.recording.journal import JournalEntry
from reports.figures.canvas import farm_style
from reports.pages.watch_chapter import watch_answer, watch_charts
from tests.farm.trial_evidence import judged_trial

BEGAN_S = 1_794_988_800.0  # 2026-11-18T08:00:00Z
SETTINGS = Experiment(watch=WatchSettings(load=4, every_s=3600.0))


def watched(
    count: int, figures: Callable[[int], dict[str, Any]] = lambda _: {}
) -> tuple[list[TrialResult], list[JournalEntry]]:
    """A trial an hour, and the journal of them."""
    results = []
    for index in range(count):
        changed = figures(index)
        outcome = changed.pop("outcome", Outcome.PASS)
        result = judged_trial(index, 4, outcome)
        results.append(
            dataclasses.replace(
                result,
                purpose="watch",
                **{"server_memory_bytes": 1e8 + 1e5 * (index % 3), **changed},
            )
        )
    journal = [
        JournalEntry("trial_started", 1.0, BEGAN_S + 3600.0 * index, {"index": index})
        for index in range(count)
    ]
    return results, journal


def test_one_trial_does_not_say_that_nothing_drifts() -> None:
    results, journal = watched(1)
    answer, _ = watch_answer(SETTINGS, results, journal)
    assert (answer.status, answer.label) == ("pass", "passed")
    (chart,) = watch_charts(SETTINGS, results, journal).charts
    words = "Too few to tell whether a figure drifts: 1 valid trial"
    assert chart.draw().get_suptitle() == words
    assert answer.reasons == (f"{words}.",)


def test_a_leak_is_the_answer_and_the_figure_shows_it() -> None:
    results, journal = watched(60, lambda hour: {"server_memory_bytes": 1e8 + 2e6 * hour})
    answer, (hours,) = watch_answer(SETTINGS, results, journal)
    assert (answer.status, answer.label) == ("open", "drifts")
    assert "memory +2 MB an hour" in answer.reasons[0]
    assert len(hours.rows) == 24
    (chart,) = watch_charts(SETTINGS, results, journal).charts
    with farm_style():
        figure = chart.draw()
        figure.draw_without_rendering()
    assert figure.get_suptitle() == "Over the watch memory drifted"
    memory = next(axes for axes in figure.axes if axes.get_ylabel().startswith("memory"))
    passed = next(line for line in memory.lines if line.get_label() == "pass")
    assert np.allclose(np.asarray(passed.get_ydata()), 100 + 2 * np.arange(60))
    trend = next(line for line in memory.lines if line.get_label() == "trend that is drift")
    assert np.allclose(np.asarray(trend.get_ydata()), [100, 218])
    assert list(chart.columns["memory_bytes"])[:2] == [1e8, 1.02e8]
    assert list(chart.columns["began"])[1] == "2026-11-18T09:00:00Z"


def test_a_short_watch_says_what_it_cannot_tell() -> None:
    answer, _ = watch_answer(SETTINGS, *watched(6))
    assert (answer.status, answer.headline[:7]) == ("pass", "Steady:")
    assert "cannot be distinguished from the time of day" in answer.points[0]


def test_a_failure_and_an_outage_are_told() -> None:
    results, journal = watched(
        6, lambda hour: {"outcome": Outcome.FAIL if hour == 3 else Outcome.PASS}
    )
    journal.append(JournalEntry(OUTAGE, 9.0, BEGAN_S, {"wall_s": BEGAN_S, "message": "gone"}))
    answer, _ = watch_answer(SETTINGS, results, journal)
    assert (answer.status, "no server at 1 turn" in answer.headline) == ("fail", True)
    assert answer.reasons[0].startswith("First failure at 2026-11-18T11:00:00Z")


@pytest.mark.parametrize("count", [1, 2, 5, 600])
def test_it_is_drawn_for_few_and_for_many(count: int) -> None:
    outcomes = (Outcome.PASS, Outcome.INVALID, Outcome.FAIL)
    results, journal = watched(count, lambda hour: {"outcome": outcomes[hour % 3]})
    (chart,) = watch_charts(SETTINGS, results, journal).charts
    with farm_style():
        figure = chart.draw()
        figure.draw_without_rendering()
    assert all(axes.get_ylabel() for axes in figure.axes)
    assert {len(column) for column in chart.columns.values()} == {count}


def test_without_a_valid_trial_there_is_a_sentence_in_its_place() -> None:
    results, journal = watched(3, lambda _: {"outcome": Outcome.INVALID})
    charts = watch_charts(SETTINGS, results, journal)
    assert charts.charts == ()
    assert "no trial of it was valid" in charts.missing[0]
    answer, hours = watch_answer(SETTINGS, results, journal)
    assert (answer.status, hours) == ("invalid", ())
