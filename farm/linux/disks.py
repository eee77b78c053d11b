"""Texts about disks -> counters, at one moment. See proc(5), /proc/diskstats and /proc/PID/io."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

SECTOR_BYTES = 512
"""Of /proc/diskstats, whatever the disk's own are."""

_READ, _READ_SECTORS, _READ_MS, _WRITTEN, _WRITTEN_SECTORS, _WRITTEN_MS = 0, 2, 3, 4, 6, 7
_BUSY_MS = 9


@dataclass(frozen=True, slots=True)
class Disk:
    """`operations` are reads and writes that are done, `waited_ms` is how long all of them took."""

    read_bytes: int
    written_bytes: int
    busy_ms: int
    operations: int
    waited_ms: int


@dataclass(frozen=True, slots=True)
class ProcessIo:
    """What a process had fetched from disks, or sent to them."""

    read_bytes: int
    written_bytes: int


def read_disks(text: str) -> dict[str, Disk]:
    """Disks that were ever used, whole ones: what a partition does is in its disk's figures."""
    used: dict[str, Disk] = {}
    for line in text.strip().split("\n"):
        _, _, name, *words = line.split()
        counters = [int(word) for word in words]
        if len(counters) <= _BUSY_MS:
            raise ValueError(line)
        if any(counters):
            used[name] = Disk(
                read_bytes=counters[_READ_SECTORS] * SECTOR_BYTES,
                written_bytes=counters[_WRITTEN_SECTORS] * SECTOR_BYTES,
                busy_ms=counters[_BUSY_MS],
                operations=counters[_READ] + counters[_WRITTEN],
                waited_ms=counters[_READ_MS] + counters[_WRITTEN_MS],
            )
    return {name: disk for name, disk in used.items() if not _is_partition(name, used)}


def read_process_io(text: str) -> ProcessIo:
    values = dict(line.split(": ") for line in text.strip().split("\n"))
    return ProcessIo(int(values["read_bytes"]), int(values["write_bytes"]))


def _is_partition(name: str, disks: Mapping[str, Disk]) -> bool:
    """`vda1` of `vda`, `nvme0n1p2` of `nvme0n1`."""
    found = re.fullmatch(r"(.*?\d)p\d+|(.*?\D)\d+", name)
    return found is not None and (found[1] or found[2]) in disks
