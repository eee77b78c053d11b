"""What is said of a watch: steady, drifting, failed; when, and at which time of day."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest

from farm.model.criteria import InvalidLimits
from farm.model.experiment import Experiment, TrialSettings, WatchSettings
from farm.model.trial_result import TrialResult
from farm.model.verdict import Outcome, Reason
from farm.results.answer_lines import with_relaxed_limits
from farm.results.watch_summary import Outage, watch_lines, watch_summary
from tests.farm.trial_evidence import judged_trial

BEGAN_S = 1794988800.0  # 2026-11-18T08:00:00Z
EXPERIMENT = Experiment(watch=WatchSettings(every_s=3600.0))
LOSS = Reason("residual_loss", "p004 lost 17 % of its packets")


def trials(
    count: int, figures: Callable[[int], dict[str, Any]] = lambda _: {}
) -> list[TrialResult]:
    """Two baselines, then one an hour."""
    made = []
    for index in range(count + 2):
        purpose = "baseline" if index < 2 else "watch"
        changed = {} if index < 2 else figures(index - 2)
        outcome = changed.pop("outcome", Outcome.PASS)
        reasons = (LOSS,) if outcome is Outcome.FAIL else ()
        made.append(
            dataclasses.replace(
                judged_trial(index, 4, outcome, reasons),
                purpose=purpose,  # type: ignore[arg-type]
                **{"server_memory_bytes": 1e8, **changed},
            )
        )
    return made


def summed(results: list[TrialResult], *outages: Outage) -> dict[str, Any]:
    times = {each.index: BEGAN_S + 3600.0 * (each.index - 2) for each in results}
    return watch_summary(EXPERIMENT, 4, results, times, outages)


def course(summary: dict[str, Any], figure: str) -> dict[str, Any]:
    return next(each for each in summary["watch"]["drift"] if each["figure"] == figure)


def test_a_server_that_stays_as_it_is_is_steady() -> None:
    noise = (0.4, -1.1, 0.9, -0.3, 1.0, -0.8, 0.2)
    summary = summed(trials(30, lambda hour: {"server_cpu_percent": 20 + noise[hour % 7]}))
    assert json.loads(json.dumps(summary)) == summary
    assert (summary["state"], summary["load"], summary["sessions"]) == ("steady", 4, 2)
    assert (summary["watch"]["passed"], summary["watch"]["failed"]) == (30, 0)
    assert summary["watch"]["began"] == "2026-11-18T08:00:00Z"
    assert summary["watch"]["first_failure"] is None
    assert not course(summary, "cpu_percent")["drifts"]
    assert watch_lines(summary) == (
        "Steady: 4 probes, from 2026-11-18T08:00:00Z to 2026-11-19T13:00:00Z: "
        "30 passed, 0 failed, 0 invalid.",
        "No drift was detected.",
    )


def test_a_watch_of_short_holds_says_what_they_are_worth() -> None:
    short = dataclasses.replace(EXPERIMENT, trial=TrialSettings(hold_s=20.0))
    summary = watch_summary(short, 4, trials(2), {2: BEGAN_S, 3: BEGAN_S + 3600.0})
    assert summary["hold_windows"] == 2
    assert watch_lines(summary)[0].endswith(
        "2 passed, 0 failed, 0 invalid, each a short look of 2 windows."
    )


def test_limits_of_the_generator_that_were_relaxed_are_said_of_a_watch_too() -> None:
    relaxed = dataclasses.replace(EXPERIMENT, invalid=InvalidLimits(udp_drops=1_000_000))
    summary = watch_summary(relaxed, 4, trials(2), {2: BEGAN_S, 3: BEGAN_S + 3600.0})
    assert with_relaxed_limits(watch_lines(summary), summary)[0].endswith(
        "0 invalid. Limits of the generator were relaxed (the experiment's invalid): udp_drops "
        "1000000 (default 0)."
    )


def test_a_leak_is_drift_with_its_rate() -> None:
    summary = summed(trials(30, lambda hour: {"server_memory_bytes": 1e8 + 2e6 * hour}))
    assert summary["state"] == "drift"
    memory = course(summary, "memory_bytes")
    assert (memory["drifts"], memory["trend"]["per_hour"]) == (True, 2e6)
    assert memory["trend"]["interval"] == [2e6, 2e6]
    assert watch_lines(summary)[1] == (
        "It drifts: memory +2 MB an hour (2 MB to 2 MB), 101 MB at first, 158 MB now."
    )


def test_so_few_trials_do_not_tell_whether_anything_drifts() -> None:
    for count in (1, 3):
        summary = summed(trials(count))
        assert summary["state"] == "passed"
        assert watch_lines(summary)[1] == (
            f"Too few to tell whether a figure drifts: {count} valid trial{'s' * (count > 1)}."
        )
    assert summed(trials(4))["state"] == "steady"


def test_a_trend_too_small_to_matter_is_no_drift() -> None:
    summary = summed(trials(30, lambda hour: {"server_cpu_percent": 20 + 0.05 * hour}))
    assert summary["state"] == "steady"
    assert course(summary, "cpu_percent")["trend"]["interval"][0] > 0


def test_the_first_failure_is_told_with_its_reason() -> None:
    summary = summed(
        trials(9, lambda hour: {"outcome": Outcome.FAIL if hour in (5, 7) else Outcome.PASS})
    )
    assert summary["state"] == "failed"
    assert summary["watch"]["first_failure"] == {
        "trial": 7,
        "at": "2026-11-18T13:00:00Z",
        "reasons": ["p004 lost 17 % of its packets"],
    }
    assert watch_lines(summary)[1].startswith(
        "First failure at 2026-11-18T13:00:00Z, trial 7: p004"
    )


def by_driver(results: list[TrialResult], *purposes: str) -> list[TrialResult]:
    """The same; the trials of those purposes failed by a step of the driver."""
    step = Reason("page_error", "p000 (s000): d.yaml:6: join step 1, click #go: no such element")
    return [
        dataclasses.replace(
            each,
            verdict=dataclasses.replace(
                each.verdict, outcome=Outcome.FAIL, reasons=(step,), by_driver=True
            ),
        )
        if each.purpose in purposes
        else each
        for each in results
    ]


def test_a_watch_in_which_nobody_got_through_the_steps_tells_nothing_of_the_server() -> None:
    results = by_driver(trials(3), "baseline", "watch")
    summary = summed(results)
    assert (summary["state"], summary["watch"]["failed"]) == ("driver_failed", 3)
    first, second = watch_lines(summary)
    assert first.startswith("Driver failed: 4 probes, from ")
    assert second.endswith(
        "click #go: no such element. A step of the driver failed, or its page did: whether the "
        "server is why is not known."
    )
    assert summed(by_driver(trials(3), "watch"))["state"] == "failed"  # a baseline passed
    assert summed(results, Outage(BEGAN_S, "it does not answer"))["state"] == "failed"


def test_invalid_trials_count_for_nothing_and_alone_leave_it_unwatched() -> None:
    summary = summed(trials(3, lambda _: {"outcome": Outcome.INVALID, "frame_rate": 1.0}))
    assert (summary["state"], summary["watch"]["invalid"]) == ("unwatched", 3)
    assert summary["watch"]["drift"] == []
    assert watch_lines(summary)[1] == "No figure is known."


def test_an_outage_is_a_failure_of_the_watch() -> None:
    summary = summed(trials(3), Outage(BEGAN_S + 9000, "203.0.113.10 does not answer"))
    assert summary["state"] == "failed"
    assert "no server at 1 turn, first at 2026-11-18T10:30:00Z" in watch_lines(summary)[0]


@pytest.mark.parametrize("wall_s", [float("inf"), float("nan"), 1e300, -1e12, 1e17])
def test_a_time_that_is_none_is_not_told(wall_s: float) -> None:
    results = trials(3)
    times = {each.index: wall_s for each in results}
    outage = Outage(wall_s, "203.0.113.10 does not answer")
    summary = watch_summary(EXPERIMENT, 4, results, times, [outage])
    assert summary["watch"]["began"] is None and summary["watch"]["time_of_day"] == []
    assert "no server at 1 turn, first at an unknown time" in watch_lines(summary)[0]


def test_the_hours_of_the_day_are_told_apart() -> None:
    busy_at = {18, 19}
    summary = summed(
        trials(
            48,
            lambda hour: {"server_cpu_percent": 60.0 if (8 + hour) % 24 in busy_at else 20.0},
        )
    )
    hours = summary["watch"]["time_of_day"]
    assert [each["hour_utc"] for each in hours] == list(range(24))
    assert {each["hour_utc"] for each in hours if each["cpu_percent"] == 60.0} == busy_at
    assert all(each["trials"] == 2 for each in hours)
    assert summary["state"] == "steady"  # a daily wave is no trend


def test_a_watch_without_a_trial_yet_can_be_told() -> None:
    summary = summed(trials(0))
    assert summary["state"] == "unwatched"
    assert (
        watch_lines(summary)[0] == "Unwatched: 4 probes, no trial: 0 passed, 0 failed, 0 invalid."
    )
