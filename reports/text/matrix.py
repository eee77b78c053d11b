"""A matrix in tables and sentences: its experiments, and the differences between them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from farm.model.wording import counted
from farm.results.matrix_lines import difference_text
from farm.search.capacity_estimate import CONCLUSIVE
from reports.text.answer import AnswerText
from reports.text.capacity_words import capacity_text, interval_text
from reports.text.table import Cell, Heading, Table, number_cell

_MOST_SENTENCES = 8


def matrix_answer(summary: Mapping[str, Any]) -> AnswerText:
    """The answer: which differences are real, and what was not measured."""
    cells: Sequence[Mapping[str, Any]] = summary["matrix"]
    real = [each for each in summary["differences"] if each["real"]]
    open_cells = [cell for cell in cells if cell["state"] not in CONCLUSIVE]
    unfinished = any(cell["state"] in ("not_measured", "unfinished") for cell in open_cells)
    headline = (
        f"{counted(len(real), 'difference')} between {len(cells)} experiments "
        f"{'is' if len(real) == 1 else 'are'} real."
        if real
        else f"No difference between {len(cells)} experiments is shown to be real."
    )
    points = [difference_text(each) for each in real]
    more = len(points) - _MOST_SENTENCES
    return AnswerText(
        "open",
        "matrix" if not open_cells else "incomplete",
        headline,
        tuple(points[:_MOST_SENTENCES]) + ((f"and {more} more, below",) if more > 0 else ()),
        tuple(
            f"{_words(cell)}: {cell['trouble'] or _without_answer(cell['state'])}."
            for cell in open_cells
        ),
        ("farm size --resume continues it.",) if unfinished else (),
    )


def _without_answer(state: str) -> str:
    if state == "unfinished":
        return "the search has no answer yet"
    return f"the search ended without an answer ({state.replace('_', ' ')})"


def cells_table(cells: Sequence[Mapping[str, Any]]) -> Table:
    """The table of experiments: a column for each axis, then what the search came to."""
    axes = list(cells[0]["values"]) if cells else []
    return Table(
        "Experiments",
        (
            *(Heading(axis) for axis in axes),
            Heading("capacity"),
            Heading("probes", number=True),
            Heading("interval"),
            Heading("recommended", number=True),
            Heading("limited by"),
            Heading("state"),
            Heading("trials", number=True),
            Heading("report"),
        ),
        tuple(_cell_row(cell) for cell in cells),
        csv="experiments",
    )


def differences_table(differences: Sequence[Mapping[str, Any]]) -> Table:
    """The table of pairs that differ in one axis alone, the surest first."""
    ordered = sorted(differences, key=lambda each: (not each["real"], -_sureness(each)))
    return Table(
        "Differences",
        (
            Heading("axis"),
            Heading("from"),
            Heading("to"),
            Heading("the others being"),
            Heading("real"),
            Heading("holds, of the former", number=True),
            Heading("in words"),
        ),
        tuple(
            (
                _word(each["axis"]),
                _word(each["value_a"]),
                _word(each["value_b"]),
                _word(", ".join(f"{axis} {value}" for axis, value in each["of"].items()) or "-"),
                _word("yes" if each["real"] else "not shown"),
                number_cell(
                    each["ratio"], None if each["ratio"] is None else f"{each['ratio']:.0%}"
                ),
                _word(difference_text(each)),
            )
            for each in ordered
        ),
        csv="differences",
    )


def _cell_row(cell: Mapping[str, Any]) -> tuple[Cell, ...]:
    capacity = {key: cell[key] for key in ("probes", "sessions", "viewers", "interval_probes")}
    known = cell["scenario"] is not None
    return (
        *(_word(value) for value in cell["values"].values()),
        _word(capacity_text(cell["scenario"], capacity, cell["state"]) if known else "unknown"),
        number_cell(cell["probes"]),
        _word(interval_text(capacity)),
        number_cell(cell["recommended_probes"]),
        _word(cell["limited_by"] or "unknown"),
        _word(str(cell["state"]).replace("_", " ")),
        number_cell(cell["trials"]),
        Cell("report", cell["name"], link=f"../{cell['run']}/report/index.html")
        if known
        else _word("none"),
    )


def _word(text: str) -> Cell:
    return Cell(text, text)


def _words(cell: Mapping[str, Any]) -> str:
    return ", ".join(f"{axis} {value}" for axis, value in cell["values"].items())


def _sureness(difference: Mapping[str, Any]) -> float:
    lower = difference["probability_lower"]
    return 0.0 if lower is None else max(lower, 1 - lower)
