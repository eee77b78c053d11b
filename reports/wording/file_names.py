"""Names from a recording, made safe as parts of file names. Pure."""

from __future__ import annotations

import re

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def file_name_part(text: str) -> str:
    """`text` with what is unsafe in a path or link replaced; a recording may hold any text."""
    return _UNSAFE.sub("_", text)
