"""What a login shell is given to run: whichever it is, only `exec /bin/sh -s`. Pure.

bash, zsh, tcsh, fish: each reads quotes and redirections in its own way, and any of them may print
a greeting first. So the script comes by standard input, to a shell that is known, and what is
printed before its marks is none of its output.
"""

from __future__ import annotations

import math
from shlex import quote

COMMAND = "exec /bin/sh -s"
"""The same words in every shell that there is."""

OUTPUT_MARK, ERROR_MARK = b"@farm output\n", b"@farm error\n"
"""What comes behind them is the script's. A login that echoes the script does not say them."""

GREETING_BYTES = 65536
"""So much of what comes before a mark is kept, for a login that never says it."""

_NEWLINE = r"n=$(printf '\n.'); n=${n%.}"
_MARKS = r"printf '@farm %s\n' error >&2; printf '@farm %s\n' output"

# When its time is over, the command is ended, and all that descends from it by then.
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

    The shell has read all of it when it says the marks, so that what is written after them is the
    standard input of `command`. It is one line: of a start-up file that reads its input no half is
    left to be run.
    """
    in_a_line = quote(command).replace("\n", "'\"$n\"'")
    return f"{_NEWLINE}; {_MARKS}; exec /bin/sh -c {in_a_line}\n".encode()


def timed(command: str, within_s: float) -> str:
    """The command with a limit: without standard input, ended when its time is over.

    Its machine does so by itself, whatever has become of the connection. Whole seconds, rounded up.
    """
    return f"set -- {quote(command)} {math.ceil(within_s)}\n{_TIMED}"


class BehindMark:
    """One stream of the login: what comes behind `mark`."""

    def __init__(self, mark: bytes) -> None:
        self._mark = mark
        self.greeting = b""
        self.marked = False

    def feed(self, data: bytes) -> bytes:
        """What of the data comes behind the mark; before it, `greeting` grows."""
        if self.marked:
            return data
        before, mark, behind = (self.greeting + data).partition(self._mark)
        self.marked = bool(mark)
        self.greeting = before[-GREETING_BYTES:]
        return behind
