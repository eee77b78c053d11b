"""`farm size --matrix EXPERIMENT`: the searches of a file with several experiments."""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from farm.bench.matrix_run import begin_matrix, run_matrix
from farm.cli.live import shown_live
from farm.cli.options import said_where, stream_of, with_options
from farm.cli.stopping import run_to_end
from farm.errors import BadInput, RecordingError
from farm.experiment_file.matrix import load_matrix
from farm.files.text_file import text_of
from farm.model.matrix import MatrixCell
from farm.recording.durable_file import write_text
from farm.recording.matrix_folder import MatrixFolder
from farm.results.matrix_cells import measured_cells
from farm.results.matrix_lines import matrix_lines
from farm.results.matrix_summary import matrix_summary
from farm.search.capacity_estimate import CONCLUSIVE
from farm.terminal import Terminal
from reports.pages.bundle import write_bundle
from reports.pages.matrix_page import write_matrix_report

Report = Callable[[Path], object]


def act(options: argparse.Namespace) -> int:
    """Run a matrix to its end; return the exit code of `end_matrix`. Raises BadInput."""
    for option, value in (("--fail-under", options.fail_under), ("--upload", options.upload)):
        if value is not None:
            raise BadInput(f"{option}: not with a matrix: expected one experiment")
    terminal = Terminal(stream_of(options.json))
    folder = _begun(options) if options.resume is None else _matrix(options.resume)
    with folder.taken(), terminal.watching(), said_where(options):
        terminal.note(
            f"matrix: {len(folder.cells)} searches in {folder.path}, in an order drawn by chance"
        )
        folder = run_to_end(shown_live(options.live, terminal, partial(run_matrix, folder)))
    return end_matrix(folder, as_json=options.json)


def end_matrix(folder: MatrixFolder, *, as_json: bool, report: Report = write_bundle) -> int:
    """Write the summary and the reports of a matrix, and print what it came to.

    `report` writes that of one search. Returns 3 while a search has no answer, 1 when one failed at
    the smallest load, else 0.
    """
    cells = measured_cells(folder)
    summary = matrix_summary(cells, folder.order)
    write_text(folder.summary, json.dumps(summary, indent=1) + "\n")
    for cell in cells:
        if cell.settings is not None:
            report(folder.run(cell.name))
    page = write_matrix_report(folder.path)
    if as_json:
        print(json.dumps({**summary, "run": str(folder.path), "report": str(page)}, indent=2))
    else:
        print("\n".join(matrix_lines(summary)))
        print(f"report: {page}")
    states = {cell["state"] for cell in summary["matrix"]}
    if not states <= CONCLUSIVE:
        return 3
    return 1 if "floor_failed" in states else 0


def _begun(options: argparse.Namespace) -> MatrixFolder:
    file: Path = options.experiment
    with said_where(options):
        cells = [
            MatrixCell(cell.folder, cell.values, with_options(cell.experiment, options))
            for cell in load_matrix(file)
        ]
        return begin_matrix(cells, text_of(file), time.time(), random.SystemRandom())


def _matrix(path: Path) -> MatrixFolder:
    try:
        folder = MatrixFolder.open(path)
    except RecordingError as error:
        raise BadInput(f"--resume: {error}") from error
    cells = measured_cells(folder)
    if all(cell.summary is not None for cell in cells):
        raise BadInput(f"--resume: {path}: that matrix is complete, nothing is left to do")
    return folder
