"""Reads the runs of a matrix, as far as they have come."""

from __future__ import annotations

from farm.errors import RecordingError
from farm.recording.matrix_folder import CellEntry, MatrixFolder
from farm.recording.reader import RunReader
from farm.results.matrix_summary import MeasuredCell


def measured_cells(folder: MatrixFolder) -> list[MeasuredCell]:
    """The cells of a matrix in the order of its file; a run that cannot be read says so."""
    return [_measured(folder, cell) for cell in folder.cells]


def _measured(folder: MatrixFolder, cell: CellEntry) -> MeasuredCell:
    run = folder.run(cell.name)
    if not run.exists():
        return MeasuredCell(cell.name, cell.values, trouble=cell.trouble)
    try:
        reader = RunReader.open(run)
    except RecordingError as error:
        return MeasuredCell(cell.name, cell.values, trouble=cell.trouble or str(error))
    return MeasuredCell(
        cell.name,
        cell.values,
        reader.manifest.settings,
        reader.results,
        reader.summary,
        None if reader.summary is not None else cell.trouble,
    )
