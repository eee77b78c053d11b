"""Writes the report of a matrix: `report/index.html`, its figure, its tables as CSV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from farm.files.text_file import text_of
from farm.recording.durable_file import folder_beside, recording_error
from farm.recording.matrix_folder import MatrixFolder
from farm.results.matrix_cells import measured_cells
from farm.results.matrix_summary import matrix_summary
from reports.exports.row_commands import Traced
from reports.figures.canvas import farm_style
from reports.figures.chart import Chart, Charts
from reports.figures.matrix import capacities
from reports.pages.bundle import FOLDER
from reports.pages.bundle_files import BundleFiles
from reports.pages.page import ReportPage
from reports.pages.rendering import rendered
from reports.text.matrix import cells_table, differences_table, matrix_answer


def write_matrix_report(path: Path) -> Path:
    """Write the report of the matrix in a folder, from its runs; returns the path of its page.

    The reports of the runs themselves are left as they are. Raises RecordingError, NoSpace.
    """
    matrix = MatrixFolder.open(path)
    summary = matrix_summary(measured_cells(matrix), matrix.order)
    folder = path / FOLDER
    try:
        with folder_beside(folder) as drawn:
            with farm_style():
                page = _page(matrix, summary, drawn)
            (drawn / "index.html").write_text(rendered(page), encoding="utf-8")
    except OSError as error:
        raise recording_error(folder, error) from error
    return folder / "index.html"


def _page(matrix: MatrixFolder, summary: Mapping[str, Any], folder: Path) -> ReportPage:
    files = BundleFiles(folder, matrix.path.resolve().name, ())
    answer = matrix_answer(summary)
    tables = (cells_table(summary["matrix"]), differences_table(summary["differences"]))
    for table in tables:
        files.write_table(table)
    chart = _chart(summary, answer.headline)
    return ReportPage(
        title=matrix.name or matrix.path.resolve().name,
        subtitle="matrix",
        answer=answer,
        tables=tables,
        figures=files.draw(Charts((chart,)), None),
        trials=(),
        missing=(f"The order in which they ran, by chance: {', '.join(matrix.order)}.",),
        damage=(),
        facts=(),
        texts={"experiment.yaml": text_of(matrix.path / "experiment.yaml")},
        commands=(),
        figures_heading="The experiments side by side",
    )


def _chart(summary: Mapping[str, Any], title: str) -> Chart:
    cells: Sequence[Mapping[str, Any]] = summary["matrix"]

    def numbers(key: str) -> list[float]:
        return [float("nan") if cell[key] is None else float(cell[key]) for cell in cells]

    def ends(at: int) -> list[float]:
        found = [cell["interval_probes"][at] for cell in cells]
        return [float("nan") if end is None else float(end) for end in found]

    return Chart(
        "matrix",
        "Capacity of each experiment",
        "Points are the most likely capacities, bars their intervals; an arrow is a lower bound. "
        "Which differences are real is in the table above.",
        partial(capacities, cells, title, summary["confidence"]),
        {
            "name": [str(cell["name"]) for cell in cells],
            "capacity_probes": np.array(numbers("probes")),
            "low_probes": np.array(ends(0)),
            "high_probes": np.array(ends(1)),
        },
        Traced(()),
    )
