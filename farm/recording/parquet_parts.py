"""A table on disk that grows by parts while it is recorded and is one file afterwards.

    FOLDER/part-000000.parquet     a few seconds each, written, synced, renamed
    FOLDER/whole.parquet           all of them; parts beside it are leftovers and are ignored

A crash between any two steps leaves either the parts or the whole, and a reader uses one of them.
So does one that reads meanwhile: it looks for the whole, reads the parts, and looks again.
"""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, BinaryIO

import polars as pl

from farm.errors import RecordingError
from farm.recording.durable_file import (
    Replace,
    no_space,
    recording_error,
    replace_file,
    sync_folder,
)

WHOLE = "whole.parquet"
PART = "part-*.parquet"

ROW_GROUP = 5_000
"""Rows of a row group, to be skipped or read together: seconds of a few hundred probes."""

Schema = Mapping[str, pl.DataType]

Span = tuple[str, str]
"""The first and the last of some probes, by name, in lexical order."""


@dataclass(frozen=True, slots=True)
class Damage:
    """Something in a run folder that could not be read, and why; the rest was."""

    path: Path
    why: str

    def __str__(self) -> str:
        return f"{self.path}: {self.why}"


class PartWriter:
    """Writes one table, in parts. Blocking: to be used in a thread."""

    def __init__(self, folder: Path, schema: Schema, replace: Replace = replace_file) -> None:
        self._folder = folder
        self._schema = schema
        self._replace = replace
        self._parts = 0

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        """Write one more part; each row has the schema's columns in their order.

        Values of another type become null, since a page may send anything. Raises RecordingError,
        NoSpace.
        """
        path = self._folder / _part(self._parts)
        columns = zip(*rows, strict=True)
        frame = pl.DataFrame(
            [
                pl.Series(name, values, dtype=dtype, strict=False)
                for (name, dtype), values in zip(self._schema.items(), columns, strict=True)
            ]
        )
        # Through memory, since errors of Polars' own writing lack the disk's error code.
        content = io.BytesIO()
        frame.write_parquet(content, row_group_size=ROW_GROUP)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._replace(path, lambda temporary: temporary.write_bytes(content.getbuffer()))
        except OSError as error:
            raise recording_error(path, error) from error
        self._parts += 1

    def compact(self) -> None:
        """Turn the parts into one file. Raises RecordingError, NoSpace; the parts stay then."""
        if self._parts:
            compact(self._folder, self._replace)


def compact(folder: Path, replace: Replace = replace_file) -> None:
    """Turn the parts of a folder into one file; parts that a crash left behind are removed.

    Raises RecordingError, NoSpace; the parts stay then.
    """
    parts = sorted(folder.glob(PART))
    whole = folder / WHOLE
    try:
        if parts and not whole.exists():
            rows = pl.scan_parquet(parts)
            replace(whole, lambda to: rows.sink_parquet(to, row_group_size=ROW_GROUP))
        for part in parts:
            part.unlink()
        sync_folder(folder)
    except OSError as error:
        raise recording_error(whole, error) from error
    except pl.exceptions.PolarsError as error:
        # Polars does not say why; the whole would not have been larger than its parts.
        if shutil.disk_usage(folder).free < sum(part.stat().st_size for part in parts):
            raise no_space(whole) from error
        raise RecordingError(f"cannot write {whole}: {error}") from error


OpenFile = Callable[[str, int], BinaryIO]
"""Opens the file of that name in the folder of a descriptor."""


def open_file(name: str, folder: int) -> BinaryIO:
    """Open a file for reading. Raises OSError."""
    return open(name, "rb", opener=lambda name, flags: os.open(name, flags, dir_fd=folder))


def has_files(folder: Path) -> bool:
    """Whether a table has any file."""
    # In this order: the whole is there before the first part goes.
    return any(folder.glob(PART)) or (folder / WHOLE).exists()


def read_table(
    folder: Path,
    columns: Iterable[str] | None = None,
    probes: Span | None = None,
    open_file: OpenFile = open_file,
) -> tuple[pl.DataFrame | None, list[Damage]]:
    """All rows of a table in the order they were written; `None` when there are none.

    The table may be written and compacted meanwhile, and its folder renamed: rows that were there
    when the reading began are read, each once. `columns` are those wanted, of which an older
    recording may lack some; with `probes` only their row groups are read. A file that cannot be
    read is left out and reported, and so is a part that is missing between others.
    """
    wanted = None if columns is None else list(columns)

    def read(name: str) -> pl.DataFrame | Damage | None:
        try:
            with open_file(name, descriptor) as file:
                return _rows(file, wanted, probes)
        except FileNotFoundError:
            return None
        except (OSError, pl.exceptions.PolarsError) as error:
            return Damage(folder / name, str(error).splitlines()[0])

    try:
        # All is read from the folder that is there now, even if it is renamed meanwhile.
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except (FileNotFoundError, NotADirectoryError):
        return None, []
    except OSError as error:
        return None, [Damage(folder, str(error))]
    try:
        whole = read(WHOLE)
        parts: list[pl.DataFrame | Damage] = []
        if whole is None:
            for name in _part_names(os.listdir(descriptor)):  # noqa: PTH208 - of a descriptor
                rows = read(name)
                parts.append(Damage(folder / name, "is missing") if rows is None else rows)
            # Parts are removed only once the whole is there. Without a whole all parts were there
            # to be read; with one some may be missing, but it has the rows of all.
            whole = read(WHOLE)
    finally:
        os.close(descriptor)
    found = parts if whole is None else [whole]
    frames = [each for each in found if isinstance(each, pl.DataFrame)]
    damage = [each for each in found if isinstance(each, Damage)]
    return pl.concat(frames, how="diagonal_relaxed") if frames else None, damage


def _rows(file: BinaryIO, wanted: Sequence[str] | None, probes: Span | None) -> pl.DataFrame:
    frame = pl.scan_parquet(file)
    if probes is not None:
        first, last = map(pl.lit, probes)
        frame = frame.filter(pl.col("probe").is_between(first, last))
    if wanted is not None:
        present = frame.collect_schema().names()
        frame = frame.select([name for name in wanted if name in present])
    return frame.collect()


def _part_names(names: Iterable[str]) -> list[str]:
    """The names of all parts up to the last one that is listed, in order.

    A listing may lack a part that was written meanwhile, and have the one after it.
    """
    listed = {name for name in names if fnmatchcase(name, PART)}
    numbers = [number for name in listed if (number := _number(name)) is not None]
    return sorted(listed.union(_part(number) for number in range(max(numbers, default=-1))))


def _number(part: str) -> int | None:
    digits = part.removeprefix("part-").removesuffix(".parquet")
    return int(digits) if digits.isdecimal() else None


def _part(number: int) -> str:
    return f"part-{number:06d}.parquet"
