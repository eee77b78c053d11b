"""The request of an `http` step, made with the cookies of its page, and what is kept of its answer.

Playwright's driver makes it, not Chromium: emulated network conditions are not in it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from playwright.async_api import APIRequestContext, APIResponse
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeoutError

from farm.browser.playwright_trouble import one_line
from farm.errors import JoinError
from farm.model.driver import Http
from farm.model.json_values import from_text
from farm.model.wording import within_limit

REASON = "request"
MOST_REDIRECTS = 20
LONGEST_ANSWER = 120
"""Characters of an answer that a message quotes."""


async def saved_values(
    requests: APIRequestContext, step: Http, mask: Callable[[str], str]
) -> Mapping[str, str]:
    """Make the request; the values to keep, by variable.

    Raises JoinError for no answer, one of 400 or more, or one that lacks a value.
    """
    options: dict[str, Any] = {} if step.form is None else {"form": dict(step.form)}
    if step.json is not None:
        options["data"] = json.dumps(step.json)
        options["headers"] = {"Content-Type": "application/json", **step.headers}
    elif step.headers:
        options["headers"] = dict(step.headers)
    try:
        answer = await requests.fetch(
            step.url,
            method=step.method,
            timeout=step.within_s * 1000,
            max_redirects=MOST_REDIRECTS,
            **options,
        )
    except PlaywrightTimeoutError as error:
        raise JoinError(REASON, f"no answer {within_limit(step.within_s)}") from error
    except PlaywrightError as error:
        raise JoinError(REASON, one_line(error, mask)) from error
    try:
        return await _values(answer, step, mask)
    finally:
        await answer.dispose()


async def _values(answer: APIResponse, step: Http, mask: Callable[[str], str]) -> Mapping[str, str]:
    text = (await answer.body()).decode(errors="replace")
    if answer.status >= HTTPStatus.BAD_REQUEST:
        quoted = " ".join(mask(text).split())[:LONGEST_ANSWER]
        told = f"answered {answer.status} {answer.status_text}".rstrip()
        raise JoinError(REASON, f"{told}: {quoted!r}" if quoted else told)
    value: Any = None
    if any(step.save.values()):
        try:
            value = from_text(text)
        except ValueError as error:
            kind = answer.headers.get("content-type", "something without a type")
            raise JoinError(REASON, f"answered {kind}, which is no JSON to save from") from error
    return {
        name: _member(value, place, mask) if place else text.strip()
        for name, place in step.save.items()
    }


def _member(value: Any, place: tuple[str | int, ...], mask: Callable[[str], str]) -> str:
    """The value at a place as text; a message has names of members, never their values."""
    at: Any = value
    for depth, part in enumerate(place):
        here = "the answer" if depth == 0 else ".".join(str(each) for each in place[:depth])
        wanted = ".".join(str(each) for each in place)
        if isinstance(at, list) and isinstance(part, int):
            if part >= len(at):
                raise JoinError(REASON, f"no {wanted} in its JSON: {here} has {len(at)} items")
            at = at[part]
        elif isinstance(at, dict):
            if str(part) not in at:
                names = mask(" ".join(", ".join(sorted(at)).split()))[:LONGEST_ANSWER]
                has = names or "no members"
                raise JoinError(REASON, f"no {wanted} in its JSON: {here} has {has}")
            at = at[str(part)]
        else:
            raise JoinError(REASON, f"no {wanted} in its JSON: {here} has no members")
    if isinstance(at, str) and at:
        return at
    if isinstance(at, int | float):
        return json.dumps(at)
    kinds: Mapping[type, str] = {dict: "an object", list: "a list", str: "empty"}
    kind = kinds.get(type(at), "null")
    raise JoinError(REASON, f"{'.'.join(str(each) for each in place)} in its JSON is {kind}")
