"""Builds what a login shell of any kind is to run: `exec /bin/sh -s` and a script. Pure.

bash, zsh, tcsh and fish differ in quotes and redirections, and each may print a greeting first. So
the script goes by standard input to /bin/sh, and output before its marks is ignored.
"""

from __future__ import annotations

import math
from shlex import quote

COMMAND = "exec /bin/sh -s"
"""A command that every shell understands."""

OUTPUT_MARK, ERROR_MARK = b"@farm output\n", b"@farm error\n"
"""Output after them is the script's. A login that echoes the script does not print them."""

GREETING_BYTES = 65536
"""Bytes before a mark that are kept, for a login that never prints it."""

_NEWLINE = r"n=$(printf '\n.'); n=${n%.}"
_MARKS = r"printf '@farm %s\n' error >&2; printf '@farm %s\n' output"

# When its time is over, the command is ended, with all its descendants.
_TIMED = """\
below() {
  for child in $(cat /proc/"$1"/task/*/children); do
    if [ "$child" != "$watch" ]; then
      echo "$child"
      below "$child"
    fi
  done
}
(
  read -r watch rest </proc/self/stat
  left=$2
  while [ "$left" -gt 0 ]; do
    sleep 1
    kill -0 $$ || exit
    left=$((left - 1))
  done
  trap '' TERM
  late=$(below $$)
  kill -TERM $late
  sleep 2
  kill -KILL $late
) </dev/null >/dev/null 2>&1 &
timer=$!
/bin/sh -c "$1" </dev/null
status=$?
kill $timer $(cat /proc/$timer/task/$timer/children 2>/dev/null) 2>/dev/null
exit $status
"""


def script(command: str) -> bytes:
    """For the standard input of `COMMAND`: the marks, then `command` in a POSIX shell.

    The shell has read all of it when it prints the marks, so that what is written after them is the
    standard input of `command`. It is one line, so that a start-up file that reads its input takes
    all of it or nothing.
    """
    in_a_line = quote(command).replace("\n", "'\"$n\"'")
    return f"{_NEWLINE}; {_MARKS}; exec /bin/sh -c {in_a_line}\n".encode()


def timed(command: str, within_s: float) -> str:
    """The command with a time limit, without standard input.

    The remote machine enforces the limit, even without the connection. Whole seconds, rounded up.
    """
    return f"set -- {quote(command)} {math.ceil(within_s)}\n{_TIMED}"


class BehindMark:
    """One stream of the login: the output after `mark`."""

    def __init__(self, mark: bytes) -> None:
        self._mark = mark
        self.greeting = b""
        self.marked = False

    def feed(self, data: bytes) -> bytes:
        """The part of the data after the mark; data before it is added to `greeting`."""
        if self.marked:
            return data
        before, mark, behind = (self.greeting + data).partition(self._mark)
        self.marked = bool(mark)
        self.greeting = before[-GREETING_BYTES:]
        return behind
