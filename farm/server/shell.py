"""What can run commands on the server's machine: over SSH (farm.ssh) or right here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from farm.errors import ServerError

WORDS = 300
"""So many characters of what a command says fit into a line."""


@dataclass(frozen=True, slots=True)
class CommandResult:
    """How a command ended; a negative status is a signal, or a connection that closed early."""

    status: int
    stdout: str
    stderr: str

    @property
    def complaint(self) -> str:
        """Why it failed, in its own words, in a line; its status where it has none.

        Of many lines the first and the last: programs differ in which of them says why.
        """
        lines = [" ".join(line.split()) for line in (self.stderr or self.stdout).splitlines()]
        lines = [line for line in lines if line]
        words = "; ".join(lines)
        if len(words) > WORDS:
            words = "; ".join((lines[0][: WORDS // 2], "...", lines[-1][-WORDS // 2 :]))
        return words or f"status {self.status}"


def did_not_end(command: str, within_s: float, setting: str, where: str) -> ServerError:
    """In a line: a script of many lines is not quoted."""
    named = "a command" if "\n" in command.strip() else f"`{command.strip()}`"
    return ServerError(f"{named} did not end within {within_s:g} s ({setting}) on {where}")


@dataclass(frozen=True, slots=True)
class OutputPiece:
    """A piece of what a command said, cut anywhere; `error` tells standard error from output."""

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
        """The machine, as a user would name it."""

    @property
    def here(self) -> bool:
        """It is this very machine."""

    async def open(self) -> None:
        """Raises ServerUnreachable and its kin, BadInput. May be called again after `close`."""

    async def run(self, command: str, within_s: float, setting: str) -> CommandResult:
        """Run a command to its end.

        Raises ServerUnreachable when the connection is gone, and ServerError naming `setting` when
        the command takes longer than `within_s`.
        """

    async def channel(self, command: str) -> Channel:
        """Start a command that stays. Raises ServerUnreachable."""

    async def close(self) -> None:
        """Idempotent; nothing that was started here keeps running."""
