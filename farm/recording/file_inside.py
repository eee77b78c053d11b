"""Opens files of a recording without following links, since recordings may be untrusted."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_FILE = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW  # to open a pipe does not block


def open_inside(folder: Path, path: Path) -> BinaryIO:
    """Open the regular file at `path`, which is below `folder`, for reading.

    `folder` may be reached by links; below it no link and no `..` is followed. Raises OSError.
    """
    *folders, name = path.relative_to(folder).parts
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for each in folders:
            below = _opened(each, _FOLDER, descriptor, path)
            os.close(descriptor)
            descriptor = below
        file = _opened(name, _FILE, descriptor, path)
    finally:
        os.close(descriptor)
    return os.fdopen(file, "rb")


def _opened(name: str, flags: int, folder: int, path: Path) -> int:
    wanted = stat.S_ISDIR if flags & os.O_DIRECTORY else stat.S_ISREG
    mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    if name == ".." or not wanted(mode):
        raise OSError(errno.ELOOP, "not read: it is a link, or not a regular file", str(path))
    return os.open(name, flags, dir_fd=folder)
