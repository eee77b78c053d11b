"""The cache of prepared media files: named by what they are made of, written once, whole or not."""

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
    """What a file is made of, as 16 hexadecimal digits: its settings and the code that makes it."""
    code = code_of(*made_by)
    digest = hashlib.sha256(json.dumps({**settings, "code": code}, sort_keys=True).encode())
    return digest.hexdigest()[:16]


def code_of(*names: str) -> str:
    """The code in these files of this folder, as 16 hexadecimal digits: another text has others."""
    digest = hashlib.sha256()
    for name in names:
        digest.update(importlib.resources.files("farm.media").joinpath(name).read_bytes())
    return digest.hexdigest()[:16]


def content_of(path: Path) -> str:
    """The content of a file, as its SHA-256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def made_once(path: Path, write: Callable[[IO[bytes]], object]) -> Path:
    """The file, written now unless it is there; it appears when it is complete."""
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
    """Raises BadInput where clips cannot be written there."""
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
