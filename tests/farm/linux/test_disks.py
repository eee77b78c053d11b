"""Disks and what a process had written to them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.linux.disks import Disk, ProcessIo, read_disks, read_process_io
from farm.linux.parsing import or_none

# Of a kernel 6.18: a virtual disk with partitions, a mapped one on it, and what was never used.
DISKS = """\
   7       0 loop0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
 254       0 vda 80969 17176 6252058 34109 100671 284656 28874136 156282 0 23116 194820 37741
 254       1 vda1 80000 17000 6200000 34000 100000 284000 28000000 156000 0 23000 190000
 252       0 dm-0 900 0 8000 50 700 0 5600 40 2 88 90
 179       0 mmcblk0 10 0 80 5 7 0 56 4 0 8 9
 179       1 mmcblk0p1 10 0 80 5 7 0 56 4 0 8 9
 259       0 nvme1n1 10 0 80 5 7 0 56 4 0 8 9
 253       0 zram0 0 0 0 0 0 0 0 0 0 0 0
"""


def test_whole_disks_that_were_used_are_read() -> None:
    disks = read_disks(DISKS)
    assert set(disks) == {"vda", "dm-0", "mmcblk0", "nvme1n1"}
    assert disks["vda"] == Disk(
        read_bytes=6252058 * 512,
        written_bytes=28874136 * 512,
        busy_ms=23116,
        operations=80969 + 100671,
        waited_ms=34109 + 156282,
    )


def test_a_partition_is_shown_where_its_disk_is_not() -> None:
    alone = " 202 1 xvda1 10 0 80 5 7 0 56 4 0 8 9"
    assert set(read_disks(alone)) == {"xvda1"}


def test_what_a_process_had_fetched_and_sent() -> None:
    said = "rchar: 6976\nwchar: 0\nsyscr: 10\nread_bytes: 4096\nwrite_bytes: 81920\n"
    assert read_process_io(said) == ProcessIo(4096, 81920)


@pytest.mark.parametrize("said", ["", "vda", "254 0 vda 1 2 3", "254 0 vda a b c d e f g h i j"])
def test_what_is_not_understood_is_unknown(said: str) -> None:
    assert or_none(read_disks, said) is None
    assert or_none(read_process_io, said) is None


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    or_none(read_disks, text)
    or_none(read_process_io, text)
