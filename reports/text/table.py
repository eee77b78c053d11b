"""Tables as values: text for people, a key to sort by. Pure."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from farm.model.verdict import Outcome
from farm.model.wording import UNKNOWN
from reports.exports.row_commands import Traced
from reports.wording.phrases import bitrate

SHOWN_ROWS = 200
"""Rows shown of a longer table, the worst; the CSV beside it has all."""

OF_VIDEO = frozenset({"video", "video sent", "video received", "frames/s"})
"""Columns of tables that are of video; left out where none is owed, and none came."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: `sort` orders the column (unknown last), `outcome` gives it a verdict's look."""

    text: str
    sort: float | str | None = None
    outcome: Outcome | None = None
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Heading:
    """The heading of a column; numbers are aligned right."""

    text: str
    number: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table for the page.

    `csv` is the stem of the file with all rows, where there is one. `worst_first` are indices of
    rows, for a table too long to be shown whole; `total` counts all rows. `traced` are the recorded
    tables that the numbers come from, `commands` print them.
    """

    caption: str
    headings: tuple[Heading, ...]
    rows: tuple[tuple[Cell, ...], ...]
    csv: str | None = None
    worst_first: tuple[int, ...] = ()
    total: int | None = None
    traced: Traced | None = None
    commands: tuple[str, ...] = ()

    def shown(self) -> Table:
        """The table with at most `SHOWN_ROWS` rows, the worst."""
        if len(self.rows) <= SHOWN_ROWS:
            return self
        places = (self.worst_first or range(len(self.rows)))[:SHOWN_ROWS]
        return replace(self, rows=tuple(self.rows[place] for place in places), total=len(self.rows))

    def without(self, headings: Collection[str]) -> Table:
        """The table without those of these columns in which nothing is known."""
        kept = [
            at
            for at, heading in enumerate(self.headings)
            if heading.text not in headings or any(row[at].text != UNKNOWN for row in self.rows)
        ]
        return replace(
            self,
            headings=tuple(self.headings[at] for at in kept),
            rows=tuple(tuple(row[at] for at in kept) for row in self.rows),
        )

    def linked(self, anchors: Mapping[str, str]) -> Table:
        """The table with its `session` cells as links to `anchors` of the page."""
        headings = [heading.text for heading in self.headings]
        if "session" not in headings:
            return self
        at = headings.index("session")
        rows = tuple(
            (*row[:at], replace(row[at], link=f"#{anchors[row[at].text]}"), *row[at + 1 :])
            if row[at].text in anchors
            else row
            for row in self.rows
        )
        return replace(self, rows=rows)


def number_cell(value: float | None, text: str | None = None) -> Cell:
    """A cell with a number, or `unknown`."""
    if value is None or not math.isfinite(value):
        return Cell(UNKNOWN)
    return Cell(f"{value:g}" if text is None else text, float(value))


def first_few(sentences: Sequence[str], few: int = 3) -> Sequence[str]:
    """The first `few` sentences, and how many more there are."""
    left = len(sentences) - few
    return [*sentences[:few], *([f"and {left} more"] if left > 0 else [])]


def lines_cell(sentences: Sequence[str], count: int) -> Cell:
    """A cell with a sentence a line, sorted by their `count`."""
    return Cell("\n".join(sentences) or "none", float(count))


def bitrate_cell(value: float | None) -> Cell:
    """A cell with a bitrate, in kbit/s or Mbit/s."""
    return number_cell(value, bitrate(value))


def percent_cell(value: float | None) -> Cell:
    """A ratio, shown as percent in as many decimals as a column has room for; what is not 0 is
    never called 0."""
    shown = math.nan if value is None else value * 100
    if 0 < shown < 0.005:
        return number_cell(value, "less than 0.01 %")
    decimals = 0 if shown == 0 or shown >= 10 else 1 if shown >= 0.995 else 2
    return number_cell(value, f"{shown:.{decimals}f} %")


def frames_cell(value: float | None) -> Cell:
    """A cell with frames per second."""
    return number_cell(value, None if value is None else f"{value:.1f}")


def cpu_cell(value: float | None) -> Cell:
    """A cell with CPU in percent."""
    return number_cell(value, None if value is None else f"{value:.0f} %")
