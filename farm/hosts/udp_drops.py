"""Counts UDP packets dropped by full sockets of our browsers.

/proc/net/udp counts by socket, /proc/PID/fd has a process' sockets. (/proc/net/snmp counts a whole
network namespace: the media server's too, if both share a machine.)
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
    """Drops on sockets of `processes`, which is called only when there are drops."""

    def __init__(self, processes: Callable[[], Iterable[int]]) -> None:
        self._processes = processes
        self._drops = read_drops()

    def since_last(self) -> int | None:
        """Drops since the last call; `None` if it cannot be seen whose sockets they were on."""
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
    """Drops of each UDP socket of this network namespace, by inode, since it was opened."""
    drops: dict[int, int] = {}
    for table in TABLES:
        with suppress(OSError):  # a kernel without IPv6 has no udp6
            for line in Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                drops[int(fields[_INODE])] = int(fields[_DROPS])
    drops.pop(0, None)  # sockets that no process holds any more
    return drops


def sockets_of(pids: Iterable[int]) -> tuple[set[int], bool]:
    """The inodes of these processes' sockets, and whether all of them could be read."""
    inodes: set[int] = set()
    all_seen = True
    for pid in pids:
        try:
            for descriptor in Path(f"/proc/{pid}/fd").iterdir():
                with suppress(FileNotFoundError):
                    if match := _SOCKET.match(str(descriptor.readlink())):
                        inodes.add(int(match[1]))
        except PermissionError:
            all_seen = False
        except OSError:
            continue  # it has ended
    return inodes, all_seen
