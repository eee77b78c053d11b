"""A path that a file names: from the folder of that file, wherever one stands."""

from __future__ import annotations

from pathlib import Path

from farm.errors import ExperimentError


def path_beside(folder: Path, name: str | Path) -> Path:
    """`name` made absolute: `~` and `~user` are homes, what is relative is from `folder`.

    No link is followed: what lies beside one (a key's `.pub`) is looked for there. Raises
    ExperimentError for the home of nobody.
    """
    try:
        return folder.absolute() / Path(name).expanduser()
    except RuntimeError as error:
        raise ExperimentError(f"{name}: there is no such home") from error


def is_there(path: Path) -> bool:
    """Whether anything is. Raises ExperimentError, one line that begins with the path, where that
    cannot be told: a folder that may not be looked into, a name that is too long."""
    try:
        return path.exists()
    except OSError as error:
        raise ExperimentError(f"{path}: cannot be read: {error.strerror}") from error
