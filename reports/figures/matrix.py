"""The figure of a matrix: each experiment's capacity, with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from farm.model.wording import percent
from farm.results.answer_lines import LOWER_BOUNDS
from reports.figures.canvas import BLUE, GREY, VERMILLION, headline, legend_below

_ROW_INCHES = 0.42
_LEAST_INCHES = 2.6


def capacities(cells: Sequence[Mapping[str, Any]], title: str, confidence: float) -> Figure:
    """Draw a row for each cell of `summary.json`: its capacity and interval, in probes."""
    figure = Figure()
    figure.set_figheight(max(_LEAST_INCHES, 1.6 + _ROW_INCHES * len(cells)))
    axes = figure.subplots()
    beyond = max((_end(cell) for cell in cells), default=1.0) * 1.06
    named: set[str] = set()
    interval = f"the capacity, with {percent(confidence)} confidence"

    def label(text: str) -> str:
        """The text for the legend, once; matplotlib leaves out what begins with a line."""
        if text in named:
            return "_"
        named.add(text)
        return text

    for row, cell in enumerate(cells):
        low, high = cell["interval_probes"]
        if low is not None or high is not None:
            axes.hlines(
                row,
                0 if low is None else low,
                beyond if high is None else high,
                color=BLUE,
                lw=7,
                alpha=0.25,
                label=label(interval),
            )
        if cell["probes"] is None:
            axes.annotate(
                str(cell["state"]).replace("_", " "), (0, row), (6, -3),
                textcoords="offset points", color=VERMILLION, fontsize="small",
            )  # fmt: skip
            continue
        is_bound = cell["state"] in LOWER_BOUNDS
        axes.plot(
            cell["probes"],
            row,
            marker=">" if is_bound else "o",
            color=GREY if is_bound else BLUE,
            ls="",
            label=label("at least" if is_bound else "most likely"),
        )
    axes.set_yticks(range(len(cells)), [_words(cell) for cell in cells])
    axes.set_ylim(len(cells) - 0.5, -0.5)
    axes.grid(axis="y", visible=False)
    axes.set_xlim(0, beyond)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("capacity, probes")
    legend_below(figure, axes)
    headline(figure, title)
    return figure


def _end(cell: Mapping[str, Any]) -> float:
    ends = [cell["probes"], *cell["interval_probes"]]
    return float(max((end for end in ends if end is not None), default=1))


def _words(cell: Mapping[str, Any]) -> str:
    return "\n".join(f"{axis} {value}" for axis, value in cell["values"].items())
