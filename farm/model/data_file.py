"""A file of a user's own values: a row a probe, its columns are variables of a driver. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class DataRow:
    """One row; `role` and `session` are its cells of these columns, `None` without such a column.

    `line` is its line in the file. Its values are secrets.
    """

    line: int
    values: Mapping[str, str] = field(repr=False)
    role: str | None = None
    session: str | None = None


@dataclass(frozen=True, slots=True)
class DataFacts:
    """What is recorded of a data file: its values are not."""

    file: str
    columns: tuple[str, ...]
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class DataFile:
    """All rows of a file; `columns` are those that are variables."""

    path: Path
    columns: tuple[str, ...]
    rows: tuple[DataRow, ...]
    sha256: str
    has_roles: bool
    has_sessions: bool

    def facts(self) -> DataFacts:
        return DataFacts(self.path.name, self.columns, len(self.rows), self.sha256)
