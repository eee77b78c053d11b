"""A field of an experiment file: its default, its description, its limits.

A field is written with `setting(default, doc, key=, unit=)`: `key` is its name in YAML (the field's
own name when absent), `unit` how the YAML value reads: `duration` (`30s`, `4m`, `3h` -> seconds),
`size` (`640x480`), `roles` (of a session, by name).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any


def setting(
    default: Any,
    doc: str,
    *,
    key: str | None = None,
    unit: str | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
    null: str | None = None,
) -> Any:
    """A dataclass field with its place in the experiment file and its limits.

    `default` may be a value or, for a section, its class (called without arguments). `null` is a
    word that the file may use for `None` (`settle: auto`).
    """
    metadata = {
        "doc": doc,
        "key": key,
        "unit": unit,
        "minimum": minimum,
        "maximum": maximum,
        "null": null,
    }
    if isinstance(default, type):
        return dataclasses.field(default_factory=default, metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True)
class Size:
    """Pixels, written `640x480`."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"
