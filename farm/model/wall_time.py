"""Converts times of the wall clock to dates. Pure."""

from __future__ import annotations

from datetime import UTC, datetime


def utc(wall_s: float) -> datetime | None:
    """The date of a wall clock's seconds; None for an invalid number (in a damaged file: 1e999)."""
    try:
        return datetime.fromtimestamp(wall_s, UTC)
    except (OverflowError, OSError, ValueError):
        return None
