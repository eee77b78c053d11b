"""The cache of prepared media files: named by settings and code, each written once, in one step."""

from __future__ import annotations

import errno
import hashlib
import importlib.resources
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from farm.errors import BadInput, NoSpace


def key_of(made_by: tuple[str, ...], **settings: object) -> str:
    """The key of a file: a hash of its settings and its code, as 16 hexadecimal digits."""
    code = code_of(*made_by)
    digest = hashlib.sha256(json.dumps({**settings, "code": code}, sort_keys=True).encode())
    return digest.hexdigest()[:16]


def code_of(*names: str) -> str:
    """A hash of the code in these files of this folder, as 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for name in names:
        digest.update(importlib.resources.files("farm.media").joinpath(name).read_bytes())
    return digest.hexdigest()[:16]


def content_of(path: Path) -> str:
    """The SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def made_once(path: Path, write: Callable[[IO[bytes]], object]) -> Path:
    """Write the file unless it is there; it appears when it is complete."""
    if path.exists():
        return path
    make_folder(path.parent)
    try:
        with _renamed_when_complete(path) as out:
            write(out)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise NoSpace(f"no space for clips in {path.parent}") from error
        raise BadInput(f"clips cannot be written to {path.parent}: {error.strerror}") from error
    return path


def make_folder(cache: Path) -> None:
    """Make the folder of the cache. Raises BadInput where clips cannot be written there."""
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"clips cannot be written to {cache}: {error.strerror}") from error
    if not os.access(cache, os.W_OK | os.X_OK):
        raise BadInput(f"clips cannot be written to {cache}: no permission")


@contextmanager
def _renamed_when_complete(path: Path) -> Iterator[IO[bytes]]:
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as out:
        part = Path(out.name)
        try:
            yield out
            out.flush()
            part.chmod(0o644)
            part.rename(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
