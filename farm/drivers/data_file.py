"""Reads a file of a user's own values (`app.data`), CSV with a header.

Messages name file, line and column; never a value, and no name of the header that is none.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Sequence
from pathlib import Path

from farm.drivers.steps import TAKEN
from farm.errors import ExperimentError
from farm.files.text_file import text_of
from farm.model.data_file import DataFile, DataRow
from farm.model.wording import counted

SETTING = "app.data"
ROLE, SESSION = "role", "session"
"""Columns that say for which probes a row is, in the place of being variables of their own."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")


def read_data_file(path: Path) -> DataFile:
    """Raises ExperimentError that begins with the setting and names file and line."""
    try:
        text = text_of(path)
    except ExperimentError as error:
        raise ExperimentError(f"{SETTING}: {error}") from error
    lines = _lines(path, text)
    if not lines:
        raise _wrong(path, 1, "nothing in it: expected a line with the names of its columns")
    (at, header), *cells = lines
    names = [name.strip() for name in header]
    _check_header(path, at, names)
    rows = tuple(_row(path, line, names, given) for line, given in cells)
    if not rows:
        raise _wrong(path, at, "a header and no rows: expected a row for each probe")
    return DataFile(
        path,
        tuple(name for name in names if name not in (ROLE, SESSION)),
        rows,
        hashlib.sha256(text.encode()).hexdigest(),
        has_roles=ROLE in names,
        has_sessions=SESSION in names,
    )


def _lines(path: Path, text: str) -> list[tuple[int, list[str]]]:
    """The cells of each line that is not empty, with the line on which they begin."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, skipinitialspace=True)
    lines, begins = [], 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                lines.append((begins, cells))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise _wrong(path, max(1, reader.line_num), f"not CSV: {error}") from error
    return lines


def _check_header(path: Path, line: int, names: Sequence[str]) -> None:
    for at, name in enumerate(names, start=1):
        if not _NAME.fullmatch(name):
            one = ", with commas between them" if len(names) == 1 else ""
            raise _wrong(
                path,
                line,
                f"column {at}: not a variable's name: expected a header of names of small letters, "
                f"digits and _, such as user_name{one}",
            )
        if name in TAKEN and name not in (ROLE, SESSION):
            raise _wrong(path, line, f"{name}: a variable of the farm's own: expected another name")
        if name in names[: at - 1]:
            raise _wrong(path, line, f"column {at}: {name}: it occurs twice")


def _row(path: Path, line: int, names: Sequence[str], cells: Sequence[str]) -> DataRow:
    if len(cells) != len(names):
        found = counted(len(cells), "cell")
        raise _wrong(path, line, f"{found}: expected {len(names)}, as in the header")
    values = dict(zip(names, cells, strict=True))
    role, session = values.pop(ROLE, None), values.pop(SESSION, None)
    for name, cell in ((ROLE, role), (SESSION, session)):
        if cell is not None and not cell.strip():
            raise _wrong(
                path, line, f"{name}: nothing: expected one in each row, or no such column"
            )
    return DataRow(line, values, role and role.strip(), session and session.strip())


def _wrong(path: Path, line: int, complaint: str) -> ExperimentError:
    return ExperimentError(f"{SETTING}: {path}:{line}: {complaint}")
