"""Failed steps and own loads of pages in the hold, from events."""

from __future__ import annotations

from typing import Any

from farm.evidence.hold_events import (
    HoldSteps,
    failed_hold_steps,
    failed_leaves,
    hold_dialogs,
    page_loads,
)
from farm.model.page_acts import FailedHoldSteps, FailedLeave, PageDialog, PageLoad
from farm.model.page_samples import EventKind, ProbeEvent
from farm.recording.events import SeenEvent


def event(kind: EventKind, run_s: float, message: str = "", **data: Any) -> SeenEvent:
    return SeenEvent(ProbeEvent("p000", kind, 1000 + run_s, message, data), run_s)


def test_only_steps_that_failed_count() -> None:
    events = [
        event("after_join", 31, "click #a", number=0, took_s=0.1),
        event("after_join", 41, "d.yaml:9: late", number=0, reason="timeout", screenshot=None),
    ]
    assert list(failed_hold_steps(events)) == [FailedHoldSteps("p000", 41, "d.yaml:9: late")]


def test_a_page_loads_by_itself_long_after_any_step_in_the_hold() -> None:
    events = [
        event("loaded", 5, url="http://a/", tab=0, after_step_s=9.0),
        event("loaded", 31, url="http://a/", tab=0, after_step_s=0.0),
        event("loaded", 32, url="http://a/", tab=0, after_step_s=1.2),
        event("loaded", 33, url="http://a/x", tab=1, after_step_s=20),
        event("loaded", 50, url="http://a/", tab=0, after_step_s=90.0),
    ]
    assert list(page_loads(events, HoldSteps(events), 30, 50)) == [
        PageLoad("p000", 33, "http://a/x")
    ]


def test_a_page_that_loads_in_or_just_after_a_step_in_the_hold_does_it_after_that_step() -> None:
    events = [
        event("loaded", 31, url="http://a/1", tab=0, after_step_s=0.0),
        event("after_join", 32, "click #a", number=0, place="d.yaml:9", took_s=2.0),
        event("loaded", 34, url="http://a/2", tab=0, after_step_s=2.0),
        event("loaded", 36, url="http://a/3", tab=0, after_step_s=4.0),
        event("after_join", 41, "late", number=1, place="d.yaml:12", took_s=1.0, reason="timeout"),
        event("loaded", 41.5, url="http://a/4", tab=0, after_step_s=0.5),
    ]
    assert [(load.url, load.step) for load in page_loads(events, HoldSteps(events), 30, 50)] == [
        ("http://a/1", "d.yaml:9: click #a"),
        ("http://a/2", "d.yaml:9: click #a"),
        ("http://a/3", ""),
        ("http://a/4", "d.yaml:12: after_join"),
    ]


def test_what_a_page_does_while_a_step_only_waits_it_does_by_itself() -> None:
    events = [
        event("after_join", 31, "click #a", number=0, place="d.yaml:9", took_s=1.0),
        event("loaded", 33, url="http://a/1", tab=0, after_step_s=0.0),
        event("loaded", 37, url="http://a/2", tab=0, after_step_s=0.0),
        event("after_join", 45, "pause 14s", number=1, place="d.yaml:12", took_s=14.0),
        event("loaded", 46, url="http://a/3", tab=0, after_step_s=1.0),
        event("after_join", 60, "pause 9s, click #b", number=2, place="d.yaml:14", took_s=10.0),
        event("loaded", 60.5, url="http://a/4", tab=0, after_step_s=0.5),
    ]
    assert [(load.url, load.step) for load in page_loads(events, HoldSteps(events), 30, 70)] == [
        ("http://a/1", "d.yaml:9: click #a"),
        ("http://a/2", ""),
        ("http://a/3", ""),
        ("http://a/4", "d.yaml:14: pause 9s, click #b"),
    ]


def test_only_pages_that_were_closed_instead_of_leaving_count_as_failed_leaves() -> None:
    events = [event("left", 50), event("left", 51, "its page was closed instead: d.yaml:9: late")]
    assert list(failed_leaves(events)) == [FailedLeave("p000", "d.yaml:9: late")]


def test_dialogs_in_the_hold_count_that_no_step_said_how_to_answer() -> None:
    dialog = {"type": "alert", "text": "Bye", "answer": "closed", "unexpected": True}
    events = [
        event("dialog", 29, "alert 'Bye' was closed", **dialog),
        event("dialog", 31, "alert 'Bye' was closed", **dialog),
        event("dialog", 32, "alert 'Bye' was closed", **dialog | {"unexpected": False}),
        event("dialog", 50, "alert 'Bye' was closed", **dialog),
    ]
    assert list(hold_dialogs(events, 30, 50)) == [PageDialog("p000", 31, "alert 'Bye'", "closed")]
