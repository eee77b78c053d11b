"""A question before something costs money or is gone."""

from __future__ import annotations

import sys
from typing import TextIO

from farm.errors import BadInput


def confirmed(question: str, *, yes: bool, keyboard: TextIO | None = None) -> bool:
    """Whether the user says yes; asked on stderr. Raises BadInput where nobody can be asked.

    The answer is typed at `keyboard`, by default standard input.
    """
    if yes:
        return True
    keyboard = keyboard or sys.stdin
    if not keyboard.isatty():
        raise BadInput(f"{question} Nobody is there to be asked: --yes goes ahead")
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return keyboard.readline().strip().lower() in {"y", "yes"}
