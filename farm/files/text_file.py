"""Reads a text file of a user: without blocking, and of a limited size."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from farm.errors import ExperimentError

MOST_BYTES = 4 * 2**20
"""The size limit; files that people write are far smaller."""


def text_of(path: Path) -> str:
    """The text of a UTF-8 file, without a byte order mark (BOM).

    Raises ExperimentError, one line that begins with the path, for anything else.
    """
    try:
        with open(path, "rb", opener=_at_once) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise _unreadable(path, "expected a file, not a pipe or a device")
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    except ValueError as error:  # a NUL in the path
        raise _unreadable(path, str(error)) from error
    if len(data) > MOST_BYTES:
        raise _unreadable(path, f"larger than {MOST_BYTES // 2**20} MiB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _unreadable(path, f"it is not UTF-8 text (line {line})") from error


def _at_once(path: str, flags: int) -> int:
    """Open without blocking, also a pipe without a writer."""
    return os.open(path, flags | os.O_NONBLOCK)


def _unreadable(path: Path, why: str) -> ExperimentError:
    return ExperimentError(f"{path}: cannot be read: {why}")
