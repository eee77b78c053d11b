"""Exchanges the names of two paths in one step, where the kernel can (Linux: renameat2)."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def exchanged(one: Path, other: Path) -> bool:
    """Exchange the names of two paths; False, and nothing done, where that is not possible.

    That is where one of them is missing, and where the kernel or the filesystem cannot do it.
    """
    renameat2 = getattr(ctypes.CDLL(None), "renameat2", None)
    if renameat2 is None:
        return False
    names = os.fsencode(one), os.fsencode(other)
    return bool(renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE) == 0)
