"""Looks at the smallest load: when they are due, and what they say."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from farm.analysis.drift import DriftChecks
from farm.model.trial_plan import Purpose
from farm.model.trial_result import TrialResult
from farm.model.verdict import Outcome
from tests.farm.trial_evidence import judged_trial

LOOKS = DriftChecks(load=2, first=(0, 1), every=5, invalid_retries=1)


def trials(*words: str | tuple[str, dict[str, Any]]) -> list[TrialResult]:
    """`2`, `8 fail`, `2 drift`, `2 drift invalid`: load, purpose, outcome, with other figures."""
    made = []
    for index, word in enumerate(words):
        text, figures = word if isinstance(word, tuple) else (word, {})
        load, *rest = text.split()
        outcome = next((each for each in Outcome if each in rest), Outcome.PASS)
        purpose: Purpose = "drift" if "drift" in rest else "baseline" if index < 2 else "search"
        result = judged_trial(index, int(load), outcome)
        result = dataclasses.replace(result, purpose=purpose, server_memory_bytes=1e8)
        made.append(dataclasses.replace(result, **figures))
    return made


def look(**figures: Any) -> tuple[str, dict[str, Any]]:
    return "2 drift", figures


def test_the_smallest_load_is_due_after_so_many_trials() -> None:
    done = trials("2", "2", "4", "8 fail", "6", "6", "8 fail")
    for many in range(2, 7):
        assert not LOOKS.due(done[:many], ended=False)
    assert LOOKS.due(done, ended=False)
    assert not LOOKS.due([*done, *trials("2 drift")], ended=False)


def test_a_trial_of_the_search_at_that_load_is_a_look_as_well() -> None:
    done = trials("2", "2", "4", "8 fail", "6", "2", "8 fail")
    assert not LOOKS.due(done, ended=False)


def test_at_the_end_it_is_due_unless_it_was_just_tried() -> None:
    assert LOOKS.due(trials("2", "2", "4"), ended=True)
    assert not LOOKS.due(trials("2", "2", "4", "2 drift"), ended=True)
    assert not LOOKS.due(trials("2", "2"), ended=True)


def test_an_invalid_look_is_repeated_so_often_and_no_more() -> None:
    assert LOOKS.due(trials("2", "2", "4", "2 drift invalid"), ended=False)
    assert not LOOKS.due(trials("2", "2", "4", "2 drift invalid", "2 drift invalid"), ended=True)


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        ({"server_cpu_percent": 31.0}, "CPU 31 %, at first 20 %"),
        ({"server_cpu_percent": 8.0}, "CPU 8 %, at first 20 %"),
        ({"server_memory_bytes": 1.5e8}, "memory 150 MB, at first 100 MB"),
        ({"frame_rate": 16.0}, "frame rate 16/s, at first 20/s"),
        ({"video_bitrate_bps": 4e5}, "received video 400 kbit/s, at first 500 kbit/s"),
        ({"residual_loss_ratio": 0.02}, "loss 2 %, at first 0 %"),
    ],
)
def test_what_moved_twice_in_a_row_is_drift(figures: dict[str, float], said: str) -> None:
    once = trials("2", "2", "4", look(**figures))
    assert LOOKS.drifted(once) == ()
    assert LOOKS.due(once, ended=False)  # chance? once more
    twice = trials("2", "2", "4", look(**figures), look(**figures))
    assert LOOKS.drifted(twice) == (said,)


def test_one_look_that_moved_is_chance() -> None:
    done = trials("2", "2", "4", look(server_cpu_percent=31.0), look())
    assert LOOKS.drifted(done) == ()
    assert not LOOKS.due(done, ended=True)


def test_up_and_then_down_is_noise() -> None:
    up, down = look(server_cpu_percent=31.0), look(server_cpu_percent=8.0)
    assert LOOKS.drifted(trials("2", "2", up, down)) == ()


def test_first_ones_that_differ_forgive_as_much_again() -> None:
    wide = trials(("2", {"server_cpu_percent": 30.0}), "2", look(server_cpu_percent=39.0), look())
    assert not LOOKS.due(wide[:3], ended=False)
    far = trials(("2", {"server_cpu_percent": 30.0}), "2", look(server_cpu_percent=41.0))
    assert LOOKS.due(far, ended=False)


def test_a_load_that_passed_and_now_fails_is_drift() -> None:
    done = trials("2", "2", "4", "2 drift fail", "2 drift fail")
    assert LOOKS.drifted(done) == ("the baseline's own load fails",)


def test_the_media_servers_own_cpu_goes_before_the_machines() -> None:
    busy = {"server_cpu_percent": 60.0, "server_process_cpu_percent": 40.0}
    firsts = [("2", {"server_process_cpu_percent": 40.0})] * 2
    assert LOOKS.drifted(trials(*firsts, look(**busy), look(**busy))) == ()


def test_the_trend_is_told_with_each_figure() -> None:
    cpus = (20.0, 20.0, 24.0, 28.0, 32.0)
    done = trials(
        *(
            (f"2 {'drift' if at > 1 else ''}", {"server_cpu_percent": cpu})
            for at, cpu in enumerate(cpus)
        )
    )
    wall_s = {index: 1e9 + 3600.0 * index for index in range(5)}
    cpu = next(each for each in LOOKS.movements(done, wall_s, 0.9) if each.figure == "cpu_percent")
    assert (cpu.first, cpu.last, cpu.moved) == ((20.0, 20.0), 32.0, True)
    assert cpu.trend is not None
    assert cpu.trend.per_hour == pytest.approx(10 / 3, abs=0.8)
    assert cpu.trend.certain
