"""A path that a file names: from the folder of that file, wherever one stands."""

from __future__ import annotations

from pathlib import Path

from farm.errors import BadExperiment


def path_beside(folder: Path, name: str | Path) -> Path:
    """`name` made absolute: `~` and `~user` are homes, what is relative is from `folder`.

    No link is followed: what lies beside one (a key's `.pub`) is looked for there. Raises
    BadExperiment for the home of nobody.
    """
    try:
        return folder.absolute() / Path(name).expanduser()
    except RuntimeError as error:
        raise BadExperiment(f"{name}: there is no such home") from error
