"""Packets that arrived here and found no room in the socket of one of our browsers.

/proc/net/udp counts by socket, /proc/PID/fd tells whose it is. (/proc/net/snmp counts a whole
network namespace: the media server's too, where both share a machine.)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

TABLES = ("/proc/net/udp", "/proc/net/udp6")
_INODE, _DROPS = 9, -1
_SOCKET = re.compile(r"^socket:\[([0-9]+)\]$")


class UdpDrops:
    """Drops since the last look, on sockets of `processes`; asked for only when there are any."""

    def __init__(self, processes: Callable[[], Iterable[int]]) -> None:
        self._processes = processes
        self._drops = read_drops()

    def look(self) -> int | None:
        """`None` where drops came about and nobody may say whose they are."""
        before, self._drops = self._drops, read_drops()
        grown = {
            inode: drops - before.get(inode, 0)
            for inode, drops in self._drops.items()
            if drops > before.get(inode, 0)
        }
        if not grown:
            return 0
        ours, all_seen = sockets_of(self._processes())
        dropped = sum(drops for inode, drops in grown.items() if inode in ours)
        return dropped if dropped or all_seen else None


def read_drops() -> Mapping[int, int]:
    """Of each UDP socket of this network namespace, by inode, since it was opened."""
    found: dict[int, int] = {}
    for table in TABLES:
        with suppress(OSError):  # a kernel without IPv6 has no udp6
            for line in Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                found[int(fields[_INODE])] = int(fields[_DROPS])
    found.pop(0, None)  # sockets that nobody holds any more
    return found


def sockets_of(pids: Iterable[int]) -> tuple[set[int], bool]:
    """The inodes of these processes' sockets, and whether all of them could be looked at."""
    found: set[int] = set()
    all_seen = True
    for pid in pids:
        try:
            for descriptor in Path(f"/proc/{pid}/fd").iterdir():
                with suppress(FileNotFoundError):
                    if match := _SOCKET.match(str(descriptor.readlink())):
                        found.add(int(match[1]))
        except PermissionError:
            all_seen = False
        except OSError:
            continue  # it has ended
    return found, all_seen
