"""Every kind of step as a driver file has it, and what a slip of the pen in one gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.drivers import parse_driver
from farm.drivers.step_reading import STEP_KEYS
from farm.errors import ExperimentError
from farm.model.driver import (
    AcceptDialog,
    Check,
    ChosenFile,
    Click,
    DismissDialog,
    DoubleClick,
    Evaluate,
    Fill,
    GoBack,
    Goto,
    HoldSteps,
    Hover,
    Http,
    IfVisible,
    Mute,
    Pause,
    Press,
    Reload,
    Repeat,
    RoleSteps,
    Screenshot,
    Select,
    SetFiles,
    Step,
    Uncheck,
    Unmute,
    WaitFor,
    Where,
)

STEPS = """\
format: 1
roles:
  member:
    join:
      - goto: "{app_url}"
"""


def read_role(tmp_path: Path, steps: str, part: str = "") -> RoleSteps:
    """The role of a driver whose `join` ends with these lines, from line 6 on; `part` follows."""
    (tmp_path / "me.png").write_bytes(b"\x89PNG")
    (tmp_path / "ring.js").write_text("() => ring()")
    lines = "".join(f"      {line}\n" for line in steps.splitlines())
    rest = "".join(f"    {line}\n" for line in part.splitlines())
    return parse_driver(STEPS + lines + rest, "d.yaml", tmp_path).roles["member"]


def read_steps(tmp_path: Path, steps: str) -> tuple[Step, ...]:
    return read_role(tmp_path, steps).join[1:]


PICTURE = ChosenFile("me.png", b"\x89PNG")
FRAMED = Where(("#outer", "#inner"))


GOOD: list[tuple[str, tuple[Step, ...]]] = [
    ("- goto: https://h/{probe}", (Goto("https://h/{probe}"),)),
    (
        "- goto: https://h/\n  wait_until: domcontentloaded\n  within: 3s",
        (Goto("https://h/", "domcontentloaded", within_s=3),),
    ),
    ("- reload: true", (Reload(),)),
    ("- reload: true\n  wait_until: commit", (Reload("commit"),)),
    ("- go_back: true\n  within: 3s", (GoBack(within_s=3),)),
    ('- fill: {"#a": x, "#b": 7}', (Fill("#a", "x"), Fill("#b", "7"))),
    ("- press: Enter", (Press("Enter"),)),
    ("- press: 7", (Press("7"),)),
    ('- press: {"#a": Control+A, "#b": "+"}', (Press("Control+A", "#a"), Press("+", "#b"))),
    ('- select: {"#a": Blue}\n  within: 40s', (Select("#a", "Blue", within_s=40),)),
    ('- check: "#a"', (Check("#a"),)),
    ('- uncheck: "#a"', (Uncheck("#a"),)),
    ('- click: "#a"\n  frame: ["#outer", "#inner"]', (Click("#a", where=FRAMED),)),
    ('- dblclick: "#a"', (DoubleClick("#a"),)),
    ('- hover: "#{role}"', (Hover("#{role}"),)),
    ('- set_files: {"#a": me.png}', (SetFiles("#a", (PICTURE,)),)),
    ('- set_files: {"#a": [me.png, me.png]}', (SetFiles("#a", (PICTURE, PICTURE)),)),
    ("- accept_dialog: true", (AcceptDialog(),)),
    ('- accept_dialog: "{probe}"', (AcceptDialog("{probe}"),)),
    ("- dismiss_dialog: true", (DismissDialog(),)),
    ("- pause: 500ms", (Pause(0.5),)),
    ("- evaluate: ring.js", (Evaluate("() => ring()", "ring.js"),)),
    ("- screenshot: lobby-{index}", (Screenshot("lobby-{index}"),)),
    ("- mute: microphone", (Mute("microphone"),)),
    ("- unmute: [camera, screen]", (Unmute("camera"), Unmute("screen"))),
    ('- wait_for: "#a"\n  within: 3s', (WaitFor("#a", within_s=3),)),
    ('- wait_for: {selector: "#a", state: hidden}', (WaitFor("#a", state="hidden"),)),
    ("- wait_for: {text: In call, within: 3s}", (WaitFor(text="In call", within_s=3),)),
    (
        "- wait_for: {selector: .tile, text: Ann, count: 2}",
        (WaitFor(".tile", text="Ann", count="2"),),
    ),
    ('- wait_for: {selector: p, count: "{members}"}', (WaitFor("p", count="{members}"),)),
    ('- wait_for: {url: "**/room/{session}"}', (WaitFor(url="**/room/{session}"),)),
    ("- wait_for: {url: /room/}", (WaitFor(url="/room/"),)),
    ("- wait_for: {network: idle}", (WaitFor(network_idle=True),)),
    (
        '- http: {url: "{app_url}login", form: {user: "{probe}"}, save: {token: data.token}}',
        (
            Http(
                "POST",
                "{app_url}login",
                form={"user": "{probe}"},
                save={"token": ("data", "token")},
            ),
        ),
    ),
    (
        '- if_visible: "#cookies"\n  steps:\n    - click: "#ok"',
        (IfVisible("#cookies", (Click("#ok"),), within_s=2),),
    ),
    (
        '- repeat: 3\n  steps:\n    - click: "#a >> nth={turn}"',
        (Repeat((Click("#a >> nth={turn}"),), times="3", within_s=60),),
    ),
    (
        "- repeat: {until: {text: Hi}}\n  within: 5s\n  steps: [press: Enter, pause: 1s]",
        (Repeat((Press("Enter"), Pause(1)), until=WaitFor(text="Hi"), within_s=5),),
    ),
    (
        '- repeat: {each: partner}\n  steps: [fill: {"#to": "{partner}"}]',
        (Repeat((Fill("#to", "{partner}"),), each_partner=True, within_s=60),),
    ),
]
"""Steps in YAML, and what they are read as; every kind is among them."""


@pytest.mark.parametrize(("text", "steps"), GOOD)
def test_a_step_is_read(tmp_path: Path, text: str, steps: tuple[Step, ...]) -> None:
    assert read_steps(tmp_path, text) == steps


def test_this_covers_every_key() -> None:
    assert {step.key for _text, steps in GOOD for step in steps} == set(STEP_KEYS)


def test_steps_have_their_lines_also_inside_of_others(tmp_path: Path) -> None:
    lines = '- fill:\n    "#a": x\n    "#b": y\n- repeat: 2\n  steps:\n    - click: "#c"'
    *fields, repeat = read_steps(tmp_path, lines)
    assert [field.place for field in fields] == ["d.yaml:7", "d.yaml:8"]
    assert isinstance(repeat, Repeat)
    assert (repeat.place, repeat.steps[0].place) == ("d.yaml:9", "d.yaml:11")


def test_steps_of_the_hold(tmp_path: Path) -> None:
    part = """\
