"""Commands whose output is known to be complete: a server out of memory may kill them midway.

`whole` makes such a command of commands for any POSIX shell, `whole_text` checks its output, `ask`
does both.
"""

from __future__ import annotations

from farm.errors import AnswerCut
from farm.server.shell import CommandResult, Shell

MARK = "@farm whole"

COMMAND_WITHIN_S = 20.0

_UNLESS_KILLED = "[ $? -lt 128 ] || exit 1"
"""A status of 128 and more is a program that a signal ended (POSIX, 2.8.2)."""


def whole(*commands: str) -> str:
    """One after the other, whatever their status; it ends early if one was killed."""
    lines = [line for command in commands for line in (command, _UNLESS_KILLED)]
    return "\n".join((*lines, f"echo '{MARK}'"))


def whole_text(answer: CommandResult, what: str) -> str:
    """The commands' output. Raises AnswerCut naming `what` they were for."""
    text, mark, _ = answer.stdout.rpartition(f"{MARK}\n")
    if not mark:
        raise AnswerCut(f"{what}: the answer broke off ({answer.complaint}): was it killed there?")
    return text


async def ask(shell: Shell, what: str, *commands: str, within_s: float = COMMAND_WITHIN_S) -> str:
    """Run commands, return their output.

    Raises AnswerCut for incomplete output, ServerUnreachable, ServerError.
    """
    return whole_text(await shell.run(whole(*commands), within_s, what), what)
