"""Templates of a driver's steps."""

from __future__ import annotations

from farm.drivers.steps import fill_in, step_for, step_name, unknown_variables
from farm.model.driver import AcceptDialog, Click, Evaluate, Fill, Goto, Select, WaitFor, Where

VARIABLES = {"app_url": "http://app/", "probe": "p000", "session": "s000"}


def test_templates_are_filled_in_everywhere() -> None:
    steps = [
        Goto("{app_url}?s={session}"),
        Goto("{app_url}room/{session}"),
        Goto("https://login.example/?next={app_url}"),
        Fill("#{session}", "{probe}"),
        Select("#{session}", "{probe}"),
        Click("#call-{session}"),
        WaitFor(selector="#video-{probe}", within_s=3),
        WaitFor(function="room('{session}').full"),
        AcceptDialog(),
        Click("#join", where=Where(("#{session}", "#call"), in_new_tab=True)),
        Evaluate("{probe}", "one.js", where=Where(("#{session}",))),
    ]
    assert [step_for(step, VARIABLES) for step in steps] == [
        Goto("http://app/?s=s000"),
        Goto("http://app/room/s000"),
        Goto("https://login.example/?next=http://app/"),
        Fill("#s000", "p000"),
        Select("#s000", "p000"),
        Click("#call-s000"),
        WaitFor(selector="#video-p000", within_s=3),
        WaitFor(function="room('s000').full"),
        AcceptDialog(),
        Click("#join", where=Where(("#s000", "#call"), in_new_tab=True)),
        Evaluate("{probe}", "one.js", where=Where(("#s000",))),
    ]


def test_braces_of_javascript_are_left_alone() -> None:
    script = "(() => { return {}; })() || { a: {b: 1} }"
    assert fill_in(script, VARIABLES) == script
    assert unknown_variables(script) == []


def test_steps_have_names_for_messages() -> None:
    assert step_name(Click("#register")) == "click #register"
    assert step_name(Select("#room", "Blue")) == "select #room"
    there = Where(("#outer", "#inner"), in_new_tab=True)
    assert (
        step_name(Click("#a", where=there))
        == "click #a in frame #inner in frame #outer in the new tab"
    )
    assert step_name(WaitFor(function="done")) == "wait_for done"
    script = "document.querySelectorAll('video').length >= 3\n && window.everybody.isThere()"
    assert step_name(WaitFor(function=script)) == (
        "wait_for document.querySelectorAll('video').length >= 3 && window.eve..."
    )
    assert step_name(Evaluate("() => 1", "one.js")) == "evaluate one.js"