after_join:
  - at: 0s
    steps: [mute: camera]
  - every: 30s
    in_turn: true
    steps: [unmute: camera]
  - at: 10s
    every: 1m
    only: {index: [0, 2]}
    steps: [press: m]
"""
    assert read_role(tmp_path, '- click: "#a"', part).after_join == (
        HoldSteps((Mute("camera"),), at_s=0),
        HoldSteps((Unmute("camera"),), at_s=30, every_s=30, in_turn=True),
        HoldSteps((Press("m"),), at_s=10, every_s=60, only=(0, 2)),
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("- reload: 5", "d.yaml:6: roles.member.join[1].reload: 5: must be true"),
        ("- pres: Enter", "join[1].pres: unknown key: did you mean press?"),
        ("- press: Entr", "press: no key 'Entr': did you mean Enter?"),
        ('- press: {"#a": Ctrl+A}', "press.#a: no key 'Ctrl': did you mean Control?"),
        ("- press: []", "press: []: must be a key such as Enter, or selectors with a key"),
        ("- press: {}", "press: {}: must be a key such as Enter, or selectors with a key"),
        ("- check: 1", "check: 1: must be a CSS selector"),
        ('- set_files: {"#a": no.png}', "d.yaml:6: roles.member.join[1].set_files.#a: no.png: no "),
        ('- set_files: {"#a": .}', "set_files.#a: .: no such file beside the driver"),
        ('- set_files: {"#a": []}', "set_files.#a: []: must be selectors with a file beside"),
        ('- set_files: {"#a": [7]}', "set_files.#a[0]: 7: must be selectors with a file beside"),
        ("- accept_dialog: [a]", "accept_dialog: ['a']: must be true, or the text for a prompt"),
        ("- pause: 5", "pause: 5: expected a duration such as 30s, 4m or 3h"),
        ("- pause: 1s\n  within: 5s", "d.yaml:7: roles.member.join[1].within: pause has no time "),
        ("- screenshot: ../a", "screenshot: '../a': must be a name of letters, digits, - and _"),
        ("- mute: audio", "mute: 'audio': must be one of microphone, camera, screen"),
        ("- mute: camera\n  frame: i", "frame: mute is for all tabs and frames of the probe"),
        ("- wait_for: 5s", "wait_for: a time is no selector: expected pause: 5s"),
        ("- wait_for: {state: hidden}", "wait_for: needs one of selector:, text:, function:, url:"),
        ("- wait_for: {url: a, text: b}", "wait_for: needs one of selector:, text:, function:"),
        ("- wait_for: {url: /(/}", "wait_for.url: /(/: no regular expression: missing ), unterm"),
        ("- wait_for: {url: a, count: 2}", "wait_for.count: url: has no count: it is of selector:"),
        ("- wait_for: {text: a, state: gone}", "state: 'gone': must be one of visible, hidden, at"),
        ("- wait_for: {text: a, count: 0}", "wait_for.count: 0: must be how many elements, from 1"),
        (
            "- wait_for: {text: a, count: 2, state: hidden}",
            "count: only elements that are visible or attached are counted",
        ),
        ("- wait_for: {network: busy}", "wait_for.network: 'busy': must be idle"),
        (
            "- wait_for: {selector: a, within: 1s}\n  within: 2s",
            "d.yaml:7: roles.member.join[1].within: it is there twice, in wait_for: and beside it",
        ),
        ('- click: "#a"\n  within: 0s', "join[1].within: 0s: must be longer than 0"),
        ('- click: "#a"\n  steps: []', "steps: click has no steps of its own: only if_visible and"),
        (
            "- reload: true\n  wait_until: idle",
            "d.yaml:7: roles.member.join[1].wait_until: 'idle': must be one of load, domcontentlo",
        ),
        (
            "- go_back: true\n  wait_until: load",
            "join[1].wait_until: go_back has no wait_until: it is of goto and reload alone",
        ),
        ("- within: 5s", "join[1]: within says how long a step may take, not what it does: put"),
        ('- if_visible: "#a"', "join[1].if_visible: needs steps: beneath it, with at least one "),
        ('- if_visible: "#a"\n  steps: [clik: b]', "steps[0].clik: unknown key: did you mean cli"),
        ("- repeat: 0\n  steps: [reload: true]", "repeat: 0: must be a number, until: with what"),
        ("- repeat: {}\n  steps: [reload: true]", "repeat: must be a number, until: with what "),
        ("- repeat: {each: p}\n  steps: [reload: true]", "repeat.each: 'p': must be partner"),
        ('- click: "#{turn}"', "click: no variable {turn}; it is there in a repeat"),
        (
            '- repeat: 2\n  steps: [click: "#{partner}"]',
            "steps[0].click: no variable {partner}; it is there in a repeat with each: partner",
        ),
    ],
)
def test_a_slip_of_the_pen_in_a_step(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ExperimentError) as caught:
        read_steps(tmp_path, text)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("steps: [reload: true]", "after_join[0]: needs at: or every:, a time of the hold"),
        ("at: 1s", "d.yaml:8: roles.member.after_join[0].steps: needs at least one step"),
        ("at: soon\n    steps: [reload: true]", "after_join[0].at: soon: expected a duration"),
        ("every: 0s\n    steps: [reload: true]", "every: 0s: must be longer than 0"),
        ("at: 1s\n    in_turn: true\n    steps: [reload: true]", "in_turn: needs every: the time"),
        ("at: 1s\n    in_turn: 1\n    steps: [reload: true]", "in_turn: 1: must be true or false"),
        (
            "at: 1s\n    only: {index: -1}\n    steps: [reload: true]",
            "index: -1: must be a probe's",
        ),
        (
            "at: 1s\n    only: {}\n    steps: [reload: true]",
            "only: {}: must be index: a probe's nu",
        ),
        ("at: 1s\n    step: []", "after_join[0].step: unknown key: did you mean steps?"),
    ],
)
def test_a_slip_of_the_pen_in_the_hold(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ExperimentError) as caught:
        read_role(tmp_path, '- click: "#a"', f"after_join:\n  - {text}")
    assert complaint in str(caught.value)


COMMENT = "is a comment (what starts with # must be quoted): must be"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("- click: #stop", f"d.yaml:6: roles.member.join[1].click: is empty, as #stop {COMMENT} a"),
        ("- click: #stop  # end it", f"click: is empty, as #stop {COMMENT} a CSS selector"),
        ("- click:", "d.yaml:6: roles.member.join[1].click: is empty: must be a CSS selector"),
        ("- click: ''", "click: '': must be a CSS selector"),
        ("- wait_for: #a", f"wait_for: is empty, as #a {COMMENT} a CSS selector, or one of"),
        ("- wait_for:\n    text: #a", "d.yaml:7: roles.member.join[1].wait_for.text: is empty, as"),
        (
            "- if_visible: #a\n  steps: [reload: true]",
            f"if_visible: is empty, as #a {COMMENT}",
        ),
        (
            "- click: a\n  frame: #a",
            f"frame: is empty, as #a {COMMENT} a CSS",
        ),
        (
            "- click: a\n  frame:\n    - #a",
            "d.yaml:8: roles.member.join[1].frame[0]: is empty",
        ),
        ("- repeat:\n    until: #a\n  steps: [reload: true]", f"until: is empty, as #a {COMMENT}"),
        ("- fill:\n    #a: b", f"fill: is empty, as #a: b {COMMENT} selectors with their text"),
        (
            "- fill:\n    '#a': #b",
            f"join[1].fill.#a: is empty, as #b {COMMENT}",
        ),
        (
            "- fill: {#a: b}",
            "d.yaml:6: not YAML: #a: b} is a comment (what",
        ),
        ("- press:\n    '#a': #b", f"press.#a: is empty, as #b {COMMENT} a key such as"),
        ("- evaluate: #a.js", f"evaluate: is empty, as #a.js {COMMENT} the name of a JavaScript"),
        ("- pause: #2s", f"pause: is empty, as #2s {COMMENT} a duration such as"),
        ("- #click: a", f"d.yaml:6: roles.member.join[1]: is empty, as #click: a {COMMENT} one of"),
        ("- http: {url: 'http://h/', json: {a: b}, form: #a}", "d.yaml:6: not YAML: #a} is a comm"),
        (
            "- http:\n    url: http://h/\n    json:\n      a: #b",
            f"a: is empty, as #b {COMMENT}",
        ),
        (
            "- goto: {app_url}",
            "goto: is a mapping (a text that starts with { must be",
        ),
        (
            "- fill: {'#a': {probe}}",
            "fill.#a: is a mapping (a text that starts with {",
        ),
        (
            "- click: [name=a]",
            "click: is a list (a text that starts with [ must",
        ),
        ("- fill: {\n    #a: b }\n- click: b", "d.yaml:7: not YAML: #a: b } is a comment (what"),
        ("- wait_for: {url: **/a}", "(a text that starts with * must be quoted)"),
    ],
)
def test_what_yaml_takes_for_something_else_must_be_quoted(
    tmp_path: Path, text: str, complaint: str
) -> None:
    with pytest.raises(ExperimentError) as caught:
        read_steps(tmp_path, text)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_comment_behind_an_empty_text_is_one(tmp_path: Path) -> None:
    (fill,) = read_steps(tmp_path, "- fill:\n    '#a': # nothing\n    #'#b': x")
    assert isinstance(fill, Fill)
    assert (fill.selector, fill.text) == ("#a", "")


@pytest.mark.parametrize("written", ["+4915112345", "1.10", "1e3", "true", "-0", "0123", "no"])
def test_what_is_filled_in_is_as_it_is_written(written: str) -> None:
    text = (
        "format: 1\nroles:\n  all:\n    join:\n"
        f'      - fill: {{"#a": {written}}}\n'
        f"      - select:\n          '#b': {written}  # a comment\n"
        f'      - http: {{url: "https://h/", headers: {{X-Pin: {written}}}}}\n'
        "    leave: []\n"
    )
    fill, select, http = parse_driver(text, "d.yaml", Path()).roles["all"].join
    assert isinstance(fill, Fill)
    assert isinstance(select, Select)
    assert isinstance(http, Http)
    assert (fill.text, select.option, http.headers["X-Pin"]) == (written, written, written)
