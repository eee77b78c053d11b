"""Makes `summary.json` of `farm watch`. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from farm.analysis.aggregates import known, median_known
from farm.analysis.drift import SLACKS, allowance, figures
from farm.analysis.trend import Trend, trend
from farm.attribution import any_passed
from farm.model.experiment import Experiment
from farm.model.json_values import to_jsonable
from farm.model.trial_result import TrialResult
from farm.model.verdict import Outcome
from farm.model.wall_time import utc
from farm.model.wording import counted, short_look
from farm.results.answer_lines import STEPS_FAILED
from farm.results.relaxed_limits import relaxed_limits
from farm.results.summary import FORMAT, hold_windows, sessions_of, trial_summary, viewers_of

WatchState = Literal["steady", "drift", "failed", "passed", "driver_failed", "unwatched"]
"""`failed`: a trial did; `drift`: none did, but a figure drifts; `passed`: none did, but they are
too few to tell whether a figure drifts; `driver_failed`: all did by steps of the driver, and no
trial of the run passed; `unwatched`: no trial was valid."""

FIRST = 2
"""How many trials give the first value of a figure."""


@dataclass(frozen=True, slots=True)
class FigureOverTrials:
    """A figure over the valid trials of a watch.

    `change` (in `trend`) counts as drift when it is beyond `allowed` and its direction is certain.
    """

    figure: str
    first: float
    last: float
    allowed: float
    drifts: bool
    trend: Trend | None


@dataclass(frozen=True, slots=True)
class Outage:
    """A scheduled trial for which the server could not be reached."""

    wall_s: float
    message: str


def outages_of(facts: Iterable[Mapping[str, Any]]) -> list[Outage]:
    """The outages of the journal's entries called `OUTAGE`."""
    return [Outage(float(each["wall_s"]), str(each["message"])) for each in facts]


def figures_over_trials(
    results: Sequence[TrialResult], wall_s: Mapping[int, float], confidence: float
) -> tuple[FigureOverTrials, ...]:
    """Each figure that is known, over the trials; `wall_s` is when each trial began."""
    valid = watch_trials(results)
    courses = []
    for name in SLACKS:
        seen = [
            (wall_s[each.index], value)
            for each in valid
            if each.index in wall_s and (value := figures(each)[name]) is not None
        ]
        if not seen:
            continue
        times, values = [at for at, _ in seen], [value for _, value in seen]
        over_time = trend(times, values, confidence)
        allowed = allowance(name, values[:FIRST])
        beyond = over_time is not None and abs(over_time.change) > allowed
        courses.append(
            FigureOverTrials(
                name,
                median_known(values[:FIRST]) or 0.0,
                values[-1],
                allowed,
                beyond and over_time is not None and over_time.certain,
                over_time,
            )
        )
    return tuple(courses)


def watch_trials(results: Sequence[TrialResult]) -> list[TrialResult]:
    """The valid trials of the watch, without those of its baseline."""
    return [
        result
        for result in results
        if result.purpose == "watch" and result.verdict.outcome is not Outcome.INVALID
    ]


def watch_summary(
    experiment: Experiment,
    load: int,
    results: Sequence[TrialResult],
    wall_s: Mapping[int, float],
    outages: Sequence[Outage] = (),
) -> dict[str, Any]:
    """The summary of a watch, also of one that is still running."""
    valid, confidence = watch_trials(results), experiment.search.confidence
    failed = [result for result in valid if result.verdict.outcome is Outcome.FAIL]
    courses = figures_over_trials(results, wall_s, confidence)
    state: WatchState = "steady"
    if failed and not outages and _all_by_driver(valid, results):
        state = "driver_failed"
    elif failed or outages:
        state = "failed"
    elif not valid:
        state = "unwatched"
    elif any(course.drifts for course in courses):
        state = "drift"
    elif not has_trend(courses):
        state = "passed"
    tried = [result for result in results if result.purpose == "watch"]
    return {
        "format": FORMAT,
        "scenario": experiment.scenario.kind,
        "state": state,
        "load": load,
        "sessions": sessions_of(experiment.scenario, load),
        "viewers": viewers_of(experiment.scenario, load),
        "hold_s": experiment.trial.hold_s,
        "hold_windows": hold_windows(experiment),
        "watch": {
            "began": None if not tried else _when(wall_s.get(tried[0].index)),
            "last": None if not tried else _when(wall_s.get(tried[-1].index)),
            "every_s": experiment.watch.every_s,
            "for_s": experiment.watch.for_s,
            "passed": len(valid) - len(failed),
            "failed": len(failed),
            "invalid": len(tried) - len(valid),
            "outages": [{"at": _when(each.wall_s), "message": each.message} for each in outages],
            "first_failure": _first_failure(failed, wall_s),
            "confidence": confidence,
            "drift": to_jsonable(courses),
            "time_of_day": _by_hour(valid, wall_s),
        },
        "relaxed_limits": list(relaxed_limits(experiment.invalid)),
        "trials": [
            {**trial_summary(result), "began": _when(wall_s.get(result.index))}
            for result in results
        ],
    }


