"""Removes old runs."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from farm.errors import InUse, RecordingError
from farm.recording.run_folder import RunFolder
from farm.recording.run_list import RunEntry, list_runs, runs_before, runs_set_aside

Remove = Callable[[Path], object]
"""The type of `shutil.rmtree`; tests hand in one that fails."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """The runs that were removed; `kept` are those under way, with the process that writes each."""

    removed: list[RunEntry]
    kept: list[InUse]


def prune_runs(
    directory: Path, older_than: timedelta, now: datetime, remove: Remove = shutil.rmtree
) -> Pruned:
    """Remove the runs that began longer ago than that, except those under way.

    Leftovers of an earlier removal that was interrupted are removed, too. Raises RecordingError at
    the first that cannot be removed.
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
            if folder.path.exists():  # else another farm has removed it
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
