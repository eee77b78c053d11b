"""Reads a driver's steps that act: for each key a reader of what stands behind it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import get_args

from farm.drivers.given import Given
from farm.drivers.http_reading import read_http
from farm.drivers.keys import wrong_key
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
    Hover,
    Mute,
    Pause,
    Press,
    Reload,
    Screenshot,
    Select,
    SetFiles,
    Source,
    Step,
    Uncheck,
    Unmute,
)

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
SOURCES: tuple[Source, ...] = get_args(Source)

SELECTOR = "a CSS selector"
FILL = 'selectors with their text, such as {"#name": "{probe}"}'
SELECT = 'selectors with the option\'s value or label, such as {"#room": "{session}"}'
PRESS = 'a key such as Enter, or selectors with a key, such as {"#message": Enter}'
SET_FILES = 'selectors with a file beside the driver, or a list of them, such as {"#photo": me.png}'
SCREENSHOT = "a name of letters, digits, - and _"


def _goto(given: Given) -> tuple[Step, ...]:
    return (Goto(given.address()),)


def _fields(given: Given, expected: str) -> list[tuple[str, Given]]:
    """Pairs of a selector and what stands behind it."""
    members = given.members()
    if not members or not all(selector.strip() for selector in members):
        raise given.must_be(expected)
    return [(member.checked(selector), member) for selector, member in members.items()]


def _fill(given: Given) -> tuple[Step, ...]:
    fields = _fields(given, FILL)
    return tuple(Fill(selector, text.text(), place=text.place) for selector, text in fields)


def _select(given: Given) -> tuple[Step, ...]:
    fields = _fields(given, SELECT)
    return tuple(Select(selector, each.text(), place=each.place) for selector, each in fields)


def _press(given: Given) -> tuple[Step, ...]:
    if isinstance(given.value, dict):
        fields = _fields(given, PRESS)
        return tuple(Press(_keys(keys), selector, place=keys.place) for selector, keys in fields)
    return (Press(_keys(given)),)


def _keys(given: Given) -> str:
    if given.value is None or isinstance(given.value, dict | list | bool) or given.value == "":
        raise given.must_be(PRESS)
    keys = given.text()
    complaint = None if "{" in keys else wrong_key(keys)
    if complaint is not None:
        raise given.wrong(complaint)
    return keys


def _set_files(given: Given) -> tuple[Step, ...]:
    steps = []
    for selector, files in _fields(given, SET_FILES):
        names = files.items(SET_FILES) if isinstance(files.value, list) else [files]
        if not names:
            raise files.must_be(SET_FILES)
        chosen = tuple(_chosen_file(name) for name in names)
        steps.append(SetFiles(selector, chosen, place=files.place))
    return tuple(steps)


def _chosen_file(given: Given) -> ChosenFile:
    content = given.bytes_of_file(SET_FILES)
    return ChosenFile(Path(given.value).name, content)


def _accept_dialog(given: Given) -> tuple[Step, ...]:
    if isinstance(given.value, str):
        return (AcceptDialog(given.text()),)
    if given.value is not True:
        raise given.must_be("true, or the text for a prompt")
    return (AcceptDialog(),)


def _screenshot(given: Given) -> tuple[Step, ...]:
    name = given.template(SCREENSHOT)
    if not _NAME.fullmatch(re.sub(r"\{[a-z0-9_]+\}", "x", name)):
        raise given.must_be(SCREENSHOT)
    return (Screenshot(name),)


def _evaluate(given: Given) -> tuple[Step, ...]:
    script = given.text_of_file("the name of a JavaScript file beside the driver")
    return (Evaluate(script, str(given.value)),)


def _sources(given: Given) -> list[Source]:
    expected = f"one of {', '.join(SOURCES)}, or a list of them"
    listed = given.items(expected) if isinstance(given.value, list) else [given]
    if not listed or any(each.value not in SOURCES for each in listed):
        raise given.must_be(expected)
    return [each.value for each in listed]


def _of_selector(make: Callable[[str], Step]) -> Callable[[Given], tuple[Step, ...]]:
    return lambda given: (make(given.template(SELECTOR)),)


def _of_true(make: Callable[[], Step]) -> Callable[[Given], tuple[Step, ...]]:
    def read(given: Given) -> tuple[Step, ...]:
        given.true()
        return (make(),)

    return read


ACTIONS: Mapping[str, Callable[[Given], tuple[Step, ...]]] = {
    "goto": _goto,
    "reload": _of_true(Reload),
    "go_back": _of_true(GoBack),
    "fill": _fill,
    "press": _press,
    "select": _select,
    "check": _of_selector(Check),
    "uncheck": _of_selector(Uncheck),
    "click": _of_selector(Click),
    "dblclick": _of_selector(DoubleClick),
    "hover": _of_selector(Hover),
    "set_files": _set_files,
    "accept_dialog": _accept_dialog,
    "dismiss_dialog": _of_true(DismissDialog),
    "pause": lambda given: (Pause(given.duration_s()),),
    "evaluate": _evaluate,
    "http": read_http,
    "screenshot": _screenshot,
    "mute": lambda given: tuple(Mute(source) for source in _sources(given)),
    "unmute": lambda given: tuple(Unmute(source) for source in _sources(given)),
}
"""The readers, in the order in which messages name their keys."""
