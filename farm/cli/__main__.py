"""`farm VERB ...`: how many sessions can this media server hold?"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from io import TextIOWrapper

import shtab

from farm import __version__
from farm.cli.parsing import Parser
from farm.errors import BadInput, FarmError, ServerUnreachable
from farm.model.wording import one_line

VERBS: Mapping[str, str] = {
    "demo": "a small real run on this machine: each scenario once, then a search",
    "init": "print an experiment with every setting, its default and its meaning",
    "run": "one trial: reset, ramp, settle, hold, verdict",
    "size": "search for the largest load that passes",
    "watch": "one load again and again, for days, to see whether the server drifts",
    "report": "draw a run's figures and page again",
    "compare": "say whether the second of two runs holds as much as the first",
    "runs": "list runs, or remove old ones",
    "driver": "check a driver: each role once, with a picture of every step (driver check FILE)",
    "record-driver": "make a driver of what you do in a browser",
    "doctor": "check what this machine, or an experiment, lacks, and how to get it",
    "serve": "demo app and embedded server, to look at in your own browser",
    "provision": "make the server, and hosts, on AWS; or list what runs there and what it costs",
    "teardown": "end what a run has on AWS, all of it, from any machine",
}
"""Each verb has a module of its name here: `describe` adds its options, `act` runs it."""

EPILOG = """\
examples:
  farm demo
  farm init one_to_one > calls.yaml
  farm size calls.yaml --fail-under 16

exit codes: 0 done (run: passed; size: an answer); 1 failed, below --fail-under, or worse;
2 bad input; 3 invalid or inconclusive; 130 interrupted and cleaned up"""


def parser(asked: Sequence[str]) -> Parser:
    """The parser, in which only the verbs in `asked` have their options.

    The modules of verbs have many imports, so the others are not loaded.
    """
    top = Parser(
        prog="farm",
        description="How many sessions can this WebRTC media server hold?",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"farm {__version__}")
    shtab.add_argument_to(top, "--print-completion", help="print a script for that shell")
    verbs = top.add_subparsers(dest="verb", metavar="VERB", required=True)
    for name, does in VERBS.items():
        verb = verbs.add_parser(name, help=does, description=f"{does[0].upper()}{does[1:]}.")
        if name in asked:
            import_module(f"farm.cli.{name.replace('-', '_')}").describe(verb)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb. An error that a user can fix is one line on stderr, never a traceback."""
    words = sys.argv[1:] if argv is None else argv
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal may lack characters that pages log
            stream.reconfigure(errors="backslashreplace")
    options = parser(_verbs_in(words)).parse_args(words)
    return outcome(lambda: options.act(options))


def outcome(act: Callable[[], int]) -> int:
    """The exit code of what `act` does; its errors as a line on stderr, by `exit_code`."""
    try:
        return int(act())
    except FarmError as error:
        return _complain(error, exit_code(error))
    except (KeyboardInterrupt, asyncio.CancelledError):
        return _complain("interrupted; everything that the farm started is stopped", 130)


def exit_code(error: FarmError) -> int:
    """The exit code of an error: 2 for bad input, 3 for others; 1 means that a server failed."""
    return 2 if isinstance(error, BadInput | ServerUnreachable) else 3


def _verbs_in(words: Sequence[str]) -> Sequence[str]:
    """The verb, which is the first word that is no option; all of them for a completion script."""
    if words and words[0].startswith("--print-completion"):
        return tuple(VERBS)
    return next(([word] for word in words if not word.startswith("-")), [])


def _complain(what: object, code: int) -> int:
    print(f"farm: {one_line(str(what))}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
