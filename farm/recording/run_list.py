"""The runs of a directory, as `farm runs` lists them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from farm.errors import RecordingError
from farm.files.file_lock import Holder
from farm.model.wall_time import utc
from farm.recording.json_file import read_json
from farm.recording.matrix_folder import MatrixFolder, is_matrix_folder
from farm.recording.run_folder import RunFolder, is_set_aside


@dataclass(frozen=True, slots=True)
class RunEntry:
    """A run, as a line of `farm runs` shows it.

    `state` is the summary's, `unfinished` without one, `under_way` while `writer` writes it.
    `probes` is the capacity, or the load of a single trial.
    """

    path: Path
    when: datetime
    name: str | None
    scenario: str
    state: str
    probes: int | None
    writer: Holder | None = None


def list_runs(directory: Path) -> list[RunEntry]:
    """The runs of a directory, oldest first; other folders are left out."""
    entries = (_entry(RunFolder(path)) for path in _folders_in(directory) if not is_set_aside(path))
    return sorted(
        (entry for entry in entries if entry is not None),
        key=lambda entry: (entry.when, entry.path.name),
    )


def runs_set_aside(directory: Path) -> list[Path]:
    """The runs that are being removed, or whose removal was interrupted."""
    return [path for path in _folders_in(directory) if is_set_aside(path)]


def runs_before(entries: Iterable[RunEntry], moment: datetime) -> list[RunEntry]:
    """The runs that began before `moment`."""
    return [entry for entry in entries if entry.when < moment]


def _folders_in(directory: Path) -> list[Path]:
    """The folders in a directory, without links to folders."""
    if not directory.is_dir():
        return []
    return [path for path in directory.iterdir() if path.is_dir() and not path.is_symlink()]


def _entry(folder: RunFolder) -> RunEntry | None:
    if is_matrix_folder(folder.path):
        return _matrix_entry(folder)
    manifest = _read_object(folder.manifest)
    started_wall_s = manifest.get("started_wall_s")
    began = utc(started_wall_s) if isinstance(started_wall_s, int | float) else None
    if began is None:
        return None
    summary = _read_object(folder.summary)
    capacity = summary.get("capacity")
    probes = capacity.get("probes") if isinstance(capacity, dict) else summary.get("load")
    writer = folder.writer
    return RunEntry(
        folder.path,
        began,
        manifest.get("name"),
        str(manifest.get("scenario")),
        "under_way" if writer is not None else str(summary.get("state", "unfinished")),
        probes if isinstance(probes, int) else None,
        writer,
    )


def _matrix_entry(folder: RunFolder) -> RunEntry | None:
    """A matrix, whose runs are in its folder."""
    try:
        matrix = MatrixFolder.open(folder.path)
    except RecordingError:
        return None
    began = utc(matrix.began_wall_s)
    if began is None:
        return None
    state = str(_read_object(folder.summary).get("state", "unfinished"))
    writer = folder.writer
    return RunEntry(
        folder.path,
        began,
        matrix.name,
        "matrix",
        state if writer is None else "under_way",
        None,
        writer,
    )


def _read_object(path: Path) -> dict[str, Any]:
    """The object in a file, empty when it is missing or damaged."""
    try:
        data = read_json(path)
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}
