"""A table in parts and in one piece: the same rows, each once, whenever the writer died."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

import polars as pl
import pytest

from farm.errors import NoSpace, RecordingError
from farm.recording.durable_file import Fill
from farm.recording.parquet_parts import (
    WHOLE,
    PartWriter,
    compact,
    has_files,
    open_file,
    read_table,
)

SCHEMA = {"probe": pl.String(), "packets": pl.Int64(), "jitter": pl.Float64()}


def table(folder: Path) -> PartWriter:
    writer = PartWriter(folder, SCHEMA)
    writer.write([("p000", 1, 0.1), ("p001", 2, None)])
    writer.write([("p000", 3, 0.3)])
    return writer


def packets(folder: Path) -> list[int]:
    frame, damage = read_table(folder)
    assert frame is not None
    assert damage == []
    return frame["packets"].to_list()


def test_parts_and_the_whole_read_the_same(tmp_path: Path) -> None:
    writer = table(tmp_path)
    before, _ = read_table(tmp_path)
    writer.compact()
    after, _ = read_table(tmp_path)
    assert before is not None
    assert after is not None
    assert before.equals(after)
    assert [path.name for path in tmp_path.iterdir()] == [WHOLE]


def test_a_crash_after_the_whole_was_written_counts_no_row_twice(tmp_path: Path) -> None:
    table(tmp_path)
    left = {path: path.read_bytes() for path in tmp_path.iterdir()}
    compact(tmp_path)
    for path, content in left.items():
        path.write_bytes(content)
    assert packets(tmp_path) == [1, 2, 3]
    compact(tmp_path)
    assert packets(tmp_path) == [1, 2, 3]
    assert [path.name for path in tmp_path.iterdir()] == [WHOLE]


def test_a_crash_while_the_whole_is_written_leaves_the_parts(tmp_path: Path) -> None:
    table(tmp_path)
    (tmp_path / "whole.parquet.tmp").write_bytes(b"PAR1 half of it")
    assert packets(tmp_path) == [1, 2, 3]


def test_a_crash_while_a_part_is_written_costs_that_part(tmp_path: Path) -> None:
    table(tmp_path)
    (tmp_path / "part-000002.parquet.tmp").write_bytes(b"PAR1")
    assert packets(tmp_path) == [1, 2, 3]


def test_a_part_damaged_on_disk_is_named_and_the_rest_read(tmp_path: Path) -> None:
    table(tmp_path)
    torn = tmp_path / "part-000000.parquet"
    torn.write_bytes(torn.read_bytes()[:100])
    frame, damage = read_table(tmp_path)
    assert frame is not None
    assert frame["packets"].to_list() == [3]
    assert [item.path for item in damage] == [torn]


def test_damaged_parts_are_never_thrown_away_by_compacting(tmp_path: Path) -> None:
    writer = table(tmp_path)
    (tmp_path / "part-000000.parquet").write_bytes(b"")
    with pytest.raises(RecordingError, match=r"whole\.parquet"):
        writer.compact()
    assert (tmp_path / "part-000001.parquet").exists()
    assert not (tmp_path / WHOLE).exists()


def test_what_was_never_written_is_none(tmp_path: Path) -> None:
    assert read_table(tmp_path / "none") == (None, [])


def test_only_the_wanted_columns_are_read_and_an_older_file_may_lack_some(tmp_path: Path) -> None:
    table(tmp_path)
    frame, damage = read_table(tmp_path, ["packets", "invented_later"])
    assert frame is not None
    assert frame.columns == ["packets"]
    assert damage == []


def test_a_page_may_send_what_it_likes(tmp_path: Path) -> None:
    PartWriter(tmp_path, SCHEMA).write([("p000", "many", 1), ("p001", 2.0, True)])
    frame, _ = read_table(tmp_path)
    assert frame is not None
    assert frame.rows() == [("p000", None, 1.0), ("p001", 2, 1.0)]


def full_disk(path: Path, fill: Fill) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_is_reported_as_such(tmp_path: Path) -> None:
    with pytest.raises(NoSpace, match=r"disk is full at .*part-000000"):
        PartWriter(tmp_path, SCHEMA, full_disk).write([("p000", 1, 0.1)])


def test_without_room_for_the_whole_the_parts_stay(tmp_path: Path) -> None:
    table(tmp_path)
    with pytest.raises(NoSpace):
        compact(tmp_path, full_disk)
    assert packets(tmp_path) == [1, 2, 3]


# ---------------------------------------------------------------- read while it is written


def test_a_table_has_files_in_parts_and_in_one_piece(tmp_path: Path) -> None:
    assert not has_files(tmp_path)
    writer = table(tmp_path)
    assert has_files(tmp_path)
    writer.compact()
    assert has_files(tmp_path)


@pytest.mark.parametrize("opening", range(6))
def test_a_table_compacted_in_the_middle_of_a_reading_is_read_whole(
    tmp_path: Path, opening: int
) -> None:
    """Compacted before each opening of a file there is: the whole, four parts, the whole again."""
    writer = PartWriter(tmp_path, SCHEMA)
    for number in range(4):
        writer.write([("p000", number, 0.1)])
    opened: list[str] = []

    def open_late(name: str, folder: int) -> BinaryIO:
        if len(opened) == opening:
            writer.compact()
        opened.append(name)
        return open_file(name, folder)

    frame, damage = read_table(tmp_path, open_file=open_late)
    assert damage == []
    assert frame is not None
    assert frame["packets"].to_list() == [0, 1, 2, 3]
    assert len(opened) > opening


def test_a_table_compacted_before_its_parts_are_listed_is_read_whole(tmp_path: Path) -> None:
    writer = table(tmp_path)

    def no_whole_yet(name: str, folder: int) -> BinaryIO:
        try:
            return open_file(name, folder)
        except FileNotFoundError:
            writer.compact()
            raise

    frame, damage = read_table(tmp_path, open_file=no_whole_yet)
    assert damage == []
    assert frame is not None
    assert frame["packets"].to_list() == [1, 2, 3]


def test_parts_that_come_meanwhile_are_no_damage(tmp_path: Path) -> None:
    writer = table(tmp_path)

    def open_late(name: str, folder: int) -> BinaryIO:
        writer.write([("p000", 9, 0.1)])
        return open_file(name, folder)

    frame, damage = read_table(tmp_path, open_file=open_late)
    assert damage == []
    assert frame is not None
    assert frame["packets"].to_list()[:3] == [1, 2, 3]


def test_a_part_that_the_listing_missed_is_read(tmp_path: Path) -> None:
    """Directories are listed in no order: a part may come behind the place that was reached."""
    table(tmp_path)
    late = tmp_path / "part-000000.parquet"
    content = late.read_bytes()
    late.unlink()

    def open_late(name: str, folder: int) -> BinaryIO:
        if name != WHOLE:
            late.write_bytes(content)
        return open_file(name, folder)

    frame, damage = read_table(tmp_path, open_file=open_late)
    assert damage == []
    assert frame is not None
    assert frame["packets"].to_list() == [1, 2, 3]


def test_a_folder_renamed_in_the_middle_of_a_reading_is_read_to_its_end(tmp_path: Path) -> None:
    """And nothing of the folder that takes its place."""
    folder = tmp_path / "table"
    table(folder)

    def renamed(name: str, descriptor: int) -> BinaryIO:
        if name == "part-000000.parquet":
            folder.rename(tmp_path / "aside")
            PartWriter(folder, SCHEMA).write([("p000", 7, 0.7)])
        return open_file(name, descriptor)

    frame, damage = read_table(folder, open_file=renamed)
    assert damage == []
    assert frame is not None
    assert frame["packets"].to_list() == [1, 2, 3]


def test_a_part_that_is_lost_is_named(tmp_path: Path) -> None:
    table(tmp_path)
    (tmp_path / "part-000000.parquet").unlink()
    frame, damage = read_table(tmp_path)
    assert frame is not None
    assert frame["packets"].to_list() == [3]
    assert [str(item) for item in damage] == [f"{tmp_path / 'part-000000.parquet'}: is missing"]


def test_no_reading_is_torn_while_another_process_writes(tmp_path: Path) -> None:
    """Every reading has what was there when it began, each row once."""
    tables, parts, rows = 20, 12, 30
    command = [
        sys.executable,
        "-m",
        "tests.farm.table_child",
        str(tmp_path),
        *map(str, (tables, parts, rows)),
    ]
    readings = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        written = 0
        while said := child.stdout.readline():
            name, there = said.split()
            written = int(there)
            frame, damage = read_table(tmp_path / name.decode())
            readings += 1
            assert damage == []
            assert frame is not None
            found = frame["row"].to_list()
            assert found == list(range(len(found)))
            assert written <= len(found) <= parts * rows
    assert child.returncode == 0
    assert readings == tables * (parts + 1)
