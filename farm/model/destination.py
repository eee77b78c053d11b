"""Parses a destination, `user@host:port`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv6Address

from farm.errors import BadInput

_SHAPE = re.compile(
    r"(?:ssh://)?"
    r"(?:(?P<user>[^\s:/]+)@)?"
    r"(?:\[(?P<inside>[^@\s\[\]/]+)\]|(?P<host>[^@:\s\[\]/]+))"
    r"(?::(?P<port>\d{1,5}))?"
)
_BARE_V6 = re.compile(r"(?:(?P<user>[^\s:/]+)@)?(?P<v6>[0-9A-Fa-f:.]+(?:%[\w.-]+)?)")


@dataclass(frozen=True, slots=True)
class Destination:
    """A destination; `None`: not given, so that ~/.ssh/config or a default decides.

    `host` has no brackets; an IPv6 address may have a zone, `fe80::1%eth0`.
    """

    host: str
    user: str | None = None
    port: int | None = None


def parse_destination(text: str, setting: str) -> Destination:
    """Read `host`, `user@host`, `user@host:22` or `user@[2001:db8::1]:22`. Raises BadInput.

    Also `ssh://user@host:22`, any host in brackets, as in known_hosts, and an IPv6 address without
    brackets, which then has no port; a user name may contain an `@`, as those of a directory do.
    """
    written = text.strip()
    bare = _BARE_V6.fullmatch(written)
    if bare is not None and _is_v6(bare["v6"]):
        return Destination(bare["v6"], bare["user"])
    match = _SHAPE.fullmatch(written)
    port = int(match["port"]) if match and match["port"] else None
    if (
        match is None
        or (":" in (match["inside"] or "") and not _is_v6(match["inside"]))
        or (port is not None and not 1 <= port <= 65535)
    ):
        raise BadInput(
            f"{setting}: {text!r} is not user@host or user@host:port (IPv6 addresses in [])"
        )
    return Destination(match["inside"] or match["host"], match["user"], port)


def in_url(host: str) -> str:
    """A host as written in a URL: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host


def _is_v6(text: str) -> bool:
    try:
        IPv6Address(text)
    except AddressValueError:
        return False
    return True
