"""A table in parts and in one piece: the same rows, each once, whenever the writer died."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import polars as pl
import pytest

from farm.errors import NoSpace, RecordingError
from farm.recording.durable_file import Fill
from farm.recording.parquet_parts import WHOLE, PartWriter, compact, read_table

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


def test_a_full_disk_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(NoSpace, match=r"disk is full at .*part-000000"):
        PartWriter(tmp_path, SCHEMA, full_disk).write([("p000", 1, 0.1)])


def test_without_room_for_the_whole_the_parts_stay(tmp_path: Path) -> None:
    table(tmp_path)
    with pytest.raises(NoSpace):
        compact(tmp_path, full_disk)
    assert packets(tmp_path) == [1, 2, 3]
