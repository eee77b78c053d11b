"""Parses texts that may be missing or malformed: a value or `None`, never a default of 0."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def or_none(read: Callable[[str], T], text: str | None) -> T | None:
    """`read` of a text; `None` if the text is missing or malformed."""
    try:
        return None if text is None else read(text)
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, struct.error):
        return None


def first_number(text: str) -> float:
    return float(text.split(maxsplit=1)[0])


def numbers(text: str) -> dict[str, int]:
    """Lines of a name and a number; units and other lines are ignored."""
    by_name = {}
    for line in text.split("\n"):
        name, *words = line.replace(":", " ").split() or [""]
        if words and words[0].isdecimal():
            by_name[name] = int(words[0])
    return by_name
