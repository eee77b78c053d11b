"""Reads a driver file: YAML to `farm.model.driver` values, or an error of one line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any

from farm.drivers.steps import APP_URL, unknown_variables
from farm.errors import ExperimentError, MissingTool
from farm.experiment_file.yaml_nodes import Document, read_yaml
from farm.files.path_beside import is_there
from farm.files.text_file import text_of
from farm.model.driver import (
    AcceptDialog,
    Click,
    Driver,
    Evaluate,
    Fill,
    Goto,
    RoleSteps,
    Select,
    Step,
    WaitFor,
    Where,
    is_file_name,
)
from farm.model.durations import DURATION_EXPECTED, parse_duration_s
from farm.model.experiment import RoomMedia

Place = tuple[str | int, ...]

DRIVER_KEYS = ("format", "media", "roles")
ROLE_KEYS = ("join", "joined", "leave", "after")
STEP_KEYS = ("goto", "fill", "select", "click", "accept_dialog", "wait_for", "evaluate")
_ADDRESS = re.compile(rf"{re.escape(APP_URL)}|[A-Za-z][A-Za-z0-9+.-]*:")

WHERE_KEYS = ("frame", "in_new_tab")
WAIT_KEYS = ("selector", "function", "within")


def driver_names() -> list[str]:
    """Names of the drivers that come with the farm."""
    return sorted(
        each.name.removesuffix(".yaml")
        for each in _packaged().iterdir()
        if each.name.endswith(".yaml")
    )


def read_driver(name: str, beside: Path = Path()) -> Driver:
    """The driver of that name, or in that YAML file (a path from the directory `beside`).

    Raises MissingTool if there is none, ExperimentError with `file:line: key` for what is wrong.
    """
    if is_file_name(name):
        path, source = beside / Path(name).expanduser(), name
    else:
        path, source = _packaged() / f"{name}.yaml", f"{name}.yaml"
    try:
        if not is_there(path):
            raise MissingTool(_no_driver(name))
        text = text_of(path)
    except ExperimentError as error:
        raise ExperimentError(f"app.driver: {error}") from error
    return parse_driver(text, source, path.parent)


def parse_driver(text: str, source: str, folder: Path) -> Driver:
    """Parse a driver; `folder` has the files of `evaluate`, `source` is its name in messages."""
    return _Reader(read_yaml(text, source), folder).driver()


class _Reader:
    def __init__(self, document: Document, folder: Path) -> None:
        self._document = document
        self._folder = folder

    def driver(self) -> Driver:
        value = self._mapping(self._document.value, (), DRIVER_KEYS, "format: and roles:")
        if value.get("format") != 1:
            raise self._wrong(("format",), f"{value.get('format')}: this farm reads format: 1")
        given = value.get("roles")
        if not isinstance(given, dict) or not given:
            raise self._wrong(("roles",), "must say how each role joins (callee:, caller:, ...)")
        roles = {name: self._role(role, ("roles", name)) for name, role in given.items()}
        self._check_order(roles)
        name = self._document.source.rpartition("/")[2].partition(".")[0]
        return Driver(name, roles, self._media(value.get("media")))

    def _media(self, value: Any) -> RoomMedia | None:
        match value:
            case None | "mixed" | "forwarded":
                return value
        raise self._wrong(("media",), f"{value!r}: must be mixed or forwarded")

    def _role(self, value: Any, at: Place) -> RoleSteps:
        role = self._mapping(value, at, ROLE_KEYS, "join:, joined:, leave: or after:")
        join = self._steps(role.get("join"), (*at, "join"))
        if not join:
            raise self._wrong((*at, "join"), "needs at least one step, goto: an address")
        after = role.get("after")
        if after is not None and not isinstance(after, str):
            raise self._wrong((*at, "after"), f"{after}: must be a role's name")
        return RoleSteps(
            join=join,
            joined=self._steps(role.get("joined"), (*at, "joined")),
            leave=self._steps(role.get("leave"), (*at, "leave")),
            after=after,
        )

    def _steps(self, value: Any, at: Place) -> tuple[Step, ...]:
        if value is None:
            return ()
        if not isinstance(value, list):
            raise self._wrong(at, "must be a list of steps, each on a line that begins with -")
        return tuple(
            step for index, each in enumerate(value) for step in self._step(each, (*at, index))
        )

    def _step(self, value: Any, at: Place) -> tuple[Step, ...]:
        """One step; a `fill` or `select` of several fields is several."""
        step = self._mapping(value, at, STEP_KEYS + WHERE_KEYS, "one of " + ", ".join(STEP_KEYS))
        acts = [key for key in step if key not in WHERE_KEYS]
        if step and not acts:
            only = " and ".join(step)
            raise self._wrong(
                at,
                f"{only} says where a step acts, not what it does: put it beneath one of "
                + ", ".join(STEP_KEYS)
                + ", without a - of its own",
            )
        if len(acts) != 1:
            raise self._wrong(at, f"a step has one key, not {len(acts)}: begin each with -")
        (key,) = acts
        place = self._where(step, key, at)
        given, at = step[key], (*at, key)
        steps: tuple[Step, ...]
        match key, given:
            case "goto", str() if _ADDRESS.match(given):
                steps = (Goto(self._template(given, at)),)
            case "click", str():
                steps = (Click(self._template(given, at), place),)
            case "fill", dict() if given:
                steps = tuple(Fill(*field, place) for field in self._fields(given, at))
            case "select", dict() if given:
                steps = tuple(Select(*field, place) for field in self._fields(given, at))
            case "accept_dialog", True:
                steps = (AcceptDialog(),)
            case "wait_for", _:
                steps = (replace(self._wait_for(given, at), where=place),)
            case "evaluate", str():
                steps = (replace(self._evaluate(given, at), where=place),)
            case _:
                raise self._wrong(at, f"{given!r}: must be {_EXPECTED[key]}")
        return steps

    def _where(self, step: Mapping[str, Any], key: str, at: Place) -> Where:
        if key in ("goto", "accept_dialog"):
            for given in (given for given in WHERE_KEYS if given in step):
                raise self._wrong((*at, given), f"{key} is for the probe's own page: leave it out")
        frame, in_new_tab = step.get("frame", []), step.get("in_new_tab", False)
        frames = [frame] if isinstance(frame, str) else frame
        if not isinstance(frames, list) or not all(isinstance(each, str) for each in frames):
            raise self._wrong((*at, "frame"), f"{frame!r}: must be {_EXPECTED['frame']}")
        if not isinstance(in_new_tab, bool):
            raise self._wrong((*at, "in_new_tab"), f"{in_new_tab!r}: must be true")
        return Where(tuple(self._template(each, (*at, "frame")) for each in frames), in_new_tab)

    def _fields(self, given: Mapping[str, Any], at: Place) -> list[tuple[str, str]]:
        """Pairs of a selector and the text for its field."""
        return [
            (
                self._template(selector, (*at, selector)),
                self._template(_as_text(text), (*at, selector)),
            )
            for selector, text in given.items()
        ]

    def _wait_for(self, value: Any, at: Place) -> WaitFor:
        if isinstance(value, str):
            return WaitFor(selector=self._template(value, at))
        wait = self._mapping(value, at, WAIT_KEYS, _EXPECTED["wait_for"])
        selector, function = wait.get("selector"), wait.get("function")
        if (selector is None) == (function is None):
            raise self._wrong(at, "needs either selector: or function:")
        for key in ("selector", "function"):
            if not isinstance(wait.get(key), str | None):
                raise self._wrong((*at, key), f"{wait[key]!r}: must be text")
        return WaitFor(
            selector=None if selector is None else self._template(selector, (*at, "selector")),
            function=None if function is None else self._template(function, (*at, "function")),
            within_s=self._within_s(wait.get("within", "15s"), (*at, "within")),
        )

    def _within_s(self, value: Any, at: Place) -> float:
        try:
            within_s = parse_duration_s(value if isinstance(value, str) else repr(value))
        except ValueError as error:
            raise self._wrong(at, str(error)) from error
        if within_s <= 0:
            raise self._wrong(at, f"{value}: must be longer than 0, {DURATION_EXPECTED}")
        return within_s

    def _evaluate(self, name: str, at: Place) -> Evaluate:
        path = self._folder / name
        try:
            function = text_of(path) if is_there(path) else None
        except ExperimentError as error:
            raise self._wrong(at, str(error)) from error
        if function is None:
            raise self._wrong(at, f"{name}: no such file beside the driver")
        return Evaluate(function, name)

    def _check_order(self, roles: Mapping[str, RoleSteps]) -> None:
        for name, role in roles.items():
            at = ("roles", name, "after")
            if role.after is not None and role.after not in roles:
                raise self._wrong(at, f"no role {role.after}{_suggestion(role.after, roles)}")
            passed = [name]
            while (before := roles[passed[-1]].after) is not None:
                if before in passed:
                    raise self._wrong(at, f"{' after '.join([*passed, before])}: no role is first")
                passed.append(before)

    def _template(self, text: str, at: Place) -> str:
        for complaint in unknown_variables(text):
            raise self._wrong(at, complaint)
        return text

    def _mapping(self, value: Any, at: Place, known: tuple[str, ...], what: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self._wrong(at, f"must be {what}")
        for key in value:
            if key not in known:
                raise self._wrong((*at, key), f"unknown key{_suggestion(key, known)}")
        return value

    def _wrong(self, at: Place, complaint: str) -> ExperimentError:
        return ExperimentError(f"{self._document.place(at)}: {complaint}")


_EXPECTED = {
    "goto": 'an address, such as "{app_url}call?session={session}"',
    "click": "a CSS selector",
    "fill": 'selectors with their text, such as {"#name": "{probe}"}',
    "select": 'selectors with the option\'s value or label, such as {"#room": "{session}"}',
    "accept_dialog": "true",
    "wait_for": "a CSS selector, or selector: or function: with within:",
    "frame": "a CSS selector of an iframe, or a list of them, the outermost first",
    "evaluate": "the name of a JavaScript file beside the driver",
}


def _suggestion(word: str, known: Mapping[str, Any] | tuple[str, ...]) -> str:
    near = get_close_matches(word, known, 1)
    return f": did you mean {near[0]}?" if near else f"; there is {', '.join(known)}"


def _as_text(value: Any) -> str:
    """The value as text: `fill: {"#rate": 20}` means the text `20`."""
    return value if isinstance(value, str) else "" if value is None else str(value)


def _packaged() -> Path:
    return Path(str(files("browser_scripts"))) / "drivers"


def _no_driver(name: str) -> str:
    names = driver_names()
    return f"app.driver: {name}: no such driver or file{_suggestion(name, tuple(names))}"
