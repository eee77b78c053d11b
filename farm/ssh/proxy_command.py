"""A connection through ProxyCommand: a command whose input and output are the connection."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import tempfile
import threading
from contextlib import suppress
from typing import IO

WORDS = 300
"""Characters of its error output that are kept in a message."""

END_WITHIN_S = 2.0


class CommandSocket(socket.socket):
    """One end of a pair; the command has the other, and ends when this one is closed.

    paramiko's thread may close it, too: the second caller waits for the first.
    """

    program = ""
    """The command's program; its arguments may be secrets."""

    words = ""
    """Its standard error in one line; known once it is closed."""

    _child: subprocess.Popen[bytes] | None = None
    _errors: IO[bytes]
    _closing: threading.Lock

    @classmethod
    def to(cls, command: str) -> CommandSocket:
        """Start the command with the user's shell, as ssh does. Raises OSError."""
        ours, theirs = socket.socketpair()
        connection = cls(fileno=ours.detach())
        connection._closing = threading.Lock()
        connection.program = _program(command)
        connection._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the socket
        with theirs:
            try:
                connection._child = subprocess.Popen(
                    [os.environ.get("SHELL") or "/bin/sh", "-c", f"exec {command}"],
                    stdin=theirs.fileno(),
                    stdout=theirs.fileno(),
                    stderr=connection._errors,
                    start_new_session=True,
                )
            except OSError:
                connection._errors.close()
                connection.close()
                raise
        return connection

    def close(self) -> None:
        super().close()
        with self._closing:
            child, self._child = self._child, None
            if child is None:
                return
            _end(child)
            with self._errors:
                self._errors.seek(0)
                errors = self._errors.read().decode(errors="replace")
            self.words = " ".join(errors.split())[:WORDS]


def _program(command: str) -> str:
    try:
        first = next(iter(shlex.split(command)), "")
    except ValueError:  # an unclosed quote
        first = ""
    return first.partition("=")[0]


def _end(child: subprocess.Popen[bytes]) -> None:
    """End the command by HUP, as ssh does."""
    for sign in (signal.SIGHUP, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(child.pid, sign)
        with suppress(subprocess.TimeoutExpired):
            child.wait(END_WITHIN_S)
            return
