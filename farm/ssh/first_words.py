"""Reads what a machine sends before SSH: why it hung up, or that it is no SSH server."""

from __future__ import annotations

from typing import Any, Protocol

MOST_BYTES = 4096
WORDS = 200
"""Characters of it that are kept in a message."""

MAX_STARTUPS = "Exceeded MaxStartups"
TURNED_AWAY = {
    MAX_STARTUPS: "it has too many connections: MaxStartups in its sshd_config",
    "Not allowed at this time": "connections from here failed there before: wait some minutes, or"
    " see PerSourcePenalties in its sshd_config",
}
"""Texts that OpenSSH's daemon sends instead of its version, and what they mean."""


class ByteStream(Protocol):
    """The part of a socket or channel that is read here."""

    def recv(self, size: int, /) -> bytes: ...


class GreetingRecorder:
    """A socket or channel that records the first bytes it receives; paramiko reads from it."""

    def __init__(self, way: ByteStream) -> None:
        self._way = way
        self._first = b""

    def recv(self, size: int) -> bytes:
        data = self._way.recv(size)
        if len(self._first) < MOST_BYTES:
            self._first += data
        return data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._way, name)

    @property
    def speaks_ssh(self) -> bool:
        """Whether it sent its SSH version: RFC 4253, 4.2."""
        return any(line.startswith(b"SSH-") for line in self._first.split(b"\n"))

    @property
    def words(self) -> str:
        """The first bytes as text, in one line."""
        return " ".join(self._first.decode(errors="replace").split())[:WORDS]


def hung_up(way: GreetingRecorder) -> bool:
    """Whether it hung up as a server with too many connections does: silently or saying so."""
    return not way.speaks_ssh and (not way.words or MAX_STARTUPS in way.words)


def before_ssh(way: GreetingRecorder, address: str) -> str | None:
    """Why there is no SSH connection, for a message; `None` if it speaks SSH."""
    if way.speaks_ssh:
        return None
    if not way.words:
        return (
            f"{address} hung up without a word: does it have too many connections (MaxStartups in"
            " its sshd_config), or is this machine banned there?"
        )
    for words, why in TURNED_AWAY.items():
        if words in way.words:
            return f"the sshd at {address} turns connections away: it says {way.words!r} ({why})"
    return f"{address} answers, but does not speak SSH: it says {way.words!r}"
