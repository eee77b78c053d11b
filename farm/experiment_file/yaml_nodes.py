"""Reads YAML text into plain values, with the line of each.

It is stricter than the library: only `true` and `false` are booleans, only decimal digits are a
number (`1:1` is not 61, `010` is not 8, there are no dates), a key occurs once, and there are no
tags or aliases.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from farm.errors import ExperimentError
from farm.experiment_file.yaml_comments import comment_behind, comment_in_braces
from farm.model.wording import one_line

Path = tuple[str | int, ...]

_NULL = re.compile(r"^(~|null|Null|NULL|)$")
_BOOL = re.compile(r"^(true|True|TRUE|false|False|FALSE)$")
_INT = re.compile(r"^[-+]?(0|[1-9][0-9]*)$")
_FLOAT = re.compile(r"^[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?$")
DEEPEST = 32
"""The deepest nesting of collections; no file of ours has a third of it."""

LARGEST = 10**40
"""The largest number: larger ones, or infinity, break calculations."""

_PLAIN_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float", "str")}
_COLLECTION_TAGS = {"tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"}


def write_yaml(value: Any) -> str:
    """YAML text of plain values, keys in the order given, that `read_yaml` reads back."""
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True)


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML document: `value` is made of dicts, lists, strings, numbers, booleans and None.

    `lines` has the line (from 1) on which each value's key, or list item, stands. `comments` has
    what follows an unquoted value, or stands in its place, and is a comment that begins without a
    space behind its #: it may have been meant as a value, `click: #stop`. `written` has the texts
    of numbers and booleans, of which `value` does not have all: `+49`, `1.10`, `true`.
    """

    source: str
    value: Any
    lines: Mapping[Path, int]
    comments: Mapping[Path, str]
    written: Mapping[Path, str]

    def place(self, path: Path) -> str:
        """`file.yaml:12: trial.hold`, with the line that `line` returns."""
        return f"{self.source}:{self.line(path)}: {dotted(path)}".removesuffix(": ")

    def line(self, path: Path) -> int:
        """The line of a value, of its nearest parent where `path` itself is not written."""
        written = path
        while written and written not in self.lines:
            written = written[:-1]
        return self.lines.get(written, 1)

    def emptied(self, path: Path) -> str:
        """Why there is no value at `path`, as far as it is written; else nothing."""
        if path not in self.lines:
            return ""
        comment = self.comments.get(path)
        if comment is None:
            return "is empty"
        return f"is empty, as {comment} is a comment (what starts with # must be quoted)"

    def texts(self) -> Iterator[tuple[Path, str]]:
        """All texts in it, keys of mappings too, with their paths."""
        yield from _texts(self.value, ())


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, member in value.items():
            yield (*path, key), key
            yield from _texts(member, (*path, key))
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from _texts(item, (*path, at))


def dotted(path: Path) -> str:
    """A path as text: `hosts[0].cores`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def keys_of(dotted: str) -> Path:
    """The path of `hosts[0].cores`."""
    parts = re.findall(r"[^.\[\]]+", dotted)
    return tuple(int(part) if re.fullmatch("[0-9]{1,9}", part) else part for part in parts)


def read_yaml(text: str, source: str) -> Document:
    """Raises ExperimentError with file and line; `source` is the file's name in messages."""
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        why = error.problem
        comment = comment_in_braces(text[: mark.index]) if mark else None
        if comment is not None and "flow" in (error.context or ""):
            line, shown = comment
            why = f"{shown} is a comment (what starts with # must be quoted): {why}"
        elif error.context == "while scanning an alias":
            why = f"{why} (a text that starts with * must be quoted)"
        raise ExperimentError(f"{source}:{line}: not YAML: {why}") from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        what = f"character U+{error.character:04X} is not allowed"  # it is a number here
        raise ExperimentError(f"{source}:{line}: not YAML: {what}") from error
    except yaml.YAMLError as error:
        raise ExperimentError(f"{source}: not YAML: {' '.join(str(error).split())}") from error
    reading = _Reading(source, text, {}, {}, {})
    value = None if root is None else reading.value(root, ())
    return Document(source, value, reading.lines, reading.comments, reading.written)


class _Loader(yaml.SafeLoader):
    """SafeLoader that resolves no plain scalar by itself: `_scalar` below does."""

    yaml_implicit_resolvers: dict[str, list[Any]] = {}  # noqa: RUF012 - the library's attribute

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if self.check_event(yaml.AliasEvent):
            raise yaml.MarkedYAMLError(
                problem=f"alias *{event.anchor}: aliases are not taken here, write the value out",
                problem_mark=event.start_mark,
            )
        if self._depth > DEEPEST:
            raise yaml.MarkedYAMLError(
                problem=f"nested more than {DEEPEST} deep", problem_mark=event.start_mark
            )
        self._depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1


@dataclass(slots=True)
class _Reading:
    source: str
    text: str
    lines: dict[Path, int]
    comments: dict[Path, str]
    written: dict[Path, str]

    def value(self, node: yaml.Node, path: Path, indent: int | None = None) -> Any:
        """The value of a node; `indent` is the column of its key."""
        line = node.start_mark.line + 1
        self.lines.setdefault(path, line)
        if node.tag not in _PLAIN_TAGS | _COLLECTION_TAGS:
            raise ExperimentError(f"{self.source}:{line}: {dotted(path)}: no tags here: {node.tag}")
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, at)) for at, item in enumerate(node.value)]
        value = _scalar(node)
        comment = comment_behind(self.text, node, indent)
        if comment is not None:
            self.comments[path] = comment
        if isinstance(value, bool | int | float):
            self.written[path] = str(node.value)
        if isinstance(value, str) and "\0" in value:
            raise ExperimentError(f"{self.source}:{line}: {dotted(path)}: U+0000 is not allowed")
        if isinstance(value, float) and abs(value) > LARGEST:
            shown = f"{node.value[:20]}{'...' if len(node.value) > 20 else ''}"
            raise ExperimentError(
                f"{self.source}:{line}: {dotted(path)}: {shown}: larger than any number here"
            )
        return value

    def mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise ExperimentError(f"{self.source}:{line}: a key must be a word")
            key = one_line(str(key_node.value))
            at = (*path, key)
            if key in values:
                raise ExperimentError(
                    f"{self.source}:{line}: {dotted(at)}: the key occurs twice, "
                    f"first on line {self.lines[at]}"
                )
            self.lines[at] = line
            values[key] = self.value(value_node, at, key_node.start_mark.column)
        return values


def _scalar(node: yaml.Node) -> str | int | float | bool | None:
    text = str(node.value)
    quoted = isinstance(node, yaml.ScalarNode) and node.style is not None
    value: str | int | float | bool | None = text
    if quoted:
        return value
    if _NULL.match(text):
        value = None
    elif _BOOL.match(text):
        value = text.lower() == "true"
    elif _INT.match(text) and abs(float(text)) <= LARGEST:
        value = int(text)
    elif _FLOAT.match(text):
        value = float(text)
    return value
