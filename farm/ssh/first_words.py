"""What a machine says before it speaks SSH: why it hung up, or what it is instead."""

from __future__ import annotations

from typing import Any, Protocol

MOST_BYTES = 4096
WORDS = 200
"""So many characters of it fit into a line."""

MAX_STARTUPS = "Exceeded MaxStartups"
TURNED_AWAY = {
    MAX_STARTUPS: "it has too many connections: MaxStartups in its sshd_config",
    "Not allowed at this time": "connections from here failed there before: wait some minutes, or"
    " see PerSourcePenalties in its sshd_config",
}
"""What OpenSSH's daemon says in the place of its version."""


class Way(Protocol):
    """What the bytes of a connection go through."""

    def recv(self, size: int, /) -> bytes: ...


class Overheard:
    """A way to a machine that keeps the first bytes that come by it; paramiko takes it for one."""

    def __init__(self, way: Way) -> None:
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
        """It named its version: RFC 4253, 4.2."""
        return any(line.startswith(b"SSH-") for line in self._first.split(b"\n"))

    @property
    def words(self) -> str:
        """All that it said, in a line."""
        return " ".join(self._first.decode(errors="replace").split())[:WORDS]


def hung_up(way: Overheard) -> bool:
    """As a server does that has too many connections: without a word, or with OpenSSH's."""
    return not way.speaks_ssh and (not way.words or MAX_STARTUPS in way.words)


def before_ssh(way: Overheard, address: str) -> str | None:
    """Why it cannot be spoken to, in words; `None` of one that speaks SSH."""
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
