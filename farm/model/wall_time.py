"""Times of the wall clock as dates. Pure."""

from __future__ import annotations

from datetime import UTC, datetime


def utc(wall_s: float) -> datetime | None:
    """The date of a wall clock's seconds; None for what is none (of a damaged file: 1e999)."""
    try:
        return datetime.fromtimestamp(wall_s, UTC)
    except (OverflowError, OSError, ValueError):
        return None
