"""A figure as a value: the function that draws it, its caption, and the numbers in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from reports.exports.row_commands import Traced
from reports.series.grid import Array

Column = Sequence[str] | Sequence[int] | Array


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure to be drawn and the numbers in it; `name` is the stem of its files.

    `columns` are of one length, named with their units; `traced` are the recorded tables that they
    come from.
    """

    name: str
    heading: str
    caption: str
    draw: Callable[[], Figure]
    columns: Mapping[str, Column]
    traced: Traced


@dataclass(frozen=True, slots=True)
class Charts:
    """The figures for which a recording has data, and a sentence for each that is missing."""

    charts: tuple[Chart, ...]
    missing: tuple[str, ...] = ()
