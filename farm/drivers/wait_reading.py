"""Reads what a driver's `wait_for` or `repeat: {until: ...}` waits for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import get_args

from farm.drivers.given import Given
from farm.model.driver import ElementState, WaitFor

KINDS = ("selector", "text", "function", "url", "network")
KEYS = (*KINDS, "state", "count", "within")
STATES: tuple[ElementState, ...] = get_args(ElementState)
EXPECTED = "a CSS selector, or one of selector:, text:, function:, url: and network:"
_TIME = re.compile(r"\d+(\.\d+)?(ms|s|m|h)")


def read_condition(given: Given) -> WaitFor:
    """The condition, as a step without a place."""
    if isinstance(given.value, str):
        if _TIME.fullmatch(given.value):
            raise given.wrong(f"a time is no selector: expected pause: {given.value}")
        return WaitFor(selector=given.template(EXPECTED))
    wait = given.mapping(KEYS, EXPECTED)
    kinds = [kind for kind in KINDS if kind in wait]
    if len(kinds) != 1 and kinds != ["selector", "text"]:
        raise given.wrong(f"needs one of {', '.join(f'{kind}:' for kind in KINDS)}")
    state, count = _element(wait, kinds[0])
    made = WaitFor(
        selector=_template(wait, "selector", "a CSS selector"),
        text=_template(wait, "text", "text that the page shows"),
        function=_template(wait, "function", "a JavaScript expression"),
        url=_url(wait.get("url")),
        network_idle=_is_idle(wait.get("network")),
        state=state,
        count=count,
    )
    return replace(made, within_s=wait["within"].duration_s()) if "within" in wait else made


def _template(wait: Mapping[str, Given], key: str, expected: str) -> str | None:
    return wait[key].template(expected) if key in wait else None


def _element(wait: Mapping[str, Given], kind: str) -> tuple[ElementState, str | None]:
    """`state` and `count` of the elements that are waited for."""
    for key in (key for key in ("state", "count") if key in wait):
        if kind not in ("selector", "text"):
            raise wait[key].wrong(f"{kind}: has no {key}: it is of selector: and text: alone")
    state: ElementState = "visible"
    if "state" in wait:
        if wait["state"].value not in STATES:
            raise wait["state"].must_be(f"one of {', '.join(STATES)}")
        state = wait["state"].value
    if "count" not in wait:
        return state, None
    if state in ("hidden", "detached"):
        raise wait["count"].wrong("only elements that are visible or attached are counted")
    return state, wait["count"].number("how many elements, from 1 on")


def _url(url: Given | None) -> str | None:
    if url is None:
        return None
    text = url.template("an address with * and **, or /a regular expression/")
    if len(text) > 1 and text.startswith("/") and text.endswith("/"):
        try:
            re.compile(text[1:-1])
        except re.error as error:
            raise url.wrong(f"{text}: no regular expression: {error}") from error
    return text


def _is_idle(network: Given | None) -> bool:
    if network is not None and network.value != "idle":
        raise network.must_be("idle")
    return network is not None
