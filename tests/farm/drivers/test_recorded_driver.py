"""The YAML that is made of recorded actions."""

from __future__ import annotations

from pathlib import Path

from farm.browser.recorded_action import ReceivedVideo, RecordedAction
from farm.drivers import parse_driver
from farm.drivers.recorded_driver import RecordedDriver, RecordedRole
from farm.drivers.recorded_names import looks_like, own_name, url_with_session
from farm.model.driver import (
    AcceptDialog,
    Check,
    Click,
    DoubleClick,
    Fill,
    Goto,
    Press,
    Select,
    WaitFor,
    Where,
)

NAME, ROOM = 'role=textbox[name*="Name"i]', 'role=textbox[name*="Room"i]'
ACTIONS = (
    RecordedAction("click", NAME, "Name"),
    RecordedAction("fill", NAME, "Name", "alice"),
    RecordedAction("fill", ROOM, "Room", "hall"),
    RecordedAction("select", "#quality", "", "hd"),
    RecordedAction("check", "#agree"),
    RecordedAction("click", 'role=button[name*="Join"i]', "Join", frames=("#meeting",), tab=1),
)
NAMES = {"alice": "{probe}", "hall": "{session}"}


def member(*actions: RecordedAction, **more: object) -> RecordedRole:
    return RecordedRole("member", None, {"join": actions}, **more)  # type: ignore[arg-type]


def test_a_recorded_driver_reads_as_what_was_done() -> None:
    text = RecordedDriver("{app_url}", [member(*ACTIONS)], NAMES, "forwarded").text()
    driver = parse_driver(text, "mine.yaml", Path())
    assert driver.media == "forwarded"
    assert driver.roles["member"].join == (
        Goto("{app_url}"),
        Fill(NAME, "{probe}"),
        Fill(ROOM, "{session}"),
        Select("#quality", "hd"),
        Check("#agree"),
        Click('role=button[name*="Join"i]', where=Where(("#meeting",), in_new_tab=True)),
    )


def test_joined_waits_for_a_received_video_and_in_a_room_for_an_element_of_each() -> None:
    one = member(*ACTIONS, video=ReceivedVideo(("#a", "#b"), 0, 1))
    (wait,) = (
        parse_driver(RecordedDriver("{app_url}", [one], {}).text(), "mine.yaml", Path())
        .roles["member"]
        .joined
    )
    assert isinstance(wait, WaitFor)
    assert wait.where == Where(("#a", "#b"))
    assert "'remote video'" in (wait.function or "")
    assert "{members}" not in (wait.function or "")
    each = member(*ACTIONS, video=ReceivedVideo((), 0, 2), of_each=True)
    text = RecordedDriver("{app_url}", [each], {}).text()
    assert ".length >= {members} - 1" in text
    assert parse_driver(text, "mine.yaml", Path()).roles["member"].joined


def test_the_order_of_roles_dialogs_and_leaving_are_kept() -> None:
    hang_up = RecordedAction("click", 'role=button[name*="Hang up"i]', "Hang up", dialog=True)
    roles = [
        RecordedRole("callee", None, {"join": ACTIONS[:2], "joined": ACTIONS[4:5]}),
        RecordedRole("caller", "callee", {"join": ACTIONS[:2], "leave": (hang_up,)}),
    ]
    driver = parse_driver(RecordedDriver("{app_url}", roles, {}).text(), "mine.yaml", Path())
    assert driver.roles["caller"].after == "callee"
    assert driver.roles["callee"].joined == (Check("#agree"),)
    assert driver.roles["caller"].join[1] == AcceptDialog()
    assert driver.roles["caller"].leave == (Click('role=button[name*="Hang up"i]'),)


def test_what_no_step_repeats_is_a_comment_and_a_note() -> None:
    odd = RecordedAction("setInputFiles", "#photo", "Photo", "me.png")
    went = RecordedAction("navigate", "", "", "https://h/room/7")
    secret = RecordedAction("fill", "#pw", "Password", 'it\'s: {a} "b"')
    recorded = RecordedDriver("{app_url}", [member(*ACTIONS, odd, went, secret)], {})
    text = recorded.text()
    assert "      # setInputFiles me.png in Photo\n" in text
    assert "      # the page went to https://h/room/7; if you typed that address: goto\n" in text
    assert recorded.notes == [
        "member: join: setInputFiles me.png in Photo: no step was made of it",
        "member: join: the page went to https://h/room/7; if you typed that address: goto:"
        " no step was made of it",
        "member: join: a password is in the file, as it was typed",
    ]


def test_names_are_replaced_as_whole_words_everywhere() -> None:
    link = RecordedAction("click", 'role=link[name*="hall 2 of alice"i]', "hall 2 of alice")
    text = RecordedDriver("{app_url}", [member(link)], {**NAMES, "al": "never"}).text()
    assert 'name*="{session} 2 of {probe}"i' in text


def test_names_are_not_replaced_where_the_page_has_them_without_anyone() -> None:
    names = {"room": "{session}", "1": "{probe}", "link": "{probe}"}
    field, twice = 'role=textbox[name*="room"i]', 'role=link[name*="link 1"i] >> nth=1'
    actions = (
        RecordedAction("fill", field, "room", "room"),
        RecordedAction("press", field, "room", "Enter"),
        RecordedAction("select", "#room", "room", "room"),
        RecordedAction("click", twice, "link 1"),
        RecordedAction("click", "text=1 >> nth=1", "1"),
    )
    recorded = RecordedDriver("{app_url}", [member(*actions)], names)
    steps = parse_driver(recorded.text(), "mine.yaml", Path()).roles["member"].join
    assert steps[1:] == (
        Fill(field, "{session}"),
        Press("Enter", field),
        Select("#room", "{session}"),
        Click('role=link[name*="{probe} {probe}"i] >> nth=1'),
        Click("text={probe} >> nth=1"),
    )
    assert recorded.notes[0] == (
        "member: join: click in link 1: what you typed is in its selector, and was replaced; "
        "put back a word of the page's own"
    )


def test_the_session_in_an_address_becomes_a_variable_of_the_first_page() -> None:
    for url, session, expected in (
        ("https://h/hall", "hall", ("https://h/", "{app_url}{session}")),
        ("https://h/a/hall?x=1", "hall", ("https://h/a/", "{app_url}{session}?x=1")),
        ("https://h/p?room=hall", "hall", ("https://h/p", "{app_url}?room={session}")),
        ("https://h/#/hall", "hall", ("https://h/", "{app_url}#/{session}")),
        ("https://hall.org/", "hall", ("https://hall.org/", "{app_url}")),
        ("https://hall.org/hall", "hall", ("https://hall.org/", "{app_url}{session}")),
        ("https://h/p", None, ("https://h/p", "{app_url}")),
    ):
        assert url_with_session(url, session) == expected


def test_a_label_suggests_what_a_text_is() -> None:
    labels = {"Your name": "user", "Room name": "session", "Whom to call": "user", "Topic": ""}
    assert {label: looks_like(label) for label in labels} == labels
    assert [own_name(role) for role in ("callee", "member")] == ["{session}-callee", "{probe}"]


def test_keys_and_double_clicks_are_steps() -> None:
    enter = RecordedAction("press", NAME, "Name", "Control+Enter")
    twice = RecordedAction("click", "#tile", "", clicks=2)
    text = RecordedDriver("{app_url}", [member(enter, twice)], {}).text()
    steps = parse_driver(text, "mine.yaml", Path()).roles["member"].join
    assert steps[1:] == (Press("Control+Enter", NAME), DoubleClick("#tile"))
