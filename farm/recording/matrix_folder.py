"""The folder of a matrix: which experiments it has, in which order they go, and their runs.

runs/20261122T221500Z-matrix/
  lock                  held while it is written
  experiment.yaml       the file as given, with its `matrix`
  matrix.json           "format": 1; its name, experiments, their values, the order, what went wrong
  cells/NAME.yaml       the effective settings of one experiment
  cells/NAME/           its run
  summary.json          what it came to
  report/               index.html, matrix.png, *.csv
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from farm.errors import RecordingError
from farm.files.file_lock import FileLock, Holder
from farm.model.json_values import to_text
from farm.model.wall_time import utc
from farm.recording.durable_file import write_text
from farm.recording.json_file import read_json
from farm.recording.run_folder import RunFolder, new_folder

FORMAT = 1
INDEX = "matrix.json"
CELLS = "cells"


@dataclass(frozen=True, slots=True)
class CellEntry:
    """One experiment of a matrix: `name` is also that of its run's folder.

    `trouble` is why it has no run: its server could not be reached, say.
    """

    name: str
    values: Mapping[str, str]
    trouble: str | None = None

    @property
    def words(self) -> str:
        """`media.size 320x240, version 7.3`."""
        return ", ".join(f"{axis} {value}" for axis, value in self.values.items())


@dataclass(frozen=True, slots=True)
class MatrixFolder:
    """A matrix as it is on the disk. `order` are the names of its cells, as they are to be run.

    `name` is the experiment's; `None`: it has none, or an older farm wrote the folder.
    """

    path: Path
    began_wall_s: float
    cells: tuple[CellEntry, ...]
    order: tuple[str, ...]
    name: str | None = None

    @classmethod
    def create(
        cls,
        directory: Path,
        folder_name: str,
        text: str,
        *,
        name: str | None,
        began_wall_s: float,
        cells: Sequence[CellEntry],
        order: Sequence[str],
        settings: Mapping[str, str],
    ) -> Self:
        """Make the folder; `settings` are the effective ones of each cell, as YAML.

        Raises RecordingError, NoSpace.
        """
        path = new_folder(directory, folder_name, parts=(CELLS,))
        folder = cls(path, began_wall_s, tuple(cells), tuple(order), name)
        write_text(path / "experiment.yaml", text)
        for cell, its in settings.items():
            write_text(folder.settings_file(cell), its)
        folder.write()
        return folder

    @classmethod
    def open(cls, path: Path) -> Self:
        """Read a folder. Raises RecordingError if it is none, or cannot be read."""
        try:
            data = read_json(path / INDEX)
            if data["format"] != FORMAT:
                raise RecordingError(f"{path}: format {data['format']} of a newer farm")
            cells = tuple(_cell(each) for each in data["cells"])
            order = tuple(str(name) for name in data["order"])
            began_wall_s = float(data["began_wall_s"])
            name = data.get("name")
        except OSError as error:
            raise RecordingError(f"{path}: no matrix: {error.strerror}") from error
        except (ValueError, KeyError, TypeError) as error:
            raise RecordingError(f"{path / INDEX}: damaged: {error}") from error
        if utc(began_wall_s) is None or sorted(order) != sorted(cell.name for cell in cells):
            raise RecordingError(f"{path / INDEX}: damaged: its order is not of its cells")
        return cls(path, began_wall_s, cells, order, None if name is None else str(name))

    @property
    def summary(self) -> Path:
        return self.path / "summary.json"

    @property
    def writer(self) -> Holder | None:
        """The process that writes it now."""
        return RunFolder(self.path).writer

    def run(self, cell: str) -> Path:
        """The run folder of a cell, which may not exist yet."""
        return self.path / CELLS / cell

    def settings_file(self, cell: str) -> Path:
        return self.path / CELLS / f"{cell}.yaml"

    def taken(self) -> FileLock:
        """Take its lock. Raises InUse, RecordingError."""
        return RunFolder(self.path).taken()

    def with_trouble(self, cell: str, trouble: str | None) -> Self:
        """The folder with what went wrong with a cell, which is written, too."""
        cells = tuple(
            CellEntry(each.name, each.values, trouble) if each.name == cell else each
            for each in self.cells
        )
        changed = replace(self, cells=cells)
        changed.write()
        return changed

    def clear(self, cell: str) -> None:
        """Remove what a crash left of a run that had not begun."""
        run = self.run(cell)
        if run.exists() and not (run / "manifest.json").exists():
            shutil.rmtree(run)

    def write(self) -> None:
        """Write its index in one step. Raises RecordingError, NoSpace."""
        data = {
            "format": FORMAT,
            "name": self.name,
            "began_wall_s": self.began_wall_s,
            "order": list(self.order),
            "cells": [
                {"name": each.name, "values": dict(each.values), "trouble": each.trouble}
                for each in self.cells
            ],
        }
        write_text(self.path / INDEX, to_text(data))


def is_matrix_folder(path: Path) -> bool:
    """Whether there is a matrix in a folder."""
    return (path / INDEX).is_file()


def _cell(data: Any) -> CellEntry:
    name = str(data["name"])
    if Path(name).name != name or name.startswith("."):
        raise ValueError(f"{name!r} is no name of a cell")
    values = {str(axis): str(value) for axis, value in data["values"].items()}
    trouble = data.get("trouble")
    return CellEntry(name, values, None if trouble is None else str(trouble))
