"""Removes the runs that are old enough to go."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from farm.errors import InUse, RecordingError
from farm.recording.folder import RunFolder
from farm.recording.run_list import RunEntry, list_runs, runs_before, runs_set_aside

Remove = Callable[[Path], object]
"""The shape of `shutil.rmtree`; tests hand in one that may not."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """`kept` are those under way: which, and who writes each."""

    removed: list[RunEntry]
    kept: list[InUse]


def prune_runs(
    directory: Path, older_than: timedelta, now: datetime, remove: Remove = shutil.rmtree
) -> Pruned:
    """Remove the runs that began longer ago than that, but for those under way.

    What an earlier removal that broke off left behind goes as well. Raises RecordingError at the
    first that cannot be removed.
    """
    pruned = Pruned([], [])
    for entry in runs_before(list_runs(directory), now - older_than):
        folder = RunFolder(entry.path)
        try:
            with folder.taken():
                aside = folder.set_aside()
        except InUse as error:
            pruned.kept.append(error)
        except (OSError, RecordingError) as error:
            if folder.path.exists():  # else another farm was quicker
                raise RecordingError(f"cannot remove {entry.path}: {error}") from error
        else:
            _remove(aside, remove)
            pruned.removed.append(entry)
    for left in runs_set_aside(directory):
        _remove(left, remove)
    return pruned


def _remove(aside: Path, remove: Remove) -> None:
    """Remove a run that was set aside. Raises RecordingError."""
    try:
        while aside.exists():
            with suppress(FileNotFoundError):  # another farm removes it, too
                remove(aside)
    except OSError as error:
        raise RecordingError(f"cannot remove {aside}: {error}") from error
