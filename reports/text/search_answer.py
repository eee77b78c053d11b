"""What a search came to, in plain words: how much, how sure, why not more, what next. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from farm.analysis.drift import SLACKS
from farm.model.experiment import ScenarioKind
from farm.model.trial_result import TrialResult
from farm.model.verdict import OTHER_PROGRAMS, Outcome
from farm.model.wording import short_look
from farm.planning.load_steps import NOUNS
from farm.results.advice import ROOM, advice
from farm.results.answer_lines import TAKEN, how_sure
from reports.text.answer import Answer, Status, machines, sentence
from reports.text.costs import cost_points
from reports.text.limits import limit_points, scale_out_points
from reports.wording.phrases import counted, percent, seconds, units_word


@dataclass(frozen=True, slots=True)
class StateMeaning:
    """What a state of the search means, and what to do about it."""

    status: Status
    label: str
    meaning: str
    next_step: str


STATES: Mapping[str, StateMeaning] = {
    "converged": StateMeaning(
        "pass",
        "found",
        "The search closed in on its answer; how sure that is, the interval says.",
        "Plan with the recommended load, and watch the resource that sets the limit.",
    ),
    "ceiling_passed": StateMeaning(
        "pass",
        "lower bound",
        "The largest load allowed passed each time that it counted: the server may hold more.",
        "Raise search.maximum and run again.",
    ),
    "floor_failed": StateMeaning(
        "fail",
        "fail",
        "Even the smallest load did not hold.",
        "Read the reasons of the first trial: a server or a network that cannot carry one "
        "session is broken, not full.",
    ),
    "out_of_trials": StateMeaning(
        "open",
        "inconclusive",
        "The trials or the time allowed were used up before the bounds met.",
        "Raise search.max_trials or search.budget, or search.step, and run again.",
    ),
    "generator_ran_out": StateMeaning(
        "open",
        "lower bound",
        "The machines that run the probes reached their own limit before the server did: it may "
        "hold more.",
        ROOM,
    ),
    "drift": StateMeaning(
        "open",
        "drift",
        "The server changed in the course of the search, so its trials are not of one server and "
        "no capacity can be had from them.",
        "Find what changed (neighbours, heat, a disk that fills, a reset that leaves something "
        "behind), and size the server again.",
    ),
    "server_lost": StateMeaning(
        "fail",
        "server lost",
        "The server was lost, and without it no further trial could be judged.",
        "See what happened to it in logs/ and in its own logs, mend it and run again.",
    ),
}


UNJUDGED = StateMeaning(
    "open",
    "lower bound",
    "Larger trials could not be judged, for it is not known what the server owes its rooms.",
    "Say in the experiment whether rooms are mixed or forwarded (scenario.media), and run again.",
)
"""Of a search that ran out of trials that can be judged, and not of generator."""


def search_answer(
    scenario: ScenarioKind,
    summary: Mapping[str, Any] | None,
    results: Sequence[TrialResult],
    *,
    shared: bool = False,
) -> Answer:
    """What a search came to; without a summary, what its trials say so far.

    `shared` says that server and generator ran on one machine.
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
        meaning = _ran_out(meaning, _invalid_codes(results))
    bounded = meaning.label != "lower bound" or capacity.get("probes") is not None
    return Answer(
        meaning.status,
        meaning.label if bounded else "unknown",
        _capacity_headline(
            scenario,
            state,
            capacity,
            judged=meaning is not UNJUDGED,
            taken=OTHER_PROGRAMS in _invalid_codes(results),
        ),
        (
            meaning.meaning,
            *_moved_points(state, _section(summary, "drift")),
            *limit_points(limited),
            *_first_to_fail(results),
        ),
        (
            *_short_holds(summary.get("hold_windows")),
            *_capacity_points(capacity),
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


def _ran_out(meaning: StateMeaning, codes: Sequence[str]) -> StateMeaning:
    """Of a search that no further trial could be judged of: for whose sake, and what helps."""
    if OTHER_PROGRAMS not in codes:
        return replace(meaning, next_step=advice(codes))
    said = (
        "Other programs had the CPU of the machines that run the probes, so larger trials are not "
        "judged: the server may hold more."
    )
    return replace(meaning, meaning=said, next_step=advice(codes))


def capacity_text(scenario: ScenarioKind, capacity: Mapping[str, Any], state: str) -> str:
    """`18 probes (9 calls)`, with how sure that is before it (`at least`, `most likely`); else
    `unknown`."""
    probes = capacity.get("probes")
    if probes is None:
        return "unknown"
    units = capacity.get("viewers" if scenario == "broadcast" else "sessions")
    carried = "" if units is None else f" ({counted(units, units_word(scenario))})"
    return f"{how_sure(state)}{counted(probes, 'probe')}{carried}"


def interval_text(capacity: Mapping[str, Any]) -> str:
    """`16 to 20 probes`, open where an end is not known."""
    interval = capacity.get("interval_probes")
    if not isinstance(interval, Sequence) or len(interval) != 2 or interval == [None, None]:
        return "not known"
    low, high = interval
    if low is None:
        return f"below {high} probes"
    if high is None:
        return f"{low} probes or more"
    return f"{low} to {high} probes"


def _capacity_headline(
    scenario: ScenarioKind, state: str, capacity: Mapping[str, Any], *, judged: bool, taken: bool
) -> str:
    text = capacity_text(scenario, capacity, state)
    if text == "unknown":
        if state == "floor_failed":
            return "This server did not hold even the smallest load."
        return "The capacity is unknown: no load was seen to hold."
    if not judged:
        return f"This server holds {text}; more could not be judged."
    if state == "generator_ran_out":
        return f"This server holds {text}; {TAKEN if taken else 'the generator ran out first'}."
    if state == "drift":
        return f"This server is not what it was: {text} held on the way."
    return f"This server holds {text}."


def _capacity_points(capacity: Mapping[str, Any]) -> list[str]:
    points = []
    known = any(end is not None for end in capacity.get("interval_probes") or ())
    if known:
        confidence = capacity.get("confidence")
        sure = f" with {percent(confidence)} confidence" if confidence else ""
        points.append(f"The capacity lies at {interval_text(capacity)}{sure}.")
    reliability, hold_s = capacity.get("reliability"), capacity.get("hold_s")
    if known and reliability and hold_s:
        points.append(
            f"That interval is for the largest load at which {percent(reliability)} of holds of "
            f"{seconds(hold_s)} pass.{_prior(capacity)}"
        )
    if capacity.get("recommended_probes") is not None:
        points.append(f"Recommended load: {capacity['recommended_probes']} probes.")
    if capacity.get("breaking_probes") is not None:
        points.append(f"It breaks at {capacity['breaking_probes']} probes.")
    return points


def _short_holds(windows: int | None) -> list[str]:
    """What trials are worth that were judged by so few windows."""
    look = short_look(windows)
    if not look:
        return []
    return [
        f"Each hold was{look.removeprefix(',')}: one bad second in the last one fails it, and what "
        "comes seldom is not seen. A longer trial.hold is worth more."
    ]


def _prior(capacity: Mapping[str, Any]) -> str:
    """How much of the interval comes from what was assumed, not from trials."""
    sharp, slow = (
        {"interval_probes": capacity.get(f"interval_if_{kind}_probes")}
        for kind in ("sharp", "slow")
    )
    texts = [interval_text(each) for each in (capacity, sharp, slow)]
    if "not known" in texts:
        return " After few trials it leans on what servers usually do (docs/method.md)."
    if len(set(texts)) == 1:
        return " It comes from the trials: with a sharp edge or a slow one it would be the same."
    return (
        " Part of it comes from what servers usually do, not from trials: for one known to fail "
        f"at a sharp edge it would be {texts[1]}, for one known to falter slowly {texts[2]} "
        "(docs/method.md)."
    )


def _moved_points(state: str, drift: Mapping[str, Any]) -> list[str]:
    """What moved, in the last two looks at the smallest load; else the trials themselves say it."""
    moved = drift.get("moved") or ()
    load = drift.get("probes")
    if state == "drift" and not moved:
        return ["Its trials contradict each other: no server that stays the same gave them all."]
    return [sentence(f"At {load} probes, twice in a row: {text}") for text in moved]


def _steady_points(drift: Mapping[str, Any], results: Sequence[TrialResult]) -> list[str]:
    """That the server was looked at again, and was the same; of a last look that was not nobody
    knows whether it was chance."""
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
            "had moved, and it was not tried once more: whether the server drifts is not known."
        ]
    return [
        f"The smallest load was tried again {times}, and the server was still what it was at first."
    ]


def _invalid_codes(results: Sequence[TrialResult]) -> list[str]:
    """Of the last trial that is not judged."""
    invalid = [result for result in results if result.verdict.outcome is Outcome.INVALID]
    return [reason.code for result in invalid[-1:] for reason in result.verdict.reasons]


def _first_to_fail(results: Sequence[TrialResult]) -> list[str]:
    """Why the smallest load that failed did, its worst session named."""
    failed = [result for result in results if result.verdict.outcome is Outcome.FAIL]
    if not failed:
        return []
    first = min(failed, key=lambda result: (result.load, -result.index))
    reasons, worst = first.verdict.reasons, first.verdict.worst_session
    named = f" (worst session {worst.session})" if worst is not None else ""
    why = f": {reasons[0].message}" if reasons else ""
    return [sentence(f"At {first.load} probes, trial {first.index} failed{named}{why}")]


def _best_trial(results: Sequence[TrialResult], *, shared: bool) -> list[str]:
    """What the machines did at the largest load that passed."""
    passed = [result for result in results if result.verdict.outcome is Outcome.PASS]
    if not passed:
        return []
    best = max(passed, key=lambda result: (result.load, result.index))
    return [f"At {best.load} probes, trial {best.index}: {machines(best, shared=shared)}"]


def _unfinished_search(scenario: ScenarioKind, results: Sequence[TrialResult]) -> Answer:
    loads = {
        outcome: [result.load for result in results if result.verdict.outcome is outcome]
        for outcome in Outcome
    }
    points = []
    if loads[Outcome.PASS]:
        points.append(f"The largest load that passed so far: {max(loads[Outcome.PASS])} probes.")
    if loads[Outcome.FAIL]:
        points.append(f"The smallest load that failed so far: {min(loads[Outcome.FAIL])} probes.")
    if loads[Outcome.INVALID]:
        points.append(f"{counted(len(loads[Outcome.INVALID]), 'trial')} invalid.")
    return Answer(
        "open",
        "unfinished",
        f"Unfinished: the search broke off, or is still under way, after "
        f"{counted(len(results), 'judged trial')} of {NOUNS[scenario]}s.",
        tuple(points),
        (),
        ("Take it up again with --resume; judged trials are not repeated.",),
    )


def _section(summary: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = summary.get(name)
    return section if isinstance(section, Mapping) else {}
