"""A process that writes tables in parts and compacts each, while another one reads them.

    python -m tests.farm.table_child DIRECTORY TABLES PARTS ROWS

Each line on stdout names a table and how many rows of it are on disk.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

from farm.recording.parquet_parts import PartWriter

SCHEMA = {"row": pl.Int64()}


def write(directory: Path, tables: int, parts: int, rows: int) -> None:
    for table in range(tables):
        writer = PartWriter(directory / str(table), SCHEMA)
        for part in range(parts):
            writer.write([(part * rows + row,) for row in range(rows)])
            say(table, (part + 1) * rows)
        writer.compact()
        say(table, parts * rows)


def say(table: int, rows: int) -> None:
    sys.stdout.write(f"{table} {rows}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    write(Path(sys.argv[1]), *map(int, sys.argv[2:]))
