"""Reads an `http` step: a request, and which values of its answer become variables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from farm.drivers.given import Given
from farm.drivers.steps import TAKEN
from farm.experiment_file.yaml_nodes import keys_of
from farm.model.driver import STEP_WITHIN_S, Http, Step

HTTP_KEYS = ("url", "method", "headers", "json", "form", "save", "within")
EXPECTED = "a mapping with url: and method:, headers:, json: or form:, save:, within:"
PLACES = "variables with their places in the answer, {token: data.accessToken}"

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def read_http(given: Given) -> tuple[Step, ...]:
    """The step; what it saves is known to later steps of its role."""
    request = given.mapping(HTTP_KEYS, EXPECTED)
    url = given.member("url").address()
    if "json" in request and "form" in request:
        raise request["form"].wrong("a request has one body: leave out json: or form:")
    body = given.member("json")
    form = given.member("form")
    method, within = given.member("method"), given.member("within")
    if method.value not in (None, *METHODS):
        raise method.must_be(f"one of {', '.join(METHODS)}")
    has_body = body.value is not None or form.value is not None
    return (
        Http(
            method=method.value or ("POST" if has_body else "GET"),
            url=url,
            headers=_texts(given.member("headers")) or {},
            json=_filled(body),
            form=_texts(form),
            save=_save(given.member("save")),
            within_s=STEP_WITHIN_S if within.value is None else within.duration_s(),
        ),
    )


def _texts(given: Given) -> Mapping[str, str] | None:
    if given.value is None:
        return None
    members = given.members()
    if members is None:
        raise given.must_be("names with their texts")
    for member in members.values():
        if isinstance(member.value, dict | list) or member.value is None:
            raise member.must_be("text")
    return {name: member.text() for name, member in members.items()}


def _filled(given: Given) -> Any:
    """JSON with each of its texts made a template."""
    members = given.members()
    if members is not None:
        return {name: _filled(member) for name, member in members.items()}
    if isinstance(given.value, list):
        return [_filled(item) for item in given.items("a list")]
    given.not_a_comment()
    return given.text() if isinstance(given.value, str) else given.value


def _save(given: Given) -> Mapping[str, tuple[str | int, ...]]:
    if given.value is None:
        return {}
    members = given.members()
    if members is None:
        raise given.must_be(PLACES)
    saved: dict[str, tuple[str | int, ...]] = {}
    for name, member in members.items():
        place = member.value
        if not _NAME.fullmatch(name):
            raise member.wrong("must be a name of small letters, digits and _")
        if name in TAKEN or name in given.own:
            raise member.wrong("a variable has that name: choose another")
        if not isinstance(place, str) or not (place == "." or keys_of(place)):
            raise member.must_be(
                "a place in the answer's JSON, such as data.accessToken, or . for all of"
                " the answer's text"
            )
        saved[name] = () if place == "." else keys_of(place)
    return saved
