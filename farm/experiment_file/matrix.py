"""Reads the section `matrix` of an experiment file: one file to several experiments.

    matrix:
      media.size: [320x240, 640x480]            # an axis: a setting, and its values
      version:                                  # an axis with a name of yours: sets of settings
        "7.2": {server: {kurento: "ws://10.0.0.1:8888/kurento"}}
        "7.3": {server: {kurento: "ws://10.0.0.2:8888/kurento"}}

A value replaces what the file has at that key; a set of settings is merged into it.
"""

from __future__ import annotations

import copy
import itertools
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from farm.errors import ExperimentError
from farm.experiment_file.reading import MATRIX, experiment_in, read_document
from farm.experiment_file.yaml_nodes import Document, dotted, keys_of
from farm.experiment_file.yaml_nodes import Path as Place
from farm.model.matrix import MatrixCell
from farm.model.page_address import without_passwords
from farm.model.wording import counted

VARIED = ("server", "scenario", "app", "media", "network", "probes")
"""Sections whose settings an axis may vary."""

LADDER = tuple(f"search.{key}" for key in ("minimum", "maximum", "step", "loads"))
"""Further settings that an axis may vary: a ladder that suits the scenario."""

MOST_CELLS = 64
FOLDER_LETTERS = 60


@dataclass(frozen=True, slots=True)
class _Choice:
    """One value of an axis: what it sets, by place, and where that stands in the file."""

    label: str
    settings: Mapping[Place, Any]
    written: Place
    merged: bool


def is_matrix(path: Path) -> bool:
    """Whether the file has a section `matrix`. Raises ExperimentError if it is not YAML."""
    value = read_document(path).value
    return isinstance(value, dict) and MATRIX in value


def load_matrix(path: Path) -> tuple[MatrixCell, ...]:
    """The experiments of a file with a section `matrix`, in the order of its axes.

    Paths in it are relative to its folder. Raises ExperimentError with file, line, key, value and
    what is allowed; of an error in one experiment only, with its values.
    """
    document = read_document(path)
    if not isinstance(document.value, dict) or MATRIX not in document.value:
        raise ExperimentError(
            f"{path}:1: matrix: nothing: expected settings with lists of their values, such as "
            "media.size: [320x240, 640x480]"
        )
    axes = _axes(document)
    count = math.prod(len(choices) for choices in axes.values())
    if not 2 <= count <= MOST_CELLS:
        raise ExperimentError(
            f"{document.place((MATRIX,))}: {counted(count, 'experiment')}: "
            f"expected 2 to {MOST_CELLS}"
        )
    return tuple(
        _cell(document, path, number, dict(zip(axes, choices, strict=True)))
        for number, choices in enumerate(itertools.product(*axes.values()), start=1)
    )


def _axes(document: Document) -> dict[str, tuple[_Choice, ...]]:
    given = document.value[MATRIX]
    if not isinstance(given, dict) or not given:
        raise ExperimentError(
            f"{document.place((MATRIX,))}: expected settings with lists of their values, such as "
            "media.size: [320x240, 640x480]"
        )
    axes = {axis: tuple(_choices(document, axis, values)) for axis, values in given.items()}
    for axis, choices in axes.items():
        labels: set[str] = set()
        for choice in choices:
            if choice.label in labels:
                raise ExperimentError(
                    f"{document.place(choice.written)}: {choice.label}: it is there twice"
                )
            labels.add(choice.label)
        for other, others in axes.items():
            if other != axis:
                _check_apart(document, choices, others, axis, other)
    return axes


def _choices(document: Document, axis: str, values: Any) -> Iterator[_Choice]:
    at: Place = (MATRIX, axis)
    if isinstance(values, list) and values:
        setting = keys_of(axis)
        _check_varied(document, at, setting)
        for number, value in enumerate(values):
            yield _Choice(_label(value), {setting: value}, (*at, number), merged=False)
    elif isinstance(values, dict) and values:
        for name, settings in values.items():
            if not isinstance(settings, dict) or not settings:
                raise ExperimentError(
                    f"{document.place((*at, name))}: expected settings, such as "
                    "{media: {size: 320x240}}"
                )
            for place in _leaves(settings):
                _check_varied(document, (*at, name, *place), place)
            parts = {place: _at(settings, place) for place in _leaves(settings)}
            yield _Choice(name, parts, (*at, name), merged=True)
    else:
        raise ExperimentError(
            f"{document.place(at)}: expected a list of values, or names with settings"
        )


