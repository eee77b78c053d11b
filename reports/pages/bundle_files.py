"""Writes the files of a report: figures, their numbers, tables, screenshots."""

from __future__ import annotations

import csv
import shutil
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np

from farm.recording.file_inside import open_inside
from farm.recording.trial_reader import TrialReader
from reports.exports.row_commands import Traced, commands
from reports.exports.rows import OF_A_RUN, has_rows
from reports.figures.chart import Chart, Charts, Column
from reports.pages.page import FigureEntry, Image
from reports.text.table import Table
from reports.wording.file_names import file_name_part


class BundleFiles:
    """Writes files of a report into `folder`, which exists.

    `run` is the run folder's name, as commands use it, `trials` are all of its trials.
    """

    def __init__(self, folder: Path, run: str, trials: Sequence[TrialReader]) -> None:
        self._folder = folder
        self._trials = trials
        self.run = run

    # ------------------------------------------------------------ figures and their numbers

    def draw(self, charts: Charts, trial: TrialReader | None) -> tuple[FigureEntry, ...]:
        """Draw figures and write their numbers, of one trial or of the whole run."""
        return tuple(self.figure(chart, trial) for chart in charts.charts)

    def figure(self, chart: Chart, trial: TrialReader | None) -> FigureEntry:
        figure = chart.draw()
        path = self._folder / f"{chart.name}.png"
        figure.savefig(path)
        finding = figure.get_suptitle().replace("\n", " ")
        self._write_csv(f"{chart.name}.csv", _column_lines(chart.columns))
        image = _image(path, f"{chart.heading}. {finding}".rstrip(". ") + ".", chart.caption)
        commands_behind = self.commands(chart.traced, trial)
        return FigureEntry(chart.heading, image, f"{chart.name}.csv", commands_behind)

    def write_table(self, table: Table) -> None:
        """Write all rows of a table that names a file."""
        self._write_csv(f"{table.csv}.csv", _table_lines(table))

    def _write_csv(self, name: str, lines: Iterable[Sequence[object]]) -> None:
        with (self._folder / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(lines)

    # ------------------------------------------------------------ where numbers come from

    def traced(self, table: Table, trial: TrialReader | None) -> Table:
        """The table with the commands that print the rows behind it."""
        if table.traced is None:
            return table
        return replace(table, commands=self.commands(table.traced, trial))

    def commands(self, traced: Traced, trial: TrialReader | None) -> tuple[str, ...]:
        """The commands that print the rows, for the tables that were recorded."""
        if trial is None:
            whole = tuple(table for table in traced.tables if table in OF_A_RUN)
            parts = replace(traced, tables=tuple(set(traced.tables) - set(whole)))
            each = [self.commands(parts, one) for one in self._trials] if parts.tables else []
            return (*commands(self.run, replace(traced, tables=whole), None), *chain(*each))
        there = tuple(
            table for table in traced.tables if table in OF_A_RUN or has_rows(trial, table)
        )
        return commands(self.run, replace(traced, tables=there), trial.plan.index)

    # ------------------------------------------------------------ screenshots

    def copy(
        self, trial: TrialReader, name: str, prefix: str, alt: str, caption: str
    ) -> Image | None:
        """Copy a screenshot beside the page under a safe name; `None` if it is missing.

        Only the last part of `name` counts, and symbolic links are not followed: a name in a
        recording must not lead to another folder.
        """
        source = trial.folder.screenshots / Path(name).name
        try:
            screenshot = open_inside(trial.folder.run, source)
        except OSError:
            return None
        target = self._folder / f"{prefix}-{file_name_part(source.stem)}.png"
        with screenshot, target.open("wb") as file:
            shutil.copyfileobj(screenshot, file)
        return _image(target, alt, caption)


def _image(path: Path, alt: str, caption: str) -> Image:
    """A PNG with its size in pixels, 0 x 0 where it is damaged."""
    header = path.read_bytes()[:24]
    width, height = struct.unpack(">II", header[16:24]) if len(header) == 24 else (0, 0)
    return Image(path.name, alt, caption, width, height)


def _table_lines(table: Table) -> Iterable[Sequence[object]]:
    yield [heading.text for heading in table.headings]
    for place in table.worst_first or range(len(table.rows)):
        yield ["" if cell.sort is None else cell.sort for cell in table.rows[place]]


def _column_lines(columns: Mapping[str, Column]) -> Iterable[Sequence[object]]:
    yield list(columns)
    for row in zip(*columns.values(), strict=True):
        yield [_plain(value) for value in row]


def _plain(value: object) -> object:
    """A number to nine significant digits, empty where it is unknown."""
    if isinstance(value, float | np.floating):
        return "" if np.isnan(value) else f"{value:.9g}"
    return value
