"""The line and text of each step of a driver."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from farm.drivers import parse_driver
from farm.drivers.step_places import StepKey, StepPlace, cut_texts, step_places

DRIVER = """\
format: 1
roles:
  caller:
    join:
      - goto: "{app_url}call"   # the lobby
      - fill:
          "#name": "{probe}"
          "#room": "{session}"
      - wait_for:
          function: >-
            document.querySelector('#list')
            !== null
          within: 20s

    joined: [wait_for: "#in-call", click: "#ok"]
  callee:
    join:
      - {goto: "{app_url}"}
    leave:
      - click: "#leave"
"""


def placed(text: str) -> Mapping[StepKey, StepPlace]:
    return step_places(parse_driver(text, "mine.yaml", Path()), text)


def test_each_step_has_the_line_and_the_text_that_a_user_wrote() -> None:
    places = placed(DRIVER)
    assert places["caller", "join", 1] == StepPlace(5, '- goto: "{app_url}call"   # the lobby')
    assert places["callee", "join", 1] == StepPlace(18, '- {goto: "{app_url}"}')
    assert places["callee", "leave", 1] == StepPlace(20, '- click: "#leave"')
    wait = places["caller", "join", 4]
    assert (wait.line, wait.text.splitlines()[0], wait.text.splitlines()[-1]) == (
        9,
        "- wait_for:",
        "    within: 20s",
    )


def test_a_fill_of_two_fields_is_two_steps_and_each_has_its_own_line() -> None:
    places = placed(DRIVER)
    assert places["caller", "join", 2] == StepPlace(7, '"#name": "{probe}"')
    assert places["caller", "join", 3] == StepPlace(8, '"#room": "{session}"')
    assert len([key for key in places if key[:2] == ("caller", "join")]) == 4


def test_steps_in_brackets_stand_on_their_list_s_line() -> None:
    places = placed(DRIVER.replace(', click: "#ok"', ""))
    assert places["caller", "joined", 1].line == 15


def test_steps_inside_of_others_are_part_of_their_text() -> None:
    banner = """      - if_visible: "#cookies"
        steps:
          - click: "#ok"
"""
    places = placed(DRIVER.replace("      - fill:\n", f"{banner}      - fill:\n"))
    assert places["caller", "join", 2] == StepPlace(
        6, '- if_visible: "#cookies"\n  steps:\n    - click: "#ok"'
    )


def test_a_text_that_a_comment_may_have_cut_short_is_found() -> None:
    text = DRIVER.replace('click: "#leave"', "click: main #leave  # at the end")
    text = text.replace('"#leave"', "main # in the call")
    (cut,) = cut_texts(text)
    assert cut == (text[: text.index("main #leave")].count("\n") + 1, "main", "#leave")
    assert cut_texts(DRIVER) == ()
