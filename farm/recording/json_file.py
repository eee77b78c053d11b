"""Reads a JSON file of a recording, which may be damaged or untrusted."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

from farm.model.json_values import from_text

_AT_ONCE = os.O_RDONLY | os.O_NONBLOCK  # to open a pipe does not block


def bytes_of(path: Path) -> bytes:
    """The content of a regular file. Raises OSError."""
    with open(path, "rb", opener=lambda name, _flags: os.open(name, _AT_ONCE)) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(f"{path} is not a regular file")
        return file.read()


def read_json(path: Path) -> Any:
    """The value in a file. Raises OSError, and ValueError if it is not JSON."""
    return from_text(bytes_of(path))
