"""The JSON schema of driver files (Draft 2020-12), for editors: what stands where, and its meaning.

Written by `python -m farm.drivers.schema > farm/driver.schema.json`. The reader of drivers checks
more (files, variables, the names of keys) and says it better.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from farm.drivers.action_reading import SOURCES
from farm.drivers.http_reading import METHODS
from farm.drivers.step_reading import (
    AT_ONCE,
    EVERYWHERE,
    LOADED_WHEN,
    LOADING,
    NESTING,
    OWN_PAGE,
    STEP_KEYS,
)
from farm.drivers.wait_reading import STATES
from farm.model.durations import DURATION_PATTERN

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
PATTERN: Schema = {"type": "string", "pattern": r"^[^*]*\*[^*]*$"}
SELECTOR: Schema = {"type": "string", "description": "a CSS selector, or Playwright's (text=Join)"}
SCALAR: Schema = {"type": ["string", "number", "boolean", "null"]}
TRUE: Schema = {"const": True}
DURATION: Schema = {"type": "string", "pattern": DURATION_PATTERN}
FILE: Schema = {"type": "string", "description": "a file beside the driver"}
NUMBER: Schema = {"type": ["integer", "string"], "minimum": 1}
STEPS: Schema = {"type": "array", "items": {"$ref": "#/$defs/step"}, "minItems": 1}
CONDITION: Schema = {"$ref": "#/$defs/condition"}


def _fields(value: Schema) -> Schema:
    return {"type": "object", "additionalProperties": value, "minProperties": 1}


def _one_or_more(value: Schema) -> Schema:
    return {"anyOf": [value, {"type": "array", "items": value, "minItems": 1}]}


def _mapping(required: tuple[str, ...] = (), **members: Schema) -> Schema:
    return {
        "type": "object",
        "properties": members,
        "additionalProperties": False,
        "required": list(required),
    }


HTTP: Schema = _mapping(
    ("url",),
    url=TEXT,
    method={"enum": list(METHODS)},
    headers=_fields(SCALAR),
    json={},
    form=_fields(SCALAR),
    save=_fields(TEXT),
    within=DURATION,
)

VALUES: Mapping[str, tuple[Schema, str]] = {
    "goto": (TEXT, "open a page: {app_url} and what follows it"),
    "reload": (TRUE, "load the page again"),
    "go_back": (TRUE, "go to the page before"),
    "fill": (_fields(SCALAR), "put text into fields"),
    "press": ({"anyOf": [SCALAR, _fields(SCALAR)]}, "press a key in the page, or in an element"),
    "select": (_fields(SCALAR), "choose an option of a <select>"),
    "check": (SELECTOR, "tick a checkbox"),
    "uncheck": (SELECTOR, "clear a checkbox"),
    "click": (SELECTOR, "click an element"),
    "dblclick": (SELECTOR, "click an element twice"),
    "hover": (SELECTOR, "move the mouse over an element"),
    "set_files": (_fields(_one_or_more(FILE)), "choose files in an <input type=file>"),
    "accept_dialog": ({"anyOf": [TRUE, TEXT]}, "from now on OK; the text is for a prompt"),
    "dismiss_dialog": (TRUE, "from now on Cancel"),
    "pause": (DURATION, "do nothing for a time"),
    "evaluate": (FILE, "run a JavaScript file"),
    "http": (HTTP, "make a request, and keep values of its answer as variables"),
    "screenshot": (TEXT, "take a picture of this name"),
    "mute": (_one_or_more({"enum": list(SOURCES)}), "stop sending, for pages without a button"),
    "unmute": (_one_or_more({"enum": list(SOURCES)}), "send again"),
    "wait_for": (CONDITION, "wait until something is so"),
    "if_visible": (SELECTOR, "do the steps if an element is visible within 2 s"),
    "repeat": (
        {"anyOf": [NUMBER, _mapping(until=CONDITION), _mapping(each={"const": "partner"})]},
        "do the steps so often, until something is so, or for each partner",
    ),
}
"""What stands behind the key of each step, and what the step does."""


def schema() -> Schema:
    """The schema in `farm/driver.schema.json`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A driver of the probe farm",
        **_mapping(
            ("format", "roles"),
            format={"const": 1},
            media={
                "enum": ["mixed", "forwarded", None],
                "description": "what a room's server does",
            },
            roles=_fields({"$ref": "#/$defs/role"}),
        ),
        "$defs": {
            "role": _role(),
            "step": {"oneOf": [_step(key) for key in STEP_KEYS]},
            "condition": {"anyOf": [SELECTOR, _condition()]},
        },
    }


def _role() -> Schema:
    none: Schema = {"type": "null"}
    some = {"anyOf": [STEPS, none]}
    hold = _mapping(
        ("steps",),
        at=DURATION,
        every=DURATION,
        only=_mapping(("index",), index=_one_or_more({"type": "integer", "minimum": 0})),
        in_turn={"type": "boolean"},
        steps=STEPS,
    )
    times = {"anyOf": [{"type": "array", "items": hold}, none]}
    return _mapping(
        ("join",),
        join=STEPS,
        joined=some,
        after_join=times,
        leave=some,
        after=TEXT,
        round_trip=_one_or_more(
            _mapping(("channel",), channel=TEXT, member=TEXT, question=PATTERN, answer=PATTERN)
        ),
    )


def _step(key: str) -> Schema:
    value, meaning = VALUES[key]
    members: dict[str, Schema] = {key: {**value, "description": meaning}}
    if key not in AT_ONCE:
        members["within"] = DURATION
    if key in LOADING:
        members["wait_until"] = {
            "enum": list(LOADED_WHEN),
            "description": "when it goes on: load if nothing is said",
        }
    if key not in (*OWN_PAGE, *EVERYWHERE):
        members["frame"] = _one_or_more(SELECTOR)
        members["in_new_tab"] = {"type": "boolean"}
    if key in NESTING:
        members["steps"] = STEPS
    return _mapping((key, "steps") if key in NESTING else (key,), **members)


def _condition() -> Schema:
    return _mapping(
        selector=SELECTOR,
        text=TEXT,
        function={"type": "string", "description": "a JavaScript expression"},
        url={"type": "string", "description": "with * and **, or /a regular expression/"},
        network={"const": "idle"},
        state={"enum": list(STATES)},
        count=NUMBER,
        within=DURATION,
    )


def main() -> None:
    json.dump(schema(), sys.stdout, indent=2)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
