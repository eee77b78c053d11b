"""The parser of the command line: an error is one line, with a suggestion."""

from __future__ import annotations

import argparse
import difflib
import re
import sys
from typing import Any, NoReturn


class Parser(argparse.ArgumentParser):
    """An argparse parser without abbreviated options, and with errors of one line."""

    def __init__(self, **settings: object) -> None:
        super().__init__(allow_abbrev=False, **settings)  # type: ignore[arg-type]

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """Parse, and let each verb refuse unknown arguments itself, naming its own options."""
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
        """Options, and the choices of positional arguments."""
        choices = [word for action in self._actions for word in action.choices or ()]
        return [*self._option_string_actions, *map(str, choices)]
