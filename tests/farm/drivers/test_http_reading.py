"""`http` steps as a driver's file has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.drivers import parse_driver
from farm.drivers.steps import step_for, step_name
from farm.errors import ExperimentError
from farm.model.driver import Goto, Http

DRIVER = """\
format: 1
roles:
  caller:
    join:
      - http:
          url: "{app_url}api/{session}"
          headers: {X-Key: "env:APP_KEY", X-Number: 7}
          json: {user: "{probe}", rooms: [1, "{session}"], guest: true}
          save: {token: data.accessToken, first: "list[0].id"}
          within: 5s
      - goto: "{app_url}?token={token}"
    joined:
      - wait_for: "#in-call-{first}"
  callee:
    join:
      - http: {url: "https://id.example.org/", form: {user: "{probe}"}, save: {token: .}}
"""


def test_a_request_is_read_and_filled_in(tmp_path: Path) -> None:
    roles = parse_driver(DRIVER, "d.yaml", tmp_path).roles
    step = roles["caller"].join[0]
    assert step == Http(
        "POST",
        "{app_url}api/{session}",
        {"X-Key": "{env:APP_KEY}", "X-Number": "7"},
        {"user": "{probe}", "rooms": [1, "{session}"], "guest": True},
        save={"token": ("data", "accessToken"), "first": ("list", 0, "id")},
        within_s=5.0,
    )
    assert roles["callee"].join[0] == Http(
        "POST", "https://id.example.org/", form={"user": "{probe}"}, save={"token": ()}
    )
    values = {"app_url": "http://h/a/", "session": "s000", "probe": "p000", "env:APP_KEY": "k"}
    filled = step_for(step, values)
    assert isinstance(filled, Http)
    assert (filled.url, filled.headers["X-Key"]) == ("http://h/a/api/s000", "k")
    assert filled.json == {"user": "p000", "rooms": [1, "s000"], "guest": True}
    assert step_name(filled) == "http POST http://h/a/api/s000"
    assert step_for(Goto("{app_url}?token={token}"), values) == Goto("http://h/a/?token={token}")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("save: {token: data.acc", "sav: {token: data.acc", "http.sav: unknown key: did you mean"),
        ("within: 5s", "within: 5", "d.yaml:10: roles.caller.join[0].http.within: 5: expected a d"),
        ('"{app_url}api/{session}"', "api", "http.url: 'api': must be an address, such as"),
        ('url: "{app_url}api/{session}"', "method: GET", "http.url: must be an address"),
        ("within: 5s", "method: FETCH", "http.method: 'FETCH': must be one of GET, POST, PUT"),
        ("within: 5s", "form: {a: b}", "http.form: a request has one body"),
        ("{X-Key: ", "{X-Key: [1], Y: ", "http.headers.X-Key: [1]: must be text"),
        ("{token: data.accessToken", "{Token: data", "http.save.Token: must be a name of small"),
        ("{token: data.accessToken", "{probe: data", "http.save.probe: a variable has that name"),
        ("{token: data.accessToken", "{turn: data", "http.save.turn: a variable has that name"),
        (
            "{token: data.accessToken",
            "{token: 5",
            "save.token: 5: must be a place in the answer",
        ),
        (
            '"{probe}", rooms',
            '"{prob}", rooms',
            "d.yaml:8: roles.caller.join[0].http.json.user: no",
        ),
        ("?token={token}", "?token={tokn}", "no variable {tokn}; did you mean {token}?"),
        ('form: {user: "{probe}"}', 'form: {user: "{token}"}', "no variable {token}; known: app"),
    ],
)
def test_a_slip_of_the_pen_gets_its_place(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    with pytest.raises(ExperimentError) as caught:
        parse_driver(DRIVER.replace(old, new, 1), "d.yaml", tmp_path)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)
