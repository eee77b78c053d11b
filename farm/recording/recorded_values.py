"""Reads typed values from JSON files of a recording; what cannot be read is noted as damage."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from farm.model.json_values import from_jsonable
from farm.recording.json_file import read_json
from farm.recording.json_lines import read_json_lines
from farm.recording.parquet_parts import Damage

T = TypeVar("T")


def value_in(cls: type[T], path: Path, damage: list[Damage]) -> T | None:
    """The value in a file; `None` if it is missing, or damaged, which is noted."""
    if not path.exists():
        return None
    try:
        return from_jsonable(cls, read_json(path))
    except (OSError, ValueError) as error:
        damage.append(Damage(path, str(error)))
        return None


def values_in_lines(cls: type[T], path: Path, damage: list[Damage], grows: bool) -> list[T]:
    """The values in a file, one a line; damage is noted. `grows` as in `read_json_lines`."""
    lines, wrong = read_json_lines(path, grows=grows)
    damage += [Damage(path, why) for why in wrong]
    values = []
    for line in lines:
        try:
            values.append(from_jsonable(cls, line))
        except ValueError as error:
            damage.append(Damage(path, str(error)))
    return values
