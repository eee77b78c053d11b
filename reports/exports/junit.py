"""The verdicts of a run as JUnit XML, for CI systems. Pure.

A trial is a test case. A search looks for loads that fail: its failed trials are reported as
skipped, and its answer is a test case of its own. An invalid trial is skipped, too, except that of
`farm run`: it is the only case of its run and has no answer, so it is an error. Outside a search a
trial in which nobody got through the steps of the driver is one, too, if none of its run passed: it
says nothing of the server.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from farm.model.trial_plan import TrialPlan
from farm.model.trial_result import TrialResult
from farm.model.verdict import Outcome
from farm.model.wording import counted
from farm.results.answer_lines import why_invalid
from farm.search.capacity_estimate import LOAD_HELD


def junit(
    name: str,
    scenario: str,
    trials: Sequence[tuple[TrialPlan, TrialResult | None]],
    summary: Mapping[str, Any],
    properties: Mapping[str, str],
    *,
    steps_work: bool = False,
) -> bytes:
    """The JUnit XML document; `properties` hold the provenance of the numbers.

    `steps_work`: a trial of the run passed, so that the driver's steps are known to work.
    """
    suite = TestSuite(name)
    for key, value in properties.items():
        suite.add_property(key, value)
    for plan, result in trials:
        suite.add_testcase(_trial(scenario, plan, result, steps_work=steps_work))
    if "capacity" in summary:
        suite.add_testcase(_answer(scenario, summary))
    suite.update_statistics()  # type: ignore[no-untyped-call]
    document = JUnitXml(name)
    document.add_testsuite(suite)
    document.update_statistics()  # type: ignore[no-untyped-call]
    return bytes(document.tostring())  # type: ignore[no-untyped-call]


def _trial(
    scenario: str, plan: TrialPlan, result: TrialResult | None, *, steps_work: bool
) -> TestCase:
    name = f"trial {plan.index}: {counted(plan.load, 'probe')}"
    case = TestCase(name, f"{scenario}.{plan.purpose}")
    if result is None:
        case.result = [Error("the trial broke off: it has no verdict", "unfinished")]
        return case
    phases, verdict = result.phases, result.verdict
    if phases.ramp_s is not None and phases.leave_s is not None:
        case.time = round(phases.leave_s - phases.ramp_s, 3)
    messages = [_plain(reason.message) for reason in verdict.reasons]
    every, first = "\n".join(messages), messages[0] if messages else ""
    failed = f"{verdict.units_failed} of {verdict.units} failed: {first}"
    if verdict.outcome is Outcome.INVALID:
        why = why_invalid([reason.code for reason in verdict.reasons])
        unanswered = Error if plan.purpose == "single" else Skipped
        case.result = [unanswered(f"invalid, {why}: {first}", "invalid")]
    elif verdict.outcome is Outcome.FAIL and plan.purpose == "search":
        case.result = [Skipped(f"fail, at a load that the search tried: {failed}", "fail")]
    elif verdict.by_driver and not steps_work:
        case.result = [Error(f"nobody got through the steps of the driver: {first}", "driver")]
    elif verdict.outcome is Outcome.FAIL:
        failure = Failure(failed, verdict.reasons[0].code if verdict.reasons else "fail")
        failure.text = every
        case.result = [failure]
    case.system_out = "\n".join((every, *map(_plain, verdict.notes))).strip()
    return case


def _plain(text: str) -> str:
    """`text` without characters that XML cannot hold; pages may log any text."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _answer(scenario: str, summary: Mapping[str, Any]) -> TestCase:
    capacity = summary.get("capacity") or {}
    state, probes = str(summary.get("state")), capacity.get("probes")
    case = TestCase("capacity", scenario)
    answer = f"{state}: {'unknown probes' if probes is None else counted(probes, 'probe')}"
    if state == "floor_failed":
        case.result = [Failure(answer, state)]
    elif state not in LOAD_HELD:
        case.result = [Error(answer, state)]
    case.system_out = answer
    return case
