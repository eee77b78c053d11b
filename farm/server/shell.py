"""The protocol of a shell on the server's machine: over SSH (farm.ssh) or on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from farm.errors import ServerError

WORDS = 300
"""Characters of a command's output that are kept in a message."""


@dataclass(frozen=True, slots=True)
class CommandResult:
    """How a command ended; a negative status is a signal, or a connection that closed early."""

    status: int
    stdout: str
    stderr: str

    @property
    def complaint(self) -> str:
        """Its error output in one line; its status if there is none.

        Of a long text the first and the last line: programs differ in which of them says why.
        """
        lines = [" ".join(line.split()) for line in (self.stderr or self.stdout).splitlines()]
        lines = [line for line in lines if line]
        words = "; ".join(lines)
        if len(words) > WORDS:
            words = "; ".join((lines[0][: WORDS // 2], "...", lines[-1][-WORDS // 2 :]))
        return words or f"status {self.status}"


def did_not_end(command: str, within_s: float, setting: str, where: str) -> ServerError:
    """The error for a command that took too long; a script of many lines is not quoted."""
    named = "a command" if "\n" in command.strip() else f"`{command.strip()}`"
    return ServerError(f"{named} did not end within {within_s:g} s ({setting}) on {where}")


@dataclass(frozen=True, slots=True)
class OutputPiece:
    """A piece of a command's output, cut anywhere; `error` tells standard error from output."""

    data: bytes
    error: bool


class Channel(Protocol):
    """A running command with its three streams; when it is closed, its standard input ends."""

    async def write(self, data: bytes) -> None:
        """Raises ServerUnreachable when the command or the connection is gone."""

    async def read(self) -> OutputPiece:
        """The next piece, never empty. Raises ServerUnreachable at the end of the output."""

    async def close(self) -> None:
        """Idempotent."""


class Shell(Protocol):
    @property
    def where(self) -> str:
        """The machine's name, as a user would write it."""

    @property
    def here(self) -> bool:
        """Whether it is this machine."""

    async def open(self) -> None:
        """Raises ServerUnreachable and its subclasses, BadInput. Allowed again after `close`."""

    async def run(self, command: str, within_s: float, setting: str) -> CommandResult:
        """Run a command to its end.

        Raises ServerUnreachable when the connection is gone, and ServerError naming `setting` when
        the command takes longer than `within_s`.
        """

    async def channel(self, command: str) -> Channel:
        """Start a command that stays. Raises ServerUnreachable."""

    async def close(self) -> None:
        """Idempotent; nothing that was started here keeps running."""
