"""Connects to the SSH agent at a socket; one that does not answer has no keys."""

from __future__ import annotations

import socket
import struct
from types import TracebackType
from typing import Self

import paramiko
from paramiko.agent import AgentSSH


class Agent(AgentSSH):
    """The agent at `path`; `complaint` says why it gives no keys, if it should."""

    def __init__(self, path: str | None, within_s: float) -> None:
        super().__init__()
        self.complaint = ""
        if path is None:
            return
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(within_s)
            connection.connect(path)
            self._connect(connection)  # type: ignore[attr-defined]  # not in the stubs
        except (OSError, paramiko.SSHException, ValueError, TypeError, struct.error) as error:
            connection.close()
            self.complaint = f"the agent at {path} does not answer: {error}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()  # type: ignore[attr-defined]
