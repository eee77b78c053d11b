"""Two runs side by side, of capacities that are known."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest

from farm.analysis.comparison import Comparison, compare, fact_differences, setting_differences
from farm.experiment_file import effective
from farm.model.criteria import Criteria
from farm.model.experiment import AppSettings, Experiment, OutputSettings, SearchSettings
from farm.model.server_settings import ProcessSettings, ServerSettings


def around(middle: float, spread: float, count: int = 2001) -> list[tuple[float, float]]:
    """A bell of capacities."""
    steps = [4 * (2 * index / (count - 1) - 1) for index in range(count)]
    return [(middle + spread * step, math.exp(-step * step / 2)) for step in steps]


def compared(a: list[tuple[float, float]], b: list[tuple[float, float]], tolerance: float = 0.1):  # type: ignore[no-untyped-def]
    return compare(a, b, tolerance=tolerance, confidence=0.9)


def test_the_same_run_twice_is_neither_better_nor_worse() -> None:
    same: Comparison = compared(around(18, 1), around(18, 1))
    assert same.lower == pytest.approx(0.5, abs=0.01)
    assert same.higher == pytest.approx(0.5, abs=0.01)
    assert same.ratio == pytest.approx(1.0, abs=0.005)
    assert same.worse < 0.15


def test_probabilities_are_those_of_two_bells() -> None:
    found = compared(around(18, 1.0), around(16, 1.2))
    apart = 2 / math.hypot(1.0, 1.2)
    assert found.lower == pytest.approx(0.5 * (1 + math.erf(apart / math.sqrt(2))), abs=0.005)
    beyond = (0.9 * 18 - 16) / math.hypot(0.9, 1.2)
    assert found.worse == pytest.approx(0.5 * (1 + math.erf(beyond / math.sqrt(2))), abs=0.005)
    assert found.ratio == pytest.approx(16 / 18, abs=0.01)
    low, high = found.interval
    assert low < 16 / 18 < high < 1.05


def test_a_worse_server_is_worse_whatever_the_order_of_the_weights() -> None:
    better, worse = around(40, 2), around(20, 1)
    random.Random(1).shuffle(worse)
    assert compared(better, worse).worse > 0.999
    assert compared(worse, better).worse < 0.001


def test_few_capacities_are_taken_as_they_are() -> None:
    found = compared([(10, 1.0), (20, 3.0)], [(10, 1.0)], tolerance=0.0)
    assert found.lower == pytest.approx(0.75 + 0.125)
    assert found.worse == pytest.approx(0.75)


def test_settings_are_told_apart_by_what_they_mean() -> None:
    a = Experiment()
    b = replace(
        a,
        name="other",
        criteria=Criteria(residual_loss=0.02),
        search=SearchSettings(maximum=100),
        server=ServerSettings(
            kurento="ws://203.0.113.10:8888/kurento", process=ProcessSettings(name="kms")
        ),
        output=OutputSettings(name="elsewhere"),
    )
    assert [
        (each.what, each.kind, each.a, each.b)
        for each in setting_differences(effective(a), effective(b))
    ] == [
        ("server.kurento", "subject", "embedded", "ws://203.0.113.10:8888/kurento"),
        ("server.process.name", "subject", "kurento-media-server", "kms"),
        ("search.maximum", "setting", 60, 100),
        ("criteria.residual_loss", "question", 0.01, 0.02),
    ]
    assert setting_differences(effective(a), effective(a)) == ()


def test_no_difference_shows_a_password() -> None:
    a = Experiment(app=AppSettings(run=None, url="https://me:secret@h/a"))
    b = Experiment(app=AppSettings(run=None, url="https://me:other@h/a"))
    (found,) = setting_differences(effective(a), effective(b))
    assert (found.what, found.a, found.b) == ("app.url", *["https://me:***@h/a"] * 2)


def test_facts_that_one_run_does_not_know_are_a_difference() -> None:
    (found,) = fact_differences({"Chromium": "156", "cores": "8"}, {"cores": "8"})
    assert (found.what, found.a, found.b) == ("Chromium", "156", None)
