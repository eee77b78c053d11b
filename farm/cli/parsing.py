"""The command line's own parser: what it refuses is one line, with a suggestion."""

from __future__ import annotations

import argparse
import difflib
import re
import sys
from typing import Any, NoReturn


class Parser(argparse.ArgumentParser):
    """As argparse's, but options are written out, and an error is a line instead of the usage."""

    def __init__(self, **settings: object) -> None:
        super().__init__(allow_abbrev=False, **settings)  # type: ignore[arg-type]

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """As `parse_args`: a verb refuses what it does not know itself, naming its own options."""
        options, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return options, unknown

    def error(self, message: str) -> NoReturn:
        sys.stderr.write(f"{self.prog}: {message}{self._suggestion(message)}; see {self.prog} -h\n")
        sys.exit(2)

    def _suggestion(self, message: str) -> str:
        wrong = re.search(r"invalid choice: '(.*?)'|unrecognized arguments: ([^\s=]+)", message)
        close = difflib.get_close_matches(wrong[1] or wrong[2], self._words(), 1) if wrong else []
        return f": did you mean {close[0]}?" if close else ""

    def _words(self) -> list[str]:
        """Options, and what positional arguments can be."""
        choices = [word for action in self._actions for word in action.choices or ()]
        return [*self._option_string_actions, *map(str, choices)]
