"""A run that the command line names."""

from __future__ import annotations

from pathlib import Path

from farm.errors import BadInput, RecordingError
from farm.recording.reader import RunReader

WATCH = "watch"
"""What the journal of a watch says before its first trial."""


def is_watch(run: RunReader) -> bool:
    """Whether `farm watch` made this run."""
    return any(entry.kind == WATCH for entry in run.journal)


def recorded_run(path: Path, option: str) -> RunReader:
    """Raises BadInput naming `option` when there is no run that can be read."""
    try:
        return RunReader.open(path)
    except RecordingError as error:
        raise BadInput(f"{option}: {error}") from error
