"""`user@host:port` as people write it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from farm.errors import BadInput

_SHAPE = re.compile(
    r"(?:ssh://)?"
    r"(?:(?P<user>[^\s:/]+)@)?"
    r"(?:\[(?P<v6>[0-9A-Fa-f:.%\w]+)\]|(?P<host>[^@:\s\[\]/]+))"
    r"(?::(?P<port>\d{1,5}))?"
)


@dataclass(frozen=True, slots=True)
class Destination:
    """What was written; `None`: not said there, so ~/.ssh/config or a default decides."""

    host: str
    user: str | None = None
    port: int | None = None


def parse_destination(text: str, setting: str) -> Destination:
    """Read `host`, `user@host`, `user@host:22` or `user@[2001:db8::1]:22`. Raises BadInput.

    Also `ssh://user@host:22`; a user may have an `@` of its own, as those of a directory do.
    """
    found = _SHAPE.fullmatch(text.strip())
    port = int(found["port"]) if found and found["port"] else None
    if found is None or (port is not None and not 1 <= port <= 65535):
        raise BadInput(
            f"{setting}: {text!r} is not user@host or user@host:port (IPv6 addresses in [])"
        )
    return Destination(found["v6"] or found["host"], found["user"], port)