def _check_varied(document: Document, at: Place, setting: Place) -> None:
    key = dotted(setting)
    if setting and (setting[0] in VARIED or key in LADDER):
        return
    raise ExperimentError(
        f"{document.place(at)}: {key}: must be the same in all, or they do not measure alike: "
        f"expected settings of {', '.join(VARIED)}, or {', '.join(LADDER)}"
    )


def _check_apart(
    document: Document,
    choices: Iterable[_Choice],
    others: Iterable[_Choice],
    axis: str,
    other: str,
) -> None:
    """Raises ExperimentError where two axes set the same setting."""
    places = {place for choice in choices for place in choice.settings}
    for choice in others:
        for place in choice.settings:
            for mine in places:
                short = min(len(mine), len(place))
                if mine[:short] == place[:short]:
                    raise ExperimentError(
                        f"{document.place((MATRIX, other))}: {dotted(place)}: {axis} sets it, too"
                    )


def _cell(
    document: Document, path: Path, number: int, choices: Mapping[str, _Choice]
) -> MatrixCell:
    values = {axis: choice.label for axis, choice in choices.items()}
    words = "-".join(f"{axis}-{value}" for axis, value in values.items())
    slug = re.sub(r"[^A-Za-z0-9._]+", "-", words).strip("-.")[:FOLDER_LETTERS].rstrip("-.")
    try:
        experiment = experiment_in(_with(document, choices.values()), path)
    except ExperimentError as error:
        name = ", ".join(f"{axis} {value}" for axis, value in values.items())
        raise ExperimentError(f"{error} (matrix: {name})") from error
    return MatrixCell(f"{number:02d}-{slug}", values, experiment)


def _with(document: Document, choices: Iterable[_Choice]) -> Document:
    """The document without its matrix, and with these choices; their lines are the matrix's."""
    value = copy.deepcopy({key: part for key, part in document.value.items() if key != MATRIX})
    lines = {place: line for place, line in document.lines.items() if place[:1] != (MATRIX,)}
    for choice in choices:
        for place, part in choice.settings.items():
            written = (*choice.written, *place) if choice.merged else choice.written
            _put(value, place, copy.deepcopy(part))
            lines = {old: line for old, line in lines.items() if old[: len(place)] != place}
            for end in range(1, len(place)):
                lines.setdefault(place[:end], document.lines[written])
            for old, line in document.lines.items():
                if old[: len(written)] == written:
                    lines[(*place, *old[len(written) :])] = line
    return replace(document, value=value, lines=lines)


def _put(value: dict[str, Any], place: Place, part: Any) -> None:
    """Set what is at `place`; `scenario: group` on the way is short for its kind."""
    for key in place[:-1]:
        inner = value.get(str(key))
        if isinstance(inner, str) and key == "scenario":
            inner = {"kind": inner}
        value[str(key)] = value = inner if isinstance(inner, dict) else {}
    value[str(place[-1])] = part


def _leaves(settings: Mapping[str, Any], place: Place = ()) -> Iterator[Place]:
    """The places of all settings of nested mappings that are no mappings themselves."""
    for key, value in settings.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, (*place, key))
        else:
            yield (*place, key)


def _at(settings: Mapping[str, Any], place: Place) -> Any:
    value: Any = settings
    for key in place:
        value = value[key]
    return value


def _label(value: Any) -> str:
    """A value in a word or two: `640x480`, `kind group members 3`."""
    match value:
        case dict():
            return " ".join(f"{key} {_label(part)}" for key, part in value.items())
        case list():
            return " ".join(map(_label, value))
        case bool() | None:
            return {True: "true", False: "false", None: "null"}[value]
        case str():
            return without_passwords(value)
    return str(value)
