"""The answer of a search in sentences: capacity, interval, limit, next step. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from farm.analysis.drift import SLACKS
from farm.model.experiment import ScenarioKind
from farm.model.trial_result import TrialResult
from farm.model.verdict import OTHER_PROGRAMS, Outcome
from farm.model.wording import counted, short_look
from farm.planning.load_steps import NOUNS
from reports.text.answer import AnswerText, machines, sentence
from reports.text.capacity_words import capacity_headline, capacity_points
from reports.text.costs import cost_points
from reports.text.limits import limit_points, scale_out_points
from reports.text.search_states import JOINS_AT_ANY_LOAD, STATES, UNJUDGED, StateMeaning, saturated


def search_answer(
    scenario: ScenarioKind,
    summary: Mapping[str, Any] | None,
    results: Sequence[TrialResult],
    *,
    shared: bool = False,
) -> AnswerText:
    """The answer of a search; without a summary, the bounds from its trials so far.

    `shared`: server and generator ran on one machine.
    """
    if summary is None:
        return _unfinished_search(scenario, results)
    state = str(summary.get("state", "unknown"))
    meaning = STATES.get(
        state, StateMeaning("open", state, f"The search ended as {state}.", "See the trials below.")
    )
    capacity = _section(summary, "capacity")
    limited = _section(summary, "limited_by")
    if state == "generator_ran_out" and limited.get("resource") == "unknown":
        meaning = UNJUDGED
    elif state == "generator_ran_out":
        meaning = saturated(meaning, _invalid_codes(results))
    elif state not in ("drift", "server_lost") and limited.get("at_any_load"):
        meaning = replace(meaning, next_step=JOINS_AT_ANY_LOAD)
    bounded = meaning.label != "lower bound" or capacity.get("probes") is not None
    return AnswerText(
        meaning.status,
        meaning.label if bounded else "unknown",
        capacity_headline(
            scenario,
            state,
            capacity,
            [(result.load, result.verdict.outcome.value) for result in results],
            judged=meaning is not UNJUDGED,
            taken=OTHER_PROGRAMS in _invalid_codes(results),
        ),
        (
            meaning.meaning,
            *_drift_points(state, _section(summary, "drift")),
            *limit_points(limited),
            *_first_to_fail(results),
        ),
        (
            *_short_trials(summary.get("hold_windows")),
            *capacity_points(capacity),
            *_steady_points(_section(summary, "drift"), results),
            *cost_points(
                _section(summary, "cost"),
                capacity.get("recommended_probes"),
                _section(summary, "price_check"),
            ),
            *scale_out_points(_section(summary, "scale_out")),
            *_best_trial(results, shared=shared),
        ),
        (meaning.next_step,),
    )


def _short_trials(windows: int | None) -> list[str]:
    """A warning where trials were judged by very few windows."""
    look = short_look(windows)
    if not look:
        return []
    return [
        f"Each hold was{look.removeprefix(',')}: one bad second in the last one fails it, and rare "
        "problems are missed. A longer trial.hold gives a better answer."
    ]


def _drift_points(state: str, drift: Mapping[str, Any]) -> list[str]:
    """The figures that moved in the last two looks for drift; else that trials contradict."""
    moved = drift.get("moved") or ()
    load = drift.get("probes")
    if state == "drift" and not moved:
        return [
            "Its trials contradict each other: a server whose capacity is constant could not give "
            "all these results."
        ]
    at = counted(load or 0, "probe")
    return [sentence(f"At {at}, twice in a row: {text}") for text in moved]


def _steady_points(drift: Mapping[str, Any], results: Sequence[TrialResult]) -> list[str]:
    """The result of the looks for drift, where none was proven.

    A single last look that differs may be chance.
    """
    looks = drift.get("looks")
    if not looks or drift.get("moved"):
        return []
    times = "once" if looks == 1 else f"{looks} times"
    moved = [SLACKS[each["figure"]].name for each in drift.get("figures") or () if each["moved"]]
    last = next((each for each in reversed(results) if each.load == drift.get("probes")), None)
    if last is not None and last.verdict.outcome is Outcome.FAIL:
        moved = ["its verdict", *moved]
    if moved:
        return [
            f"The smallest load was tried again {times}; in the last look {' and '.join(moved)} "
            "had changed, and it was not tried once more: whether the server drifts is unknown."
        ]
    return [
        f"The smallest load was tried again {times}, and the server had not changed since the "
        "first trials."
    ]


def _invalid_codes(results: Sequence[TrialResult]) -> list[str]:
    """Codes of the last invalid trial's reasons."""
    invalid = [result for result in results if result.verdict.outcome is Outcome.INVALID]
    return [reason.code for result in invalid[-1:] for reason in result.verdict.reasons]


def _first_to_fail(results: Sequence[TrialResult]) -> list[str]:
    """The first reason of the smallest load that failed, with its worst session."""
    failed = [result for result in results if result.verdict.outcome is Outcome.FAIL]
    if not failed:
        return []
    first = min(failed, key=lambda result: (result.load, -result.index))
    reasons, worst = first.verdict.reasons, first.verdict.worst_session
    named = f" (worst session {worst.session})" if worst is not None else ""
    why = f": {reasons[0].message}" if reasons else ""
    return [sentence(f"At {counted(first.load, 'probe')}, trial {first.index} failed{named}{why}")]


def _best_trial(results: Sequence[TrialResult], *, shared: bool) -> list[str]:
    """CPU of server and generator at the largest load that passed."""
    passed = [result for result in results if result.verdict.outcome is Outcome.PASS]
    if not passed:
        return []
    best = max(passed, key=lambda result: (result.load, result.index))
    load = counted(best.load, "probe")
    return [f"At {load}, trial {best.index}: {machines(best, shared=shared)}"]


def _unfinished_search(scenario: ScenarioKind, results: Sequence[TrialResult]) -> AnswerText:
    loads = {
        outcome: [result.load for result in results if result.verdict.outcome is outcome]
        for outcome in Outcome
    }
    points = []
    if loads[Outcome.PASS]:
        most = counted(max(loads[Outcome.PASS]), "probe")
        points.append(f"The largest load that passed so far: {most}.")
    if loads[Outcome.FAIL]:
        fewest = counted(min(loads[Outcome.FAIL]), "probe")
        points.append(f"The smallest load that failed so far: {fewest}.")
    if loads[Outcome.INVALID]:
        points.append(f"{counted(len(loads[Outcome.INVALID]), 'trial')} invalid.")
    return AnswerText(
        "open",
        "unfinished",
        f"Unfinished: the search broke off, or is still running, after "
        f"{counted(len(results), 'judged trial')} of {NOUNS[scenario]}s.",
        tuple(points),
        (),
        ("Continue it with --resume; judged trials are not repeated.",),
    )


def _section(summary: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = summary.get(name)
    return section if isinstance(section, Mapping) else {}
