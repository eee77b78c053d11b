"""The two lines in the terminal at the end of a run: the result, and what limits it. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from farm.model.durations import format_duration
from farm.model.experiment import ScenarioKind
from farm.model.verdict import ASSUMED_MEDIA, MEDIA_ALONE, OTHER_PROGRAMS
from farm.model.wording import counted, percent, short_look
from farm.planning.load_steps import NOUNS
from farm.results.advice import advice
from farm.results.relaxed_limits import relaxed_text

IN_LAST_WINDOW = "Only its last window was bad: whether that would have gone on is not known."

CPU_TAKEN = "other programs used the generator's cores"

STEPS_FAILED = (
    "A step of the driver failed, or its page did: whether the server is why is not known."
)
"""What is said in the place of a limit where no session ever got through the driver's steps."""

LOWER_BOUNDS = frozenset({"ceiling_passed", "generator_ran_out"})
"""States of searches whose result is a lower bound: no larger load was seen to fail."""


def two_lines(summary: Mapping[str, Any]) -> tuple[str, str]:
    """The result in `summary.json` for a terminal, and what limits it."""
    lines = _size_lines(summary) if "capacity" in summary else _run_lines(summary)
    return with_relaxed_limits(lines, summary)


def with_relaxed_limits(lines: tuple[str, str], summary: Mapping[str, Any]) -> tuple[str, str]:
    """The two lines, the first with the limits of the generator that were relaxed."""
    first, second = lines
    relaxed = relaxed_text(summary.get("relaxed_limits") or ())
    return (f"{first} {relaxed[0].upper()}{relaxed[1:]}." if relaxed else first), second


def _size_lines(summary: Mapping[str, Any]) -> tuple[str, str]:
    capacity, state = summary["capacity"], summary["state"]
    second = _limit_line(summary["limited_by"])
    if state == "generator_ran_out":
        second = f"{second} {advice(invalid_codes(summary['trials']))}"
    ended = f"({state}, {counted(len(summary['trials']), 'trial')})"
    probes = capacity["probes"]
    if probes is None:
        tried = [(int(trial["probes"]), str(trial["verdict"])) for trial in summary["trials"]]
        return f"{no_load_words(tried)} {ended}.", second
    if state == "drift":
        load = _load(summary["scenario"], probes, capacity)
        moved = (
            "; ".join((summary.get("drift") or {}).get("moved", ()))
            or "its trials contradict each other"
        )
        return f"The server drifts: {moved}. {load} passed before {ended}.", second
    load = _load(summary["scenario"], probes, capacity)
    hold = f"{format_duration(capacity['hold_s'])}{short_look(summary.get('hold_windows'))}"
    held = f"The server holds {bound_words(state)}{load} for {hold}"
    first = ""
    if state == "generator_ran_out":
        by_generator = summary["limited_by"]["resource"] == "generator"
        first = "; more could not be judged"
        if by_generator:
            taken = OTHER_PROGRAMS in invalid_codes(summary["trials"])
            first = f"; {CPU_TAKEN if taken else 'the load generator saturated first'}"
    return f"{held}{first}{_interval(capacity)} {ended}.", second


def no_load_words(tried: Iterable[tuple[int, str]]) -> str:
    """Why a search names no load: none passed, or too few trials of those that did.

    `tried` are the loads of its trials with their outcomes.
    """
    judged = [(load, outcome) for load, outcome in tried if outcome != "invalid"]
    passed = [load for load, outcome in judged if outcome == "pass"]
    if not passed:
        return "No passing load was found"
    counts = []
    for load in sorted({min(load for load, _ in judged), min(passed)}):
        of = [outcome for at, outcome in judged if at == load]
        counts.append(
            f"at {counted(load, 'probe')} {of.count('pass')} of {counted(len(of), 'trial')} passed"
        )
    return f"No load is sure to pass: {', '.join(counts)}"


