"""Converts frozen values to JSON and back.

A dataclass becomes an object with its fields' names, a tuple an array, a path or an enum a string.
JSON has no NaN and no infinity; they are written as null. Reading is guided by the type hints: a
member that is absent takes the field's default, one that the class does not know is left out, so
that what another version wrote can be read.

`cattrs` is not used: it takes "1" for a number and a string for a tuple. With a check for every
kind of value, and the place of an error found in its exceptions, it needs as much code as this.
"""

from __future__ import annotations

import builtins
import collections.abc
import dataclasses
import functools
import json
import math
import re
import types
import typing
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

_HALF = re.compile(r"\\u[dD]")

LARGEST = 2**63
"""Counters are smaller; a larger number is an error (JSON's 1e999 is infinite)."""

LONGEST_SHOWN = 80


def to_jsonable(value: Any) -> Any:
    """`value` made of dicts, lists, strings, numbers, booleans and None only.

    Raises TypeError for what has no such form.
    """
    match value:
        case Enum():
            plain = value.value
        case None | bool() | int() | str():
            plain = value
        case float():
            plain = value if math.isfinite(value) else None
        case Path():
            plain = str(value)
        case Mapping():
            plain = {str(key): to_jsonable(item) for key, item in value.items()}
        case list() | tuple():
            plain = [to_jsonable(item) for item in value]
        case _ if dataclasses.is_dataclass(value):
            names = [field.name for field in dataclasses.fields(value)]
            plain = {name: to_jsonable(getattr(value, name)) for name in names}
        case _:
            raise TypeError(f"{type(value).__name__} has no JSON form")
    return plain


def to_line(value: Any) -> str:
    """One line of JSON, its newline included."""
    return json.dumps(to_jsonable(value), ensure_ascii=False, allow_nan=False) + "\n"


def to_text(value: Any) -> str:
    """Indented JSON for files that people open, a newline at the end."""
    return json.dumps(to_jsonable(value), ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def from_text(text: str | bytes) -> Any:
    """JSON as `json.loads` reads it, with two differences.

    What is nested too deep is a ValueError, as all errors are, and half a character (`"\\ud83d"`,
    as JavaScript may cut one) is U+FFFD, as no file can hold it. Bytes are UTF-8, else a
    ValueError.
    """
    try:
        text = text if isinstance(text, str) else text.decode("utf-8-sig")
        value = json.loads(text)
        if not _HALF.search(text):
            return value
        cut = json.dumps(value, ensure_ascii=False).encode("utf-16", "surrogatepass")
        return json.loads(cut.decode("utf-16", "replace"))
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def from_jsonable(cls: type[T], data: Any) -> T:
    """The value of `cls` that `data` describes.

    Raises ValueError naming the member that is missing or of another type.
    """
    return typing.cast(T, _read(cls, data, cls.__name__))


def _read(hint: Any, data: Any, place: str) -> Any:
    arguments = typing.get_args(hint)
    match typing.get_origin(hint):
        case types.UnionType | typing.Union:
            value = _read_union(arguments, data, place)
        case typing.Literal:
            allowed = f"one of {', '.join(map(str, arguments))}"
            value = _expect(data, data in arguments, place, allowed)
        case builtins.tuple:
            value = _read_tuple(arguments, data, place)
        case collections.abc.Mapping:
            _expect(data, isinstance(data, dict), place, "an object")
            value = {key: _read(arguments[1], item, f"{place}.{key}") for key, item in data.items()}
        case _ if dataclasses.is_dataclass(hint):
            value = _read_fields(typing.cast(type, hint), data, place)
        case _:
            value = _read_scalar(hint, data, place)
    return value


def _read_fields(cls: type, data: Any, place: str) -> Any:
    _expect(data, isinstance(data, dict), place, "an object")
    hints = _hints(cls)
    values = {
        name: _read(hint, data[name], f"{place}.{name}")
        for name, hint in hints.items()
        if name in data
    }
    try:
        return cls(**values)
    except TypeError as error:
        raise ValueError(f"{place}: {error}") from error


def _read_union(arguments: tuple[Any, ...], data: Any, place: str) -> Any:
    if data is None and types.NoneType in arguments:
        return None
    problems = []
    for argument in arguments:
        if argument is not types.NoneType:
            try:
                return _read(argument, data, place)
            except ValueError as error:
                problems.append(str(error))
    raise ValueError("; ".join(problems))


def _read_tuple(arguments: tuple[Any, ...], data: Any, place: str) -> tuple[Any, ...]:
    _expect(data, isinstance(data, list), place, "an array")
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return tuple(_read(arguments[0], item, f"{place}[{i}]") for i, item in enumerate(data))
    _expect(data, len(data) == len(arguments), place, f"an array of {len(arguments)}")
    return tuple(
        _read(hint, item, f"{place}[{i}]")
        for i, (hint, item) in enumerate(zip(arguments, data, strict=True))
    )


def _read_scalar(hint: Any, data: Any, place: str) -> Any:
    if hint is Any:
        return data
    if hint is float:
        good = isinstance(data, int | float) and not isinstance(data, bool)
        return float(_expect(data, good and abs(data) < LARGEST, place, "a number"))
    if hint is int:
        good = isinstance(data, int) and not isinstance(data, bool)
        return _expect(data, good and abs(data) < LARGEST, place, "a whole number")
    if hint is Path:
        return Path(_expect(data, isinstance(data, str), place, "a path"))
    if isinstance(hint, type) and issubclass(hint, Enum):
        try:
            return hint(data)
        except ValueError as error:
            raise ValueError(f"{place}: {error}") from error
    return _expect(data, isinstance(data, hint), place, f"a {hint.__name__}")


def _expect(data: Any, good: bool, place: str, what: str) -> Any:
    if not good:
        shown = repr(data)
        shown = shown if len(shown) <= LONGEST_SHOWN else f"{shown[:LONGEST_SHOWN]}..."
        raise ValueError(f"{place} is {shown}, should be {what}")
    return data


@functools.cache
def _hints(cls: type) -> dict[str, Any]:
    hints = typing.get_type_hints(cls)
    return {field.name: hints[field.name] for field in dataclasses.fields(cls) if field.init}
