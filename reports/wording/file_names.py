"""What a recording calls a thing, as a part of a file's name. (pure)"""

from __future__ import annotations

import re

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def file_name_part(text: str) -> str:
    """Safe in a path and in a link: a recording may come from anywhere, and say anything."""
    return _UNSAFE.sub("_", text)
