"""Reading drivers: what they mean, and what a slip of the pen gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.drivers import driver_names, parse_driver, read_driver
from farm.errors import ExperimentError, MissingTool
from farm.model.driver import (
    AcceptDialog,
    ChannelAnswers,
    Click,
    Driver,
    Evaluate,
    Fill,
    Goto,
    RoleSteps,
    Select,
    WaitFor,
    Where,
)

DRIVER = """\
format: 1
roles:
  callee:
    join:
      - goto: "{app_url}call?session={session}&role=callee"
      - fill: {"#name": "{probe}", "#rate": 20}
      - select: {"#room": "{session}", "#size": 2}
      - click: "#register"
      - accept_dialog: true
      - wait_for: {function: "document.body.dataset.state === 'waiting'", within: 10s}
      - evaluate: ring.js
    joined:
      - wait_for: "#remote"
    leave:
      - click: "#leave"
        in_new_tab: true
      - fill: {"#why": "done"}
        frame: ["#{session}", "#form"]
  caller:
    after: callee
    join:
      - goto: "{app_url}call"
    joined:
      - wait_for: {selector: "#remote", within: 1.5s}
"""


def test_a_driver_is_read_with_all_its_steps(tmp_path: Path) -> None:
    (tmp_path / "ring.js").write_text("() => ring()")
    (tmp_path / "mine.yaml").write_text(DRIVER)
    assert read_driver("mine.yaml", beside=tmp_path) == Driver(
        name="mine",
        roles={
            "callee": RoleSteps(
                join=(
                    Goto("{app_url}call?session={session}&role=callee"),
                    Fill("#name", "{probe}"),
                    Fill("#rate", "20"),
                    Select("#room", "{session}"),
                    Select("#size", "2"),
                    Click("#register"),
                    AcceptDialog(),
                    WaitFor(function="document.body.dataset.state === 'waiting'", within_s=10),
                    Evaluate("() => ring()", "ring.js"),
                ),
                joined=(WaitFor(selector="#remote", within_s=15),),
                leave=(
                    Click("#leave", where=Where(in_new_tab=True)),
                    Fill("#why", "done", where=Where(frames=("#{session}", "#form"))),
                ),
            ),
            "caller": RoleSteps(
                join=(Goto("{app_url}call"),),
                joined=(WaitFor(selector="#remote", within_s=1.5),),
                after="callee",
            ),
        },
    )


@pytest.mark.parametrize("media", [None, "mixed", "forwarded"])
def test_a_driver_may_say_what_a_rooms_server_does(tmp_path: Path, media: str | None) -> None:
    (tmp_path / "ring.js").write_text("")
    text = DRIVER if media is None else f"media: {media}\n{DRIVER}"
    assert parse_driver(text, "d.yaml", tmp_path).media == media


@pytest.mark.parametrize(
    ("given", "answers"),
    [
        ("{channel: chat}", [ChannelAnswers("chat")]),
        ("{channel: rpc, member: id}", [ChannelAnswers("rpc", "id")]),
        (
            "[{channel: a}, {channel: b, member: id}]",
            [ChannelAnswers("a"), ChannelAnswers("b", "id")],
        ),
        (
            '{channel: chat, question: "ping *", answer: "pong *"}',
            [ChannelAnswers("chat", question="ping *", answer="pong *")],
        ),
    ],
)
def test_a_role_may_say_what_answers_come_by_which_channels(
    given: str, answers: list[ChannelAnswers]
) -> None:
    text = f"format: 1\nroles:\n  a:\n    join: [goto: '{{app_url}}']\n    round_trip: {given}\n"
    assert list(parse_driver(text, "d.yaml", Path()).roles["a"].answers) == answers


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ("chat", "round_trip: 'chat': must be {channel: LABEL}, with member: NAME"),
        ("[]", "round_trip: []: must be {channel: LABEL}"),
        ("{label: chat}", "round_trip.label: unknown key; there is channel, member"),
        ("{member: id}", "round_trip.channel: must be a data channel's label"),
        ("{channel: c, member: 3}", "round_trip.member: 3: must be the name of a member of JSON"),
        ("[{channel: c}, {channel: c}]", "round_trip: channel c is there twice"),
        (
            "{channel: c, question: ping *}",
            "round_trip: question: and answer: belong together, such as ping * and pong *",
        ),
        (
            "{channel: c, question: ping, answer: pong *}",
            "round_trip.question: 'ping': must be a text with one * for what",
        ),
        (
            "{channel: c, question: p *, answer: a * b *}",
            "round_trip.answer: 'a * b *': must be a text with one * for what",
        ),
        (
            "{channel: c, member: id, question: p *, answer: a *}",
            "round_trip: member: is for JSON, question: and answer: for texts: expected one",
        ),
    ],
)
def test_a_wrong_round_trip_is_refused_in_one_line(given: str, complaint: str) -> None:
    text = f"format: 1\nroles:\n  a:\n    join: [goto: '{{app_url}}']\n    round_trip: {given}\n"
    with pytest.raises(ExperimentError) as refused:
        parse_driver(text, "d.yaml", Path())
    assert str(refused.value).startswith(f"d.yaml:5: roles.a.{complaint}")


@pytest.mark.parametrize("name", driver_names())
def test_every_driver_that_comes_with_the_farm_is_right(name: str) -> None:
    driver = read_driver(name, own=("token",))  # a column of app.data, for livekit_demo
    assert driver.name == name
    assert all(isinstance(role.join[0], Goto) for role in driver.roles.values())


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("format: 1", "format: 2", "d.yaml:1: format: 2: this farm reads format: 1"),
        (
            "format: 1",
            "format: 1\nmedia: sfu",
            "d.yaml:2: media: 'sfu': must be mixed or forwarded",
        ),
        ("join:", "jion:", "d.yaml:4: roles.callee.jion: unknown key: did you mean join?"),
        (
            'click: "#register"',
            'clik: "#register"',
            "d.yaml:8: roles.callee.join[3].clik: unknown key: did you mean click?",
        ),
        ("{probe}", "{prob}", "fill.#name: no variable {prob}; did you mean {probe}?"),
        ("session={session}", "{x}", "no variable {x}; known: app_url, session, session_number,"),
        ("after: callee", "after: calee", "caller.after: no role calee: did you mean callee?"),
        ("after: callee", "after: calle", "caller.after: no role calle: did you mean callee?"),
        ("after: callee", "after: caler", "caller.after: no role caler: did you mean callee?"),
        ("after: callee", "after: caller", "caller after caller: no role is first"),
        ("within: 10s", "within: 10", "within: 10: expected a duration such as 30s, 4m or 3h"),
        ("within: 10s", "within: 0s", "within: 0s: must be longer than 0"),
        ("function:", "functoin:", "wait_for.functoin: unknown key: did you mean function?"),
        (
            "{function: ",
            '{selector: "#a", function: ',
            "needs one of selector:, text:, function:, url:, net",
        ),
        ("evaluate: ring.js", "evaluate: sing.js", "sing.js: no such file beside the driver"),
        ('goto: "{app_url}call"', "goto: call", "'call': must be an address, such as "),
        ("accept_dialog: true", "accept_dialog: 5", "accept_dialog: 5: must be true"),
        ('{"#room": "{session}", "#size": 2}', "Blue", "select: 'Blue': must be selectors with"),
        ("{session}", "{sesion}", "no variable {sesion}; did you mean {session}?"),
        ('click: "#register"', "click: 7", "click: 7: must be a CSS selector"),
        ("in_new_tab: true", "in_new_tab: 5", "in_new_tab: 5: must be true"),
        ('frame: ["#{session}", "#form"]', "frame: 5", "frame: 5: must be a CSS selector of an"),
        ("#{session}", "#{sesion}", "frame[0]: no variable {sesion}; did you mean {session}?"),
        (
            "- accept_dialog: true",
            "- accept_dialog: true\n        in_new_tab: true",
            "accept_dialog is for the probe's own page: leave it out",
        ),
        (
            '- click: "#register"',
            "- in_new_tab: true",
            "in_new_tab says where a step acts, not what it does: put it beneath one of goto, ",
        ),
        ('- wait_for: "#remote"', "click: x", "roles.callee.joined: must be a list of steps"),
        (
            '- click: "#register"',
            '- click: "#register"\n        goto: "{app_url}"',
            "d.yaml:8: roles.callee.join[3]: a step has one key, not 2",
        ),
    ],
)
def test_a_slip_of_the_pen_gets_its_place_and_a_suggestion(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    (tmp_path / "ring.js").write_text("")
    with pytest.raises(ExperimentError) as caught:
        parse_driver(DRIVER.replace(old, new, 1), "d.yaml", tmp_path)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", "roles:", "format: 1", "format: 1\nroles: {a: {}}"])
def test_half_a_driver_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ExperimentError, match=r"^d\.yaml:\d+: "):
        parse_driver(text, "d.yaml", tmp_path)


def test_a_driver_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(MissingTool, match=r"kurento_one2on: .*did you mean kurento_one2one\?"):
        read_driver("kurento_one2on")
    with pytest.raises(MissingTool, match=r"app\.driver: nowhere\.yaml: no such driver or file"):
        read_driver("nowhere.yaml", beside=tmp_path)
