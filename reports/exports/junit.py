"""The verdicts of a run as JUnit XML, for whoever collects tests. Pure.

A trial is a test case. A search looks for loads that fail: its failed trials are told, but as
skipped; what counts of it is its answer, a case of its own. An invalid trial is skipped, too, but
for the one of `farm run`: nothing else stands for what was asked, and it has no answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from farm.model.trial_plan import TrialPlan
from farm.model.trial_result import TrialResult
from farm.model.verdict import Outcome
from farm.results.answer_lines import why_invalid

ANSWERED = frozenset({"converged", "ceiling_passed"})
"""States of a search with an answer."""


def junit(
    name: str,
    scenario: str,
    trials: Sequence[tuple[TrialPlan, TrialResult | None]],
    summary: Mapping[str, Any],
    properties: Mapping[str, str],
) -> bytes:
    """The XML; `properties` say where the numbers come from."""
    suite = TestSuite(name)
    for key, value in properties.items():
        suite.add_property(key, value)
    for plan, result in trials:
        suite.add_testcase(_trial(scenario, plan, result))
    if "capacity" in summary:
        suite.add_testcase(_answer(scenario, summary))
    suite.update_statistics()  # type: ignore[no-untyped-call]
    document = JUnitXml(name)
    document.add_testsuite(suite)
    document.update_statistics()  # type: ignore[no-untyped-call]
    return bytes(document.tostring())  # type: ignore[no-untyped-call]


def _trial(scenario: str, plan: TrialPlan, result: TrialResult | None) -> TestCase:
    case = TestCase(f"trial {plan.index}: {plan.load} probes", f"{scenario}.{plan.purpose}")
    if result is None:
        case.result = [Error("the trial broke off: it has no verdict", "unfinished")]
        return case
    phases, verdict = result.phases, result.verdict
    if phases.ramp_s is not None and phases.leave_s is not None:
        case.time = round(phases.leave_s - phases.ramp_s, 3)
    messages = [_plain(reason.message) for reason in verdict.reasons]
    said, first = "\n".join(messages), messages[0] if messages else ""
    many = f"{verdict.units_failed} of {verdict.units} failed: {first}"
    if verdict.outcome is Outcome.INVALID:
        why = why_invalid([reason.code for reason in verdict.reasons])
        unanswered = Error if plan.purpose == "single" else Skipped
        case.result = [unanswered(f"invalid, {why}: {first}", "invalid")]
    elif verdict.outcome is Outcome.FAIL and plan.purpose == "search":
        case.result = [Skipped(f"fail, at a load that was being tried: {many}", "fail")]
    elif verdict.outcome is Outcome.FAIL:
        failure = Failure(many, verdict.reasons[0].code if verdict.reasons else "fail")
        failure.text = said
        case.result = [failure]
    case.system_out = "\n".join((said, *map(_plain, verdict.notes))).strip()
    return case


def _plain(text: str) -> str:
    """Without what XML cannot hold: pages may say anything."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _answer(scenario: str, summary: Mapping[str, Any]) -> TestCase:
    capacity = summary.get("capacity") or {}
    state, probes = str(summary.get("state")), capacity.get("probes")
    case = TestCase("capacity", scenario)
    said = f"{state}: {'unknown' if probes is None else probes} probes"
    if state == "floor_failed":
        case.result = [Failure(said, state)]
    elif state not in ANSWERED:
        case.result = [Error(said, state)]
    case.system_out = said
    return case
