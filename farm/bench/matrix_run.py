"""Runs the searches of a matrix one after the other, in an order that chance has given."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

from farm.bench.preflight import preflight
from farm.bench.recorded_run import RecordedRun
from farm.bench.sizing import resumed_search, search
from farm.errors import BadInput, InUse, NoSpace, RecordingError, ServerError
from farm.experiment_file import as_yaml, parse_experiment
from farm.files.text_file import text_of
from farm.model.experiment import Experiment
from farm.model.matrix import MatrixCell
from farm.model.wall_time import utc
from farm.protocols import Observer
from farm.recording.matrix_folder import CELLS, CellEntry, MatrixFolder

Search = Callable[[Experiment, Observer], Awaitable[object]]
"""The search of one experiment, in a run folder as its `output` says; tests hand in another."""


async def _search(experiment: Experiment, observer: Observer) -> object:
    return await search(experiment, None, Path(), observer)


def begin_matrix(
    cells: Sequence[MatrixCell], text: str, began_wall_s: float, chance: random.Random
) -> MatrixFolder:
    """Make the folder of a matrix in `output.directory`, after checks of this machine.

    The order of its searches is drawn from `chance`, so that a server, or a machine, that changes
    with time does not favour the first ones. Raises BadInput, RecordingError.
    """
    for cell in cells:
        preflight(cell.experiment, Path())
    output = cells[0].experiment.output
    order = [cell.folder for cell in cells]
    chance.shuffle(order)
    began = utc(began_wall_s)
    return MatrixFolder.create(
        output.directory,
        output.name or f"{began:%Y%m%dT%H%M%SZ}-matrix",
        text,
        name=cells[0].experiment.name,
        began_wall_s=began_wall_s,
        cells=[CellEntry(cell.folder, cell.values) for cell in cells],
        order=order,
        settings={cell.folder: as_yaml(cell.experiment) for cell in cells},
    )


async def run_matrix(
    folder: MatrixFolder, observer: Observer, search_one: Search = _search
) -> MatrixFolder:
    """Run what is left of a matrix, whose lock is held: finished searches are not repeated.

    A search that cannot begin, as its server does not answer, is noted as `trouble` of its cell,
    and the others go on. Raises what else ends a search: RecordingError, GeneratorError.
    """
    for number, name in enumerate(folder.order, start=1):
        cell = next(each for each in folder.cells if each.name == name)
        run = folder.run(name)
        folder.clear(name)
        if run.exists() and RecordedRun.open(run).summary is not None:
            continue
        observer.note(f"matrix: {number} of {len(folder.order)}: {cell.words}")
        trouble: str | None = None
        try:
            if run.exists():
                with RecordedRun.open(run).folder.taken() as lock:
                    await resumed_search(RecordedRun.open(run), lock, observer)
            else:
                await search_one(_settings(folder, name), observer)
        except (InUse, NoSpace):
            raise
        except (BadInput, ServerError) as error:
            trouble = str(error)
            observer.note(f"matrix: {cell.words}: not measured: {trouble}")
        folder = folder.with_trouble(name, trouble)
    return folder


def _settings(folder: MatrixFolder, name: str) -> Experiment:
    """The experiment of a cell, whose run goes into the matrix's folder."""
    file = folder.settings_file(name)
    try:
        experiment = parse_experiment(text_of(file), str(file))
    except BadInput as error:
        raise RecordingError(f"{file}: damaged: {error}") from error
    return replace(
        experiment,
        output=replace(experiment.output, directory=folder.path / CELLS, name=name),
    )
