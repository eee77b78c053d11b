"""The version of this farm and a digest of its code.

Machines of one run exchange values as Python pickles, which is safe only between equal code.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable

from farm import __version__

PACKAGES = ("farm", "browser_scripts")
CODE = (".py", ".js", ".yaml", ".sh")


@functools.cache
def own_code() -> str:
    """`0.1.0 (3f9a2c1b)`: the same wherever the same code is installed."""
    digest = hashlib.sha256()
    for package in PACKAGES:
        for name, data in _sources(files(package), package):
            digest.update(f"{name} {len(data)}\n".encode())
            digest.update(data)
    return f"{__version__} ({digest.hexdigest()[:8]})"


def _sources(folder: Traversable, path: str) -> Iterator[tuple[str, bytes]]:
    for entry in sorted(folder.iterdir(), key=lambda each: each.name):
        name = f"{path}/{entry.name}"
        if entry.is_dir():
            yield from _sources(entry, name)
        elif entry.name.endswith(CODE):
            yield name, entry.read_bytes()
