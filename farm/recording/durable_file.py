"""Writes files and folders atomically: they are complete or absent, also after a power cut."""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from farm.errors import NoSpace, RecordingError
from farm.recording.exchange import exchanged

TEMPORARY = ".tmp"
"""Suffix of a file that is being written; such a file that a crash leaves is to be deleted."""

_NAME_BESIDE = re.compile(rf".+\.[0-9a-f]{{8}}{re.escape(TEMPORARY)}")

KEPT_S = 86_400.0
"""Older temporary files are swept: no file, and no report, takes as long to be written."""

Fill = Callable[[Path], object]
Replace = Callable[[Path, Fill], None]
"""The type of `replace_file`; tests hand in one whose disk is full."""


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """A temporary name beside `path`, whose file replaces the one at `path` when the body ends.

    Several may do so at once; the last one's file stays. Nothing is left behind where the body
    raises; `sweep` removes what a process that was killed left.
    """
    temporary = _name_beside(path)
    try:
        yield temporary
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def folder_beside(path: Path) -> Iterator[Path]:
    """A new empty folder beside `path`, which replaces the one at `path` when the body ends.

    Where that cannot be done in one step (`exchanged`), there is none at `path` for a moment.
    """
    sweep(path.parent)
    temporary = _name_beside(path)
    temporary.mkdir()
    replaced: list[Path] = []
    try:
        yield temporary
        while not (_moved(temporary, path) or exchanged(temporary, path)):
            aside = _name_beside(path)
            with suppress(FileNotFoundError):  # another process moved it away
                path.rename(aside)
                replaced.append(aside)
    finally:
        for folder in (temporary, *replaced):
            shutil.rmtree(folder, ignore_errors=True)


def sweep(folder: Path) -> None:
    """Remove what writers that were killed left in `folder` a day ago or longer.

    It lists the folder: to be called once for all the files that are to be written there.
    """
    for path in folder.glob(f"*{TEMPORARY}"):
        if _NAME_BESIDE.fullmatch(path.name) and _is_old(path):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                with suppress(OSError):
                    path.unlink()


def replace_file(path: Path, fill: Fill) -> None:
    """Let `fill` write a file, then put it at `path` in one step.

    When this returns the file survives a power cut; until then `path` is what it was before. Errors
    of `fill` are passed on, and nothing is left behind.
    """
    with beside(path) as temporary:
        fill(temporary)
        _sync(temporary)
    sync_folder(path.parent)


def write_text(path: Path, text: str, replace: Replace = replace_file) -> None:
    """Put `text` (UTF-8) at `path` in one step. Raises RecordingError, NoSpace."""
    try:
        replace(path, lambda temporary: temporary.write_bytes(text.encode(errors="replace")))
    except OSError as error:
        raise recording_error(path, error) from error


def sync_folder(folder: Path) -> None:
    """Make renames and removals in `folder` survive a power cut."""
    _sync(folder)


def recording_error(path: Path, error: OSError) -> RecordingError:
    """The RecordingError for `error`, met while writing `path`: NoSpace if the disk is full."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return no_space(path)
    return RecordingError(f"cannot write {path}: {error.strerror or error}")


def no_space(path: Path) -> NoSpace:
    """The error of a full disk, met while writing `path`."""
    return NoSpace(f"the disk is full at {path}; what was written before stays readable")


def _name_beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.{secrets.token_hex(4)}{TEMPORARY}")


def _is_old(path: Path) -> bool:
    try:
        return time.time() - path.lstat().st_mtime > KEPT_S
    except FileNotFoundError:
        return False


def _moved(folder: Path, to: Path) -> bool:
    """Rename the folder; False, and nothing done, if another one has that name."""
    try:
        folder.rename(to)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            return False
        raise
    return True


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