def _all_by_driver(valid: Sequence[TrialResult], results: Sequence[TrialResult]) -> bool:
    """Whether nobody ever got through the steps of the driver: nothing is known of the server."""
    return all(each.verdict.by_driver for each in valid) and not any_passed(results)


def has_trend(courses: Iterable[FigureOverTrials]) -> bool:
    """Whether there are enough trials to show for any figure whether it drifts."""
    return any(course.trend is not None and course.trend.interval is not None for course in courses)


def _first_failure(
    failed: Sequence[TrialResult], wall_s: Mapping[int, float]
) -> dict[str, Any] | None:
    if not failed:
        return None
    first = failed[0]
    return {
        "trial": first.index,
        "at": _when(wall_s.get(first.index)),
        "reasons": [reason.message for reason in first.verdict.reasons[:3]],
    }


def _by_hour(valid: Sequence[TrialResult], wall_s: Mapping[int, float]) -> list[dict[str, Any]]:
    """Medians by hour of the day (UTC), hours without a trial left out."""
    hours: defaultdict[int, list[TrialResult]] = defaultdict(list)
    for result in valid:
        began = utc(wall_s[result.index]) if result.index in wall_s else None
        if began is not None:
            hours[began.hour].append(result)
    return [
        {
            "hour_utc": hour,
            "trials": len(those),
            "failed": sum(each.verdict.outcome is Outcome.FAIL for each in those),
            **{name: median_known(figures(each)[name] for each in those) for name in SLACKS},
        }
        for hour, those in sorted(hours.items())
    ]


def _when(wall_s: float | None) -> str | None:
    """`2026-11-22T22:15:00Z`; None for an invalid time."""
    when = None if wall_s is None else utc(wall_s)
    return None if when is None else f"{when:%Y-%m-%dT%H:%M:%SZ}"


def watch_lines(summary: Mapping[str, Any]) -> tuple[str, str]:
    """Two lines for a terminal: the counts of trials, and what drifts or when it failed first."""
    watch = summary["watch"]
    counts = f"{watch['passed']} passed, {watch['failed']} failed, {watch['invalid']} invalid"
    lasted = f"from {watch['began']} to {watch['last']}" if watch["began"] else "no trial"
    look = short_look(summary.get("hold_windows")).replace(", a", ", each a")
    load = counted(summary["load"], "probe")
    state = summary["state"].capitalize().replace("_", " ")
    first = f"{state}: {load}, {lasted}: {counts}{look}"
    outages = watch["outages"]
    if outages:
        turns = counted(len(outages), "turn")
        first = f"{first}; no server at {turns}, first at {outages[0]['at'] or 'an unknown time'}"
    if failure := watch["first_failure"]:
        why = failure["reasons"][0] if failure["reasons"] else "see its trial"
        unknown = f" {STEPS_FAILED}" if summary["state"] == "driver_failed" else ""
        when = f"First failure at {failure['at']}, trial {failure['trial']}"
        return f"{first}.", f"{when}: {why}.{unknown}"
    moved = [moved_text(course) for course in watch["drift"] if course["drifts"]]
    if moved:
        return f"{first}.", f"It drifts: {'; '.join(moved)}."
    if len(known(course["last"] for course in watch["drift"])) == 0:
        return f"{first}.", "No figure is known."
    if all((course["trend"] or {}).get("interval") is None for course in watch["drift"]):
        valid = counted(watch["passed"] + watch["failed"], "valid trial")
        return f"{first}.", f"Too few to tell whether a figure drifts: {valid}."
    return f"{first}.", "No drift was detected."


def moved_text(course: Mapping[str, Any]) -> str:
    """`memory +1.2 MB an hour (0.9 to 1.4), 100 MB at first, 158 MB now`."""
    slack, over_time = SLACKS[course["figure"]], course["trend"]
    low, high = over_time["interval"]
    per_hour = slack.text(over_time["per_hour"])
    sign = "+" if over_time["per_hour"] > 0 else ""
    return (
        f"{slack.name} {sign}{per_hour} an hour ({slack.text(low)} to {slack.text(high)}), "
        f"{slack.text(course['first'])} at first, {slack.text(course['last'])} now"
    )
