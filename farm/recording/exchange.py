"""Two paths that get each other's names in one step, where the kernel can (Linux: renameat2)."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def exchanged(one: Path, other: Path) -> bool:
    """Whether they have each other's names now; else nothing was done.

    So it is where one of them is not there, and where kernel or filesystem cannot do it.
    """
    renameat2 = getattr(ctypes.CDLL(None), "renameat2", None)
    if renameat2 is None:
        return False
    names = os.fsencode(one), os.fsencode(other)
    return bool(renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE) == 0)
