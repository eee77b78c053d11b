"""Hints on drivers that work, from trials that were made up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from farm.drivers import parse_driver
from farm.drivers.step_places import step_places
from farm.model.experiment import Scenario
from farm.model.page_samples import MOST_OF_ONE_DIALOG, ProbeEvent
from farm.model.trial_evidence import JoinOutcome, StreamIdentity
from farm.model.trial_plan import ProbePlan
from farm.model.verdict import Outcome, Verdict
from farm.model.webrtc_stats import MediaKind
from farm.recording.events import SeenEvent
from farm.results.checked_dialogs import dialogs_of
from farm.results.checked_steps import CheckedStep
from farm.results.checked_streams import CheckedStream, StreamState
from farm.results.driver_check import CheckedProbe, CheckedTrial, DriverText
from farm.results.driver_hints import driver_hints
from reports.text.driver_check import trial_lines

DRIVER = """\
format: 1
roles:
  member:
    join:
      - goto: "{app_url}?room={session}&name={probe}"
      - wait_for: "#lobby"
    joined:
      - wait_for: "#in-call"
    leave:
      - click: "#leave"
"""


def text_of(driver: str) -> DriverText:
    return DriverText("mine.yaml", step_places(parse_driver(driver, "mine.yaml", Path()), driver))


TEXT = text_of(DRIVER)


def step(part: str, number: int, name: str, took_s: float, probe: str = "p000") -> CheckedStep:
    place = TEXT.places.get(("member", part, number))
    return CheckedStep(probe, "member", part, number, name, took_s, None, None, 1.0, place)


def member(name: str, *steps: CheckedStep) -> CheckedProbe:
    plan = ProbePlan(name, "s000", "member", "here", 0.0, {}, ("video",), ("video",))
    join = JoinOutcome(name, "s000", True, 1.0)
    return CheckedProbe(plan, join, 10.0, 9.0, steps, (), (), "", 0, ())


def trial(*probes: CheckedProbe) -> CheckedTrial:
    return CheckedTrial(probes, (), None, Verdict(Outcome.PASS, (), 1, 0, 2))


def hints(*probes: CheckedProbe, text: DriverText = TEXT) -> tuple[str, ...]:
    checked = trial(*probes)
    return driver_hints(checked, checked, None, Scenario(kind="group"), text)


def test_the_probes_of_two_trials_stand_under_a_heading_each() -> None:
    alone = list(trial_lines((trial(member("p000"), member("p001")),)))
    assert [line.split(" ")[0] for line in alone if not line.startswith("  ")] == [
        *("", "p000", "", "p001")
    ]
    both = list(trial_lines((trial(member("p000")), trial(member("p000")))))
    headings = [line for line in both if line.startswith("the ")]
    assert headings == [
        "the first time, with a picture of each step:",
        "the second time, without pictures, at the pace of farm run:",
    ]


def test_a_driver_without_anything_odd_gets_no_hint() -> None:
    assert hints(member("p000", step("join", 2, "wait_for #lobby", 0.4))) == ()


def test_a_wait_for_what_was_so_already_may_be_needed_elsewhere() -> None:
    assert hints(member("p000", step("join", 2, "wait_for #lobby", 0.01))) == ()


def test_a_wait_that_takes_nearly_all_of_its_time_and_a_long_script_are_named() -> None:
    slow = step("joined", 1, "wait_for #in-call", 12.0)
    script = step("join", 1, "evaluate pause.js", 5.0)
    late, pause = sorted(hints(member("p000", slow, script)), reverse=True)
    assert late.startswith("mine.yaml:8: wait_for #in-call took 12.0 s here, without any load")
    assert "evaluate pause.js took 5.0 s: if it is a fixed pause" in pause


def test_a_join_that_is_over_before_media_came_is_named() -> None:
    (hint,) = hints(replace(member("p000"), first_media_s=11.5))
    assert hint.startswith("mine.yaml:8: joined of member was over 1.5 s before its first media")


def test_a_page_that_sends_no_video_at_all_may_be_one_of_audio_alone() -> None:
    def sent(name: str, video: StreamState, audio: StreamState = "came") -> CheckedProbe:
        kinds: tuple[tuple[MediaKind, StreamState], ...] = (("audio", audio), ("video", video))
        streams = tuple(
            CheckedStream(
                StreamIdentity(name, "outbound", kind, 0, owed=True, seen=state == "came"),
                *(state, "", None, None, None, ()),
            )
            for kind, state in kinds
        )
        return replace(member(name), streams=streams)

    def said(scenario: Scenario, *probes: CheckedProbe) -> tuple[str, ...]:
        return driver_hints(trial(*probes), None, None, scenario, TEXT)

    silent = (sent("p000", "missing"), sent("p001", "missing"))
    room = Scenario(kind="group", members=2, media="mixed")
    assert said(room, *silent) == (
        "the page sends no video at all: a room is one of audio alone in an experiment "
        "(--experiment): scenario: {kind: group, members: 2, audio_only: 2, media: mixed}",
    )
    (hint,) = said(Scenario(kind="one_to_one"), *silent)
    assert "roles that have sends: [audio]" in hint
    assert said(room, sent("p000", "missing"), sent("p001", "came")) == ()
    assert said(room, sent("p000", "missing", "missing")) == ()


def test_connections_that_stay_open_and_partners_that_left_before_are_named() -> None:
    (hint,) = hints(replace(member("p000"), open_after_leave=2))
    assert hint.startswith("member: its leave steps leave 2 of its connections open")
    (hint,) = hints(replace(member("p000"), left="leave step 1, click #leave: not within 15 s"))
    assert hint.startswith("mine.yaml:10: leave step 1, click #leave: not within 15 s: its conn")


def test_what_is_not_judged_is_told() -> None:
    told = replace(trial(member("p000")), unjudged=("user is owed nothing",))
    scenario = Scenario(kind="group")
    assert driver_hints(told, told, None, scenario, TEXT) == ("user is owed nothing",)


def test_a_text_that_a_comment_may_have_cut_short_is_shown() -> None:
    (hint,) = hints(member("p000"), text=replace(TEXT, cut=((10, "main", "#leave"),)))
    assert hint.startswith(
        "mine.yaml:10: main is all of it, as #leave is a comment: quote what has"
    )


def test_sessions_that_may_meet_are_named_of_a_driver_that_works() -> None:
    alike = text_of(DRIVER.replace("{session}", "hall"))
    (hint,) = hints(member("p000"), text=alike)
    assert hint.startswith("mine.yaml:5: no step of member has {session}: sessions at the same t")
    broken = replace(trial(member("p000")), problems=("p000 did not join",))
    assert driver_hints(broken, None, None, Scenario(kind="group"), alike) == ()


LEAVE = "mine.yaml:10: leave step 1, click #leave"


def dialog(type: str, text: str, step: str = "", **data: Any) -> SeenEvent:
    data = {"answer": "cancelled", "unexpected": True, "after_step_s": 0.2, **data}
    event = ProbeEvent(
        *("p000", "dialog", 1000.0, f"{type} {text!r} was {data['answer']}"),
        {"type": type, "text": text, "step": step, **data},
    )
    return SeenEvent(event, 5.0)


def asked(*events: SeenEvent, open: int = 0) -> CheckedProbe:
    dialogs = dialogs_of(events, "p000")
    return replace(member("p000"), dialogs=dialogs, open_after_leave=open)


def test_a_dialog_that_no_step_answers_is_a_hint_with_its_step_and_its_number() -> None:
    alert = dialog("alert", "Hello", answer="closed", after_step_s=9.0)
    confirm = dialog("confirm", "Really leave?", LEAVE)
    assert hints(asked(*[alert] * 3, confirm)) == (
        "member: alert 'Hello' was closed; accept_dialog before it says that it is expected"
        " (3 times)",
        f"{LEAVE}: confirm 'Really leave?' was cancelled; accept_dialog answers it with OK",
    )
    assert hints(asked(*[alert] * MOST_OF_ONE_DIALOG))[0].endswith("(at least 10 times)")
    many = [dialog("alert", f"{left} s left", answer="closed") for left in range(8)]
    *first, rest = hints(asked(*many))
    assert (len(first), rest) == (5, "3 more dialogs: events of kind dialog have them")


def test_a_dialog_that_a_step_answers_is_no_hint_but_for_a_prompt_without_text() -> None:
    no_text = {"unexpected": False, "answer": "answered with an empty text"}
    assert hints(asked(dialog("confirm", "Sure?", unexpected=False))) == ()
    assert hints(asked(dialog("prompt", "PIN?", unexpected=False))) == ()
    assert hints(asked(dialog("prompt", "PIN?", **no_text))) == (
        "member: prompt 'PIN?' was answered with an empty text; accept_dialog: TEXT answers it",
    )


def test_connections_that_stay_open_as_a_confirm_was_cancelled_name_it() -> None:
    (hint,) = hints(asked(dialog("confirm", "Really leave?", LEAVE), open=1))
    assert hint.endswith(
        "if at all: confirm 'Really leave?' was cancelled; accept_dialog answers it with OK"
    )
    before = dialog("confirm", "Cookies?", "mine.yaml:5: join step 1, goto")
    stayed, other = hints(asked(before, open=1))
    assert stayed.endswith("if at all")
    assert other.startswith("mine.yaml:5: join step 1, goto: confirm 'Cookies?' was cancelled")
