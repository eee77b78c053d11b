"""Where each step of a driver is written: its line in the file, and the text there. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from farm.experiment_file.yaml_nodes import read_yaml
from farm.model.driver import Driver

StepKey = tuple[str, str, int]
"""Role, part (`after_join 1` is the first of the hold) and number (from 1) of a step."""


@dataclass(frozen=True, slots=True)
class StepPlace:
    """The line (from 1) of a step in its file, and its text there."""

    line: int
    text: str


def step_places(driver: Driver, text: str) -> Mapping[StepKey, StepPlace]:
    """The places of the steps of a driver that was read from a file of this text.

    Steps inside of others are part of the text of these.
    """
    lines = text.splitlines()
    places: dict[StepKey, StepPlace] = {}
    for role, of_role in driver.roles.items():
        parts = {"join": of_role.join, "joined": of_role.joined, "leave": of_role.leave}
        for number, held in enumerate(of_role.after_join, start=1):
            parts[f"after_join {number}"] = held.steps
        for part, steps in parts.items():
            for number, step in enumerate(steps, start=1):
                line = int(step.place.rpartition(":")[2])
                places[role, part, number] = StepPlace(line, _text(lines, line))
    return places


def cut_texts(text: str) -> tuple[tuple[int, str, str], ...]:
    """Line, text and comment of each text of a driver's roles that a comment may have cut short.

    In `click: .tile #stop` all from the # on is a comment, unless it is quoted.
    """
    document = read_yaml(text, "")
    return tuple(
        (document.line(at), value, document.comments[at])
        for at, value in document.texts()
        if at[:1] == ("roles",) and at in document.comments and value != at[-1]
    )


def _text(lines: list[str], line: int) -> str:
    """The line and those that belong to it: what is indented deeper than its first letter."""
    first = lines[line - 1]
    indent = len(first) - len(first.lstrip())
    more = []
    for each in lines[line:]:
        if each.strip() and len(each) - len(each.lstrip()) <= indent:
            break
        more.append(each)
    while more and not more[-1].strip():
        more.pop()
    return "\n".join(each[indent:] for each in (first, *more))
