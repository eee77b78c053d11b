"""A question before something costs money or is gone."""

from __future__ import annotations

import sys

from farm.errors import BadInput


def confirmed(question: str, *, yes: bool) -> bool:
    """Whether the user says yes; asked on stderr. Raises BadInput where nobody can be asked."""
    if yes:
        return True
    if not sys.stdin.isatty():
        raise BadInput(f"{question} Nobody is there to be asked: --yes goes ahead")
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}
