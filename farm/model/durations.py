"""Durations and sizes as an experiment file writes them."""

from __future__ import annotations

import re
from decimal import Decimal

from farm.model.setting import Size

DURATION_PATTERN = r"^[0-9]+(\.[0-9]+)?(ms|s|m|h)$"
DURATION_EXPECTED = "a duration such as 30s, 4m or 3h"
SIZE_PATTERN = r"^[1-9][0-9]{1,3}x[1-9][0-9]{1,3}$"
SIZE_EXPECTED = "a size such as 640x480"

LONGEST_S = 87_600 * 3600.0
"""Ten years: longer than anything here lasts, and short enough for arithmetic with dates."""

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def parse_duration_s(text: str) -> float:
    """`500ms`, `30s`, `4m`, `1.5h` in seconds. Raises ValueError."""
    if not re.fullmatch(DURATION_PATTERN, text):
        raise ValueError(f"{text.strip()}: expected {DURATION_EXPECTED}")
    unit = "ms" if text.endswith("ms") else text[-1]
    number = float(text.removesuffix(unit))
    seconds = number / 1000 if unit == "ms" else number * _SECONDS[unit]
    if seconds > LONGEST_S:
        shown = text if len(text) <= 20 else f"{text[:20]}..."
        raise ValueError(f"{shown}: expected {format_duration(LONGEST_S)} or less")
    return seconds


def format_duration(seconds: float) -> str:
    """The shortest text that parses back to the same number."""
    for unit in ("h", "m"):
        count = seconds / _SECONDS[unit]
        if count >= 1 and count == int(count):
            return f"{int(count)}{unit}"
    if seconds == int(seconds):
        return f"{int(seconds)}s"
    milliseconds = round(seconds * 1000)
    if milliseconds / 1000 == seconds:
        return f"{milliseconds}ms"
    return f"{Decimal(repr(seconds)):f}s"


def parse_size(text: str) -> Size:
    """`640x480`. Raises ValueError."""
    if not re.fullmatch(SIZE_PATTERN, text):
        raise ValueError(f"{text.strip()}: expected {SIZE_EXPECTED}")
    width, height = text.split("x")
    return Size(int(width), int(height))
