"""Formats numbers for sentences, and texts as one line. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable

from farm.model.session_roles import SERVER

UNKNOWN = "unknown"


def percent(share: float | None) -> str:
    """A share (0 to 1) in percent, to three digits: `17.2 %`, `0.04 %`; what is not 0 is never
    called 0."""
    if share is None or not math.isfinite(share):
        return UNKNOWN
    shown = share * 100
    if 0 < shown < 0.0001:
        return "less than 0.0001 %"
    return f"{shown:.3g} %" if shown < 999.5 else f"{shown:,.0f} %"


def counted(number: int, noun: str) -> str:
    """`1 call`, `2 calls`, `10,000 calls`."""
    return f"{number:,} {plural(number, noun)}"


def plural(number: float, noun: str) -> str:
    """The noun as it stands behind a number: `1 core`, `1.5 cores`."""
    return noun if number == 1 else f"{noun}s"


def one_of(senders: Iterable[str]) -> str:
    """Whom a stream comes from, or may come from: `p001`, `p001 or p002`, `the server`."""
    return " or ".join("the server" if each == SERVER else each for each in senders)


def within_limit(within_s: float) -> str:
    """How long a step of a driver may take, and the key that says so: the one to raise."""
    return f"within {within_s:g} s (the step's `within`)"


SHORT_LOOK_WINDOWS = 2
"""A hold of no more windows is a short look: the last one, which decides alone, is half of it."""


def short_look(windows: int | None) -> str:
    """`, a short look of 2 windows`, behind how long a hold was.

    Empty for longer holds, and where it is not known how many windows there were.
    """
    if not windows or windows > SHORT_LOOK_WINDOWS:
        return ""
    return f", a short look of {counted(windows, 'window')}"


def one_line(text: str) -> str:
    """`text` with line ends and control characters of terminals replaced by spaces."""
    return "".join(each if each.isprintable() else " " for each in text)
