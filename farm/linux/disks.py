"""Parses disk counters at one moment. See proc(5), /proc/diskstats and /proc/PID/io."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

SECTOR_BYTES = 512
"""Bytes of a sector in /proc/diskstats, whatever the disk's own are."""

_READ, _READ_SECTORS, _READ_MS, _WRITTEN, _WRITTEN_SECTORS, _WRITTEN_MS = 0, 2, 3, 4, 6, 7
_BUSY_MS = 9


@dataclass(frozen=True, slots=True)
class Disk:
    """A disk's counters: `operations` are completed reads and writes, `waited_ms` their time."""

    read_bytes: int
    written_bytes: int
    busy_ms: int
    operations: int
    waited_ms: int


@dataclass(frozen=True, slots=True)
class ProcessIo:
    """Bytes that a process read from disks and wrote to them."""

    read_bytes: int
    written_bytes: int


def read_disks(text: str) -> dict[str, Disk]:
    """Whole disks that were ever used; partitions are counted in their disks."""
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
    """Whether the name is a partition's: `vda1` of `vda`, `nvme0n1p2` of `nvme0n1`."""
    match = re.fullmatch(r"(.*?\d)p\d+|(.*?\D)\d+", name)
    return match is not None and (match[1] or match[2]) in disks
