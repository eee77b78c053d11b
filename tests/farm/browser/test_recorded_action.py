"""Lines of Playwright's recorder, as they were recorded from 1.65.2, to actions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from farm.browser.recorded_action import RecordedAction, recorded_action

JOIN = {"kind": "role", "body": "button", "options": {"attrs": [], "exact": False, "name": "Join"}}


def line(name: str, raw: str, locator: object, *, dialog: bool = False, **more: Any) -> str:
    signals = [{"name": "dialog", "dialogAlias": ""}] if dialog else []
    action = {"name": name, "selector": raw, "signals": signals, "locator": locator}
    return json.dumps({**action, **more})


def test_a_button_is_found_by_its_role_and_name() -> None:
    raw = 'internal:role=button[name="Join"i]'
    action = recorded_action(line("click", raw, JOIN, clickCount=1, modifiers=0), 0)
    assert action == RecordedAction("click", 'role=button[name*="Join"i]', "Join")


@pytest.mark.parametrize(
    ("kind", "body", "options", "selector"),
    [
        (
            "role",
            "button",
            {"attrs": [], "exact": True, "name": 'a "b"'},
            r'role=button[name="a \"b\""]',
        ),
        ("role", "alert", {"attrs": [], "exact": False}, "role=alert"),
        ("default", '[id="s"]', {}, '[id="s"]'),
        ("text", "Call now", {"exact": False}, "text=Call now"),
        ("text", "Call", {"exact": True}, 'text="Call"'),
        ("placeholder", "Room", {"exact": False}, '[placeholder*="Room" i]'),
        ("title", "Mute", {"exact": True}, '[title="Mute" s]'),
        ("nth", "2", {}, "nth=2"),
        ("first", "", {}, "nth=0"),
    ],
)
def test_each_kind_of_locator_has_its_selector(
    kind: str, body: str, options: dict[str, Any], selector: str
) -> None:
    locator = {"kind": kind, "body": body, "options": options}
    action = recorded_action(line("click", "raw", locator), 0)
    assert action is not None
    assert action.selector == selector


def test_what_has_no_selector_of_its_own_keeps_the_recorder_s() -> None:
    raw = 'internal:label="Name"i'
    action = recorded_action(line("fill", raw, {"kind": "label", "body": "Name"}, text="al"), 0)
    assert action == RecordedAction("fill", raw, "Name", "al")
    named = {"kind": "role", "body": "button", "options": {"name": {"source": "Jo.n"}}}
    action = recorded_action(line("click", "raw", named), 0)
    assert action is not None
    assert action.selector == "raw"


def test_an_element_in_a_frame_of_a_new_tab_has_both() -> None:
    locator = {
        "kind": "default",
        "body": "#meeting",
        "options": {},
        "next": {"kind": "frame", "body": "", "options": {}, "next": JOIN},
    }
    raw = '#meeting >> internal:control=enter-frame >> internal:role=button[name="Join"i]'
    action = recorded_action(line("click", raw, locator), 1)
    assert action is not None
    assert (action.frames, action.selector, action.tab) == (
        ("#meeting",),
        'role=button[name*="Join"i]',
        1,
    )


def test_what_was_pressed_chosen_and_asked_is_told() -> None:
    press = recorded_action(line("press", "#a", None, key="Enter", modifiers=2), 0)
    select = recorded_action(line("select", "#a", None, options=["b"]), 0)
    click = recorded_action(line("click", "#a", None, clickCount=2, dialog=True), 0)
    assert press is not None and select is not None and click is not None
    assert (press.text, select.text) == ("Control+Enter", "b")
    assert (click.dialog, click.clicks) == (True, 2)


def test_what_is_no_act_of_a_person_is_left_out_and_what_is_no_action_is_refused() -> None:
    assert recorded_action('{"name": "openPage", "url": "about:blank"}', 0) is None
    for broken in ("[]", "{}", "no JSON"):
        with pytest.raises(ValueError):
            recorded_action(broken, 0)
