"""Files that are whole or absent, whatever happens to the machine."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

from farm.errors import NoSpace, RecordingError

TEMPORARY = ".tmp"
"""Suffix of a file that is being written; what carries it after a crash is rubbish."""

Fill = Callable[[Path], object]
Replace = Callable[[Path, Fill], None]
"""The shape of `replace_file`; tests hand in one whose disk is full."""


def replace_file(path: Path, fill: Fill) -> None:
    """Let `fill` write a file, then put it at `path` in one step.

    When this returns the file survives a power cut; until then `path` is what it was before.
    Whatever `fill` raises comes through, and nothing is left behind.
    """
    temporary = path.with_name(path.name + TEMPORARY)
    try:
        fill(temporary)
        _sync(temporary)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_text(path: Path, text: str, replace: Replace = replace_file) -> None:
    """Put `text` (UTF-8) at `path` in one step. Raises RecordingError, NoSpace."""
    try:
        replace(path, lambda temporary: temporary.write_bytes(text.encode()))
    except OSError as error:
        raise recording_error(path, error) from error


def sync_folder(folder: Path) -> None:
    """Make renames and removals in `folder` survive a power cut."""
    _sync(folder)


def recording_error(path: Path, error: OSError) -> RecordingError:
    """`error`, met while writing `path`, as one of ours: NoSpace where that is what it says."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return no_space(path)
    return RecordingError(f"cannot write {path}: {error.strerror or error}")


def no_space(path: Path) -> NoSpace:
    """The disk is full, met while writing `path`."""
    return NoSpace(f"the disk is full at {path}; what was written before stays readable")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
