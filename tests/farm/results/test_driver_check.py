"""Problems of a driver that a check found, from trials that were made up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from farm.drivers import parse_driver
from farm.drivers.step_places import step_places
from farm.model.criteria import Criteria
from farm.model.data_channels import DataInterval
from farm.model.experiment import Experiment, Scenario
from farm.model.page_acts import FailedHoldSteps
from farm.model.page_samples import MOST_CONSOLE_LINES, EventKind
from farm.model.trial_evidence import TrialEvidence
from farm.model.trial_plan import Direction
from farm.planning.trial_planning import plan_trial
from farm.results.checked_streams import CheckedStream, StreamState
from farm.results.driver_check import (
    CheckedProbe,
    DriverText,
    doubts_of,
    problems_of,
    trouble_lines,
)
from farm.testing.evidence import HOLD_S, good_evidence
from farm.verdict.trial_streams import TrialStreams

DRIVER = """\
format: 1
roles:
  callee:
    join: [goto: "{app_url}"]
    after_join:
      - at: 3s
        steps:
          - click: "#mute"
          - click: "#unmute"
  caller:
    join: [goto: "{app_url}"]
"""
TEXT = DriverText("mine.yaml", step_places(parse_driver(DRIVER, "mine.yaml", Path()), DRIVER))


def call(*, data: bool = False) -> TrialEvidence:
    experiment = Experiment(scenario=Scenario(data=data))
    return good_evidence(
        plan_trial(experiment, 2, index=0, purpose="single", hosts=["here"]), windows=2
    )


def problems(evidence: TrialEvidence) -> list[str]:
    joins = {join.probe: join for join in evidence.joins}
    probes = tuple(
        CheckedProbe(plan, joins[plan.probe], 1.0, 1.0, (), (), (), "", 0, ())
        for plan in evidence.plan.probes
    )
    return list(problems_of(probes, evidence, Criteria(), TEXT))


def test_a_step_of_the_hold_that_failed_is_a_problem_with_its_line() -> None:
    assert problems(call()) == []
    failed = FailedHoldSteps("p000", HOLD_S + 3, "after_join 1 step 2, click #unmute: not there")
    assert problems(replace(call(), failed_hold_steps=(failed,))) == [
        "p000 (callee of s000): mine.yaml:9: after_join 1 step 2, click #unmute: not there"
    ]


def test_on_a_machine_too_busy_to_be_sampled_problems_prove_nothing() -> None:
    evidence = replace(call(), host_samples=call().host_samples[:1])
    assert [each.code for each in doubts_of(evidence, True)] == ["host_unseen"]
    assert list(doubts_of(evidence, False)) == []
    assert list(doubts_of(call(), True)) == []


def messages(probe: str, received: int) -> list[DataInterval]:
    return [
        DataInterval(
            probe,
            label,
            window,
            HOLD_S + 10 * window,
            HOLD_S + 10 * window + 10,
            polls=10,
            channels=1,
            sending=1,
            messages_sent=100,
            messages_received=received,
        )
        for label in (None, "chat")
        for window in range(2)
    ]


def test_messages_that_never_come_are_a_problem() -> None:
    sent = (*messages("p000", 100), *messages("p001", 100))
    assert problems(replace(call(data=True), data=sent)) == []
    nothing = (*messages("p000", 0), *messages("p001", 100))
    (problem,) = problems(replace(call(data=True), data=nothing))
    assert problem.startswith("p000 (callee of s000) got no message of p001")


def test_lines_of_a_console_are_each_once_with_their_number_and_the_others_are_counted() -> None:
    often: tuple[EventKind, str] = ("console", "E1234 telemetry failed")
    others: list[tuple[EventKind, str]] = [("page_error", f"e{number}") for number in range(6)]
    events = [line for other in others for line in (often, other)]
    assert trouble_lines([*events, often]) == (
        *("page error: e2", "page error: e3", "page error: e4", "page error: e5"),
        "console: E1234 telemetry failed (7 times)",
        "and 2 other lines: events.jsonl of the trial has all",
    )
    assert trouble_lines([often]) == ("console: E1234 telemetry failed",)
    assert trouble_lines([often] * MOST_CONSOLE_LINES) == (
        f"console: E1234 telemetry failed (at least {MOST_CONSOLE_LINES} times)",
    )


# ---------------------------------------------------------------- causes before effects


def checked(evidence: TrialEvidence, *faulty: tuple[str, Direction, StreamState]) -> list[str]:
    """The problems where these videos of a call are faulty: who has each, and how."""
    streams = {
        probe: [
            CheckedStream(each, state, "", None, None, None, ())
            for whose, direction, state in faulty
            for each in TrialStreams(evidence).owed(whose, direction, "video")
            if whose == probe
        ]
        for probe in ("p000", "p001")
    }
    joins = {join.probe: join for join in evidence.joins}
    probes = tuple(
        CheckedProbe(
            plan, joins[plan.probe], 1.0, 1.0, (), (), tuple(streams[plan.probe]), "", 0, ()
        )
        for plan in evidence.plan.probes
    )
    return list(problems_of(probes, evidence, Criteria(), TEXT))


def test_who_sends_nothing_is_a_problem_before_who_lacks_it() -> None:
    assert checked(call(), ("p000", "inbound", "missing"), ("p001", "outbound", "missing")) == [
        "p001 (caller of s000): the video that it sends never came",
        "p000 (callee of s000): the video from p001 that it receives never came",
    ]


def test_who_stopped_to_send_does_not_explain_what_never_came() -> None:
    first, _ = checked(call(), ("p000", "inbound", "missing"), ("p001", "outbound", "stopped"))
    assert first == "p000 (callee of s000): the video from p001 that it receives never came"


def test_who_left_is_a_problem_before_what_others_lack_of_it_the_first_in_time_first() -> None:
    lacking = ("p000", "inbound", "stopped")
    assert checked(replace(call(), left={"p001": HOLD_S + 5}), lacking) == [
        "p001 (caller of s000): its page closed its connections before the call was over",
        "p000 (callee of s000): the video from p001 that it receives stopped before the end",
    ]
    both = replace(call(), left={"p000": HOLD_S + 5}, reloaded={"p001": HOLD_S + 5.1})
    assert checked(both, lacking) == [
        "p001 (caller of s000): its page loaded by itself at 5 s of the hold, and was out of its "
        "session from then on",
        "p000 (callee of s000): its page closed its connections before the call was over",
    ]
