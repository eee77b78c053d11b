"""A value of a driver file with its place: what it must be, or an error of one line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from farm.drivers.steps import APP_URL, unknown_variables
from farm.errors import ExperimentError
from farm.experiment_file.yaml_nodes import Document
from farm.files.path_beside import is_there
from farm.files.text_file import text_of
from farm.model.durations import DURATION_EXPECTED, parse_duration_s
from farm.model.template_text import template_of

NO_FILE = "no such file beside the driver"
_ADDRESS = re.compile(rf"{re.escape(APP_URL)}|[A-Za-z][A-Za-z0-9+.-]*:")

MOST_FILE_BYTES = 50 * 2**20
"""The size of a file that Playwright puts into a file input."""


@dataclass(frozen=True, slots=True)
class Given:
    """A value in a driver file; `None`: it is not there.

    `folder` is the driver's, `own` are variables of the user's own, `more` those of the `repeat`s
    around it, and what `http` steps before it saved. Each method raises ExperimentError with
    `file:line: key` for a value that is not what it returns.
    """

    document: Document
    folder: Path
    at: tuple[str | int, ...] = ()
    value: Any = None
    own: tuple[str, ...] = ()
    more: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """`FILE:LINE`."""
        return f"{self.document.source}:{self.document.line(self.at)}"

    def wrong(self, complaint: str) -> ExperimentError:
        return ExperimentError(f"{self.document.place(self.at)}: {complaint}")

    def must_be(self, expected: str) -> ExperimentError:
        what = self.emptied if self.value is None else f"{self.value!r}: "
        return self.wrong(f"{what}must be {expected}")

    @property
    def emptied(self) -> str:
        """`is empty: ` for a value that is written, but empty; else nothing."""
        why = self.document.emptied(self.at) if self.value is None else ""
        return f"{why}: " if why else ""

    def mapping(self, known: Sequence[str], expected: str) -> dict[str, Given]:
        """The members of a mapping, whose keys are all `known`."""
        members = self.members()
        if members is None:
            raise self.wrong(f"{self.emptied}must be {expected}")
        for key, member in members.items():
            if key not in known:
                raise member.wrong(f"unknown key{suggestion(key, known)}")
        return members

    def members(self) -> dict[str, Given] | None:
        """The members of a mapping of any keys; `None`: it is no mapping."""
        if not isinstance(self.value, dict):
            return None
        return {key: self._inner(key, value) for key, value in self.value.items()}

    def member(self, key: str) -> Given:
        """A member of a mapping, also one that is not there."""
        return self._inner(key, self.value.get(key))

    def items(self, expected: str) -> list[Given]:
        """The items of a list; none where it is not there."""
        if self.value is None:
            return []
        if not isinstance(self.value, list):
            raise self.wrong(f"must be {expected}")
        return [self._inner(index, value) for index, value in enumerate(self.value)]

    def knowing(self, *variables: str) -> Given:
        """The same value, whose templates may name these variables, too."""
        return replace(self, more=(*self.more, *variables))

    def template(self, expected: str) -> str:
        """A text, not empty, whose variables are all known."""
        if not isinstance(self.value, str) or not self.value.strip():
            raise self._no_text(expected)
        return self.checked(self.value)

    def _no_text(self, expected: str) -> ExperimentError:
        match self.value:
            case dict():
                what = "is a mapping (a text that starts with { must be quoted)"
            case list():
                what = "is a list (a text that starts with [ must be quoted)"
            case _:
                return self.must_be(expected)
        return self.wrong(f"{what}: must be {expected}")

    def address(self) -> str:
        """An address, or a template of one that begins with the app's."""
        expected = 'an address, such as "{app_url}call?session={session}"'
        url = self.template(expected)
        if not _ADDRESS.match(url):
            raise self.must_be(expected)
        return url

    def text(self) -> str:
        """Any scalar as a template, as it is written: `fill: {"#rate": 1.10}` means the text
        `1.10`, nothing means ``."""
        if isinstance(self.value, str):
            return self.checked(self.value)
        if isinstance(self.value, dict | list):
            raise self._no_text("text")
        self.not_a_comment()
        return "" if self.value is None else self.document.written.get(self.at, str(self.value))

    def not_a_comment(self) -> None:
        """Refuse an empty value in whose place a comment stands, `"#room": #1`."""
        if self.value is None and self.at in self.document.comments:
            raise self.must_be('text, "" for none')

    def number(self, expected: str) -> str:
        """A whole number from 1 on, or a template of one, as text."""
        if isinstance(self.value, str) and "{" in self.value:
            return self.checked(self.value)
        if isinstance(self.value, bool) or not isinstance(self.value, int) or self.value < 1:
            raise self.must_be(expected)
        return str(self.value)

    def true(self) -> None:
        if self.value is not True:
            raise self.must_be("true")

    def duration_s(self, *, from_0: bool = False) -> float:
        """Seconds, longer than 0."""
        if self.value is None:
            raise self.must_be(DURATION_EXPECTED)
        try:
            duration_s = parse_duration_s(
                self.value if isinstance(self.value, str) else repr(self.value)
            )
        except ValueError as error:
            raise self.wrong(str(error)) from error
        if duration_s <= 0 and not from_0:
            raise self.wrong(f"{self.value}: must be longer than 0, {DURATION_EXPECTED}")
        return duration_s

    def text_of_file(self, expected: str) -> str:
        """The text of a file beside the driver."""
        path = self._path(expected)
        try:
            text = text_of(path) if is_there(path) else None
        except ExperimentError as error:
            raise self.wrong(str(error)) from error
        if text is None:
            raise self.wrong(f"{self.value}: {NO_FILE}")
        return text

    def bytes_of_file(self, expected: str) -> bytes:
        """The content of a file beside the driver."""
        path = self._path(expected)
        try:
            if not path.is_file():
                raise self.wrong(f"{self.value}: {NO_FILE}")
            if path.stat().st_size > MOST_FILE_BYTES:
                raise self.wrong(f"{self.value}: larger than {MOST_FILE_BYTES // 2**20} MiB")
            return path.read_bytes()
        except OSError as error:
            raise self.wrong(f"{path}: cannot be read: {error.strerror}") from error

    def _path(self, expected: str) -> Path:
        if not isinstance(self.value, str) or not self.value:
            raise self.must_be(expected)
        return self.folder / self.value

    def _inner(self, key: str | int, value: Any) -> Given:
        return replace(self, at=(*self.at, key), value=value)

    def checked(self, text: str) -> str:
        """`text` as a template whose variables are all known."""
        template = template_of(text)
        for complaint in unknown_variables(template, (*self.own, *self.more)):
            raise self.wrong(complaint)
        return template


def suggestion(word: str, known: Sequence[str] | Mapping[str, Any]) -> str:
    """`: did you mean click?`, or what there is."""
    near = get_close_matches(word, known, 1)
    return f": did you mean {near[0]}?" if near else f"; there is {', '.join(known)}"
