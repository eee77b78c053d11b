"""Programs that hold a container's published port on the host; what serves it is inside. Pure."""

from __future__ import annotations

import re
from itertools import pairwise

from farm.server.process_list import ListedProcess

_FORWARDERS = frozenset(
    {"conmon", "docker-proxy", "passt", "pasta", "rootlesskit", "rootlessport", "slirp4netns"}
)
_FORWARDED = re.compile(r"(?:\S+/)?(\d+)(?:-(\d+))?(?::(\d+)(?:-\d+)?)?")
"""`-t` of passt(1), pasta's: `[ADDRESS/]PORT[-LAST][:INSIDE[-LAST]]`."""


def forwarder_name(process: ListedProcess) -> str | None:
    """The program's name, without the instructions that it was built for (`pasta.avx2`).

    `None`: it is no forwarder.
    """
    name = process.name.partition(".")[0]
    return name if name in _FORWARDERS else None


def port_inside(port: int, process: ListedProcess) -> int | None:
    """The container's port behind the host's TCP `port`, where a forwarder's arguments name it."""
    options = tuple(pairwise(process.arguments))
    match forwarder_name(process):
        case "docker-proxy":
            by_name = dict(options)
            is_meant = by_name.get("-host-port") == str(port)
            is_meant = is_meant and by_name.get("-proto", "tcp") == "tcp"
            inside = by_name.get("-container-port", "")
            return int(inside) if is_meant and inside.isdecimal() else None
        case "pasta" | "passt":
            specs = (
                spec for option, value in options if option == "-t" for spec in value.split(",")
            )
            return next((found for spec in specs if (found := _inside(port, spec))), None)
        case _:
            return None


def _inside(port: int, spec: str) -> int | None:
    """The port inside by one `-t`; `None`: it forwards other ports."""
    match = _FORWARDED.fullmatch(spec)
    if match is None:
        return None
    first, last, inside = (None if text is None else int(text) for text in match.groups())
    assert first is not None  # noqa: S101 - the pattern has it
    if not first <= port <= (last or first):
        return None
    return (inside or first) + port - first
