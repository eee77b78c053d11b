"""Resolves a path that a file names from the folder of that file."""

from __future__ import annotations

from pathlib import Path

from farm.errors import ExperimentError


def path_beside(folder: Path, name: str | Path) -> Path:
    """`name` as an absolute path: `~` and `~user` are homes, relative paths start at `folder`.

    No link is followed, so that a file beside it (a key's `.pub`) is found. Raises ExperimentError
    for the home of an unknown user.
    """
    try:
        return folder.absolute() / Path(name).expanduser()
    except RuntimeError as error:
        raise ExperimentError(f"{name}: there is no such home") from error


def is_there(path: Path) -> bool:
    """Whether the path exists. Raises ExperimentError, one line that begins with the path, if
    that is unknown: a folder that may not be read, a name that is too long."""
    try:
        return path.exists()
    except OSError as error:
        raise ExperimentError(f"{path}: cannot be read: {error.strerror}") from error
