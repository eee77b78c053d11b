"""A text that may be hidden, or say what nobody expects -> what it means, or `None`, never 0."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def or_none(read: Callable[[str], T], text: str | None) -> T | None:
    """What `read` makes of a text; `None` for one that is not there or not as it should be."""
    try:
        return None if text is None else read(text)
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, struct.error):
        return None


def first_number(text: str) -> float:
    return float(text.split(maxsplit=1)[0])


def numbers(text: str) -> dict[str, int]:
    """Lines of a name and a number; a unit behind them is passed over, and so are other lines."""
    found = {}
    for line in text.split("\n"):
        name, *words = line.replace(":", " ").split() or [""]
        if words and words[0].isdecimal():
            found[name] = int(words[0])
    return found