def _run_lines(summary: Mapping[str, Any]) -> tuple[str, str]:
    trial, state = summary["trials"][-1], summary["state"]
    who = _load(summary["scenario"], summary["load"], summary)
    if state == "invalid":
        why = why_invalid([str(reason["code"]) for reason in trial["reasons"]])
        media = [note for note in trial.get("notes", ()) if note.startswith(MEDIA_ALONE)]
        alone = "".join(f"; {note}" for note in media) if trial.get("windows") else ""
        first = f"Invalid: with {who} {why}, so the server is not judged{alone}."
    else:
        word = {"pass": "Passed", "fail": "Failed"}[state]
        units = counted(trial["units"], "session" if summary["viewers"] is None else "viewer")
        hold_s = summary["hold_s"]
        look = short_look(trial.get("windows"))
        held = "and no hold" if hold_s is None else f"for {format_duration(hold_s)}{look}"
        cut_s = summary.get("cut_after_s")
        if hold_s is not None and cut_s is not None:
            held = f"for {cut_s:.0f} s of {format_duration(hold_s)}, as the trial ended early"
        first = f"{word}: {who} {held}; {trial['units_failed']} of {units} bad."
    reasons = trial["reasons"]
    if not reasons:
        return first, f"Worst session: {_worst(trial['worst_session'])}."
    more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
    limit = summary.get("limited_by")
    limited_by = ""
    if limit:
        evidence = evidence_beside(limit["evidence"], [reasons[0]["message"]])
        limited_by = f" {_limit_line({**limit, 'evidence': evidence})}"
    if limit and limit["resource"] == "driver":
        limited_by = f" {STEPS_FAILED} farm driver check shows each step."
    last = f" {IN_LAST_WINDOW}" if trial.get("by_last_window") else ""
    what_to_change = (
        f" {advice(reason['code'] for reason in reasons)}" if state == "invalid" else ""
    )
    return first, f"Worst: {reasons[0]['message']}{more}.{last}{limited_by}{what_to_change}"


def bound_words(state: str) -> str:
    """The words before the load that is the result of a search which ended in this state."""
    if state in ("converged", "drift"):  # of a server that drifts only loads that passed are named
        return ""
    return "at least " if state in LOWER_BOUNDS else "most likely "


def why_invalid(codes: Collection[str]) -> str:
    """Why an invalid trial is not judged, by the codes of its reasons."""
    if ASSUMED_MEDIA in codes:
        return "it is not known what the server owes its rooms"
    if OTHER_PROGRAMS in codes:
        return CPU_TAKEN
    return "the generator was at fault"


def invalid_codes(trials: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The codes of the last invalid trial, in entries of `summary.json`."""
    invalid = [trial for trial in trials if trial["verdict"] == "invalid"]
    return tuple(str(reason["code"]) for trial in invalid[-1:] for reason in trial["reasons"])


def evidence_beside(evidence: str, messages: Iterable[str]) -> str:
    """The evidence of a limit without those messages, where they stand beside it already."""
    for message in messages:
        words = re.escape(message.rstrip("."))
        evidence = re.sub(rf"(: |; |, ){words}(?=$|[;,.]| \()", "", evidence)
    return evidence


def _limit_line(limit: Mapping[str, Any]) -> str:
    if limit["resource"] == "driver":
        return f"{STEPS_FAILED} {limit['evidence'][:1].upper()}{limit['evidence'][1:]}."
    is_known = limit["resource"] != "unknown"
    by = f"Limited by {limit['resource']}" if is_known else "What limited it is unknown"
    return f"{by}: {limit['evidence']}."


def _load(scenario: ScenarioKind, probes: int, counts: Mapping[str, Any]) -> str:
    """`18 probes (9 calls)`."""
    return f"{counted(probes, 'probe')} ({sessions_words(scenario, counts)})"


def sessions_words(scenario: ScenarioKind, counts: Mapping[str, Any]) -> str:
    """The sessions of a load: `9 calls`, `17 viewers`, `15 viewers of 3 broadcasts`."""
    sessions, viewers = counts["sessions"], counts.get("viewers")
    if viewers is None:
        return counted(sessions, NOUNS[scenario])
    of = f" of {sessions} {NOUNS[scenario]}s" if (sessions or 1) > 1 else ""
    return f"{counted(viewers, 'viewer')}{of}"


def _interval(capacity: Mapping[str, Any]) -> str:
    low, high = capacity["interval_probes"]
    sure = f"with {percent(capacity['confidence'])} confidence"
    if low is not None and high is not None:
        return f"; between {low} and {high} {sure}"
    if low is not None:
        return f"; {low} or more {sure}"
    return "" if high is None else f"; {high} or fewer {sure}"


def _worst(worst: Mapping[str, Any] | None) -> str:
    if worst is None:
        return "none"
    parts = [worst["id"]]
    if worst["loss_ratio"] is not None:
        parts.append(f"{percent(worst['loss_ratio'])} lost")
    if worst["video_bitrate_bps"] is not None:
        parts.append(f"video at worst {worst['video_bitrate_bps'] / 1000:.0f} kbit/s")
    if worst["frame_rate"] is not None:
        parts.append(f"{worst['frame_rate']:.1f} frames/s")
    return ", ".join(parts)
