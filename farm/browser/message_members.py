"""Members of a page's message by type; one of another type counts as unknown.

Pure; a page may send anything, and nothing of it raises.
"""

from __future__ import annotations

from typing import Any

from farm.model.webrtc_stats import MediaKind

LONGEST_TEXT = 500
_MOST = 2**63


def number(value: Any) -> int | float | None:
    """A finite number that fits into 64 bits; any other is unknown."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if -_MOST <= value < _MOST else None


def seconds(ms: Any) -> float | None:
    found = number(ms)
    return None if found is None else found / 1000


def text(value: Any) -> str:
    """At most `LONGEST_TEXT` characters, without lone surrogates, which files cannot hold."""
    if not isinstance(value, str):
        return ""
    return value[:LONGEST_TEXT].encode(errors="replace").decode()


def media_kind(value: Any) -> MediaKind | None:
    match value:
        case "audio":
            return "audio"
        case "video":
            return "video"
        case _:
            return None
