"""Opens a recorded run that the command line names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from farm.bench.recorded_run import RecordedRun
from farm.errors import BadInput, InUse, RecordingError
from farm.files.file_lock import FileLock
from farm.model.experiment import OutputSettings


def run_path(text: str) -> Path:
    """The folder of a run that the command line names by its path, or its name in `runs` here."""
    path = Path(text)
    beside = OutputSettings().directory / path
    with suppress(OSError):  # a name that is too long
        if path.name == str(path) and not path.exists() and beside.is_dir():
            return beside
    return path


def recorded_run(path: Path, option: str) -> RecordedRun:
    """The run in a folder. Raises BadInput naming `option` when it cannot be read."""
    try:
        return RecordedRun.open(path)
    except RecordingError as error:
        raise BadInput(f"{option}: {error}") from error


def baseline_run(path: Path) -> RecordedRun:
    """A run that has a `baseline`. Raises BadInput."""
    run = recorded_run(path, "--baseline")
    if run.baseline is None:
        raise BadInput(f"--baseline: {path}: no trial of that run passed, or they do not agree")
    return run


@contextmanager
def unfinished_run(path: Path, *, watch: bool) -> Iterator[tuple[RecordedRun, FileLock]]:
    """The unfinished run that `--resume` names, a watch or not, with its lock held.

    Raises BadInput where the run cannot be resumed, or another process writes it.
    """
    folder = _unfinished(path, watch=watch).folder  # only such a run gets a lock file
    try:
        lock = folder.taken()
    except InUse as error:
        raise BadInput(f"--resume: {error}") from error
    with lock:
        # Read again: another process may have finished it before it released the lock.
        yield _unfinished(path, watch=watch), lock


def _unfinished(path: Path, *, watch: bool) -> RecordedRun:
    run = recorded_run(path, "--resume")
    if run.summary is not None:
        raise BadInput(f"--resume: {path}: that run is complete, nothing is left to do")
    if watch and not run.is_watch:
        raise BadInput(f"--resume: {path}: that run is not a watch: use farm size --resume")
    if run.is_watch and not watch:
        raise BadInput(f"--resume: {path}: that run is a watch: farm watch --resume")
    return run
