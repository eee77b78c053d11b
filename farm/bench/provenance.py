"""The versions of the software that made a run."""

from __future__ import annotations

import platform
import subprocess
from importlib import metadata
from pathlib import Path

from farm import __version__

LIBRARIES = ("playwright", "aiortc", "paramiko", "polars", "matplotlib", "numpy")


def versions() -> dict[str, str]:
    """Versions of the farm, Python and the libraries that a result may depend on."""
    return {
        "farm": __version__,
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in LIBRARIES},
    }


def commit() -> str | None:
    """The commit of the checkout that this code runs from, `-dirty` with changes, if it is one."""
    here = Path(__file__)
    try:
        # The farm may be installed inside the checkout of another project.
        _git(here.parent, "ls-files", "--error-unmatch", here.name)
        return _git(here.parent, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")
    except (OSError, subprocess.SubprocessError):
        return None


def _git(directory: Path, *words: str) -> str:
    return subprocess.run(
        ["git", *words], cwd=directory, capture_output=True, text=True, timeout=10, check=True
    ).stdout.strip()
