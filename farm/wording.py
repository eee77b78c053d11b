"""Numbers in sentences. Pure."""

from __future__ import annotations


def percent(share: float) -> str:
    """A share (0 to 1) in percent, to three digits: `17.2 %`, `0.04 %`."""
    return f"{share * 100:.3g} %"


def counted(number: int, noun: str) -> str:
    """`1 call`, `2 calls`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
