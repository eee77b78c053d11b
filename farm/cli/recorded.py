"""A run that the command line names."""

from __future__ import annotations

from pathlib import Path

from farm.errors import BadInput, RecordingError
from farm.recording.reader import RunReader


def recorded_run(path: Path, option: str) -> RunReader:
    """Raises BadInput naming `option` when there is no run that can be read."""
    try:
        return RunReader.open(path)
    except RecordingError as error:
        raise BadInput(f"{option}: {error}") from error
