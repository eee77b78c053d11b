"""The figure of how long each stream of a trial took to its first media."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from farm.model.verdict import Outcome
from reports.figures.canvas import (
    BLUE,
    FEW,
    ORANGE,
    VERDICT_MARKS,
    headline,
    legend_below,
    mark_limit,
    new_figure,
)
from reports.series.grid import Array
from reports.series.trial import SetupTimes


def setup_times(setups: SetupTimes, limit_s: float) -> Figure:
    """How long each stream took to its first media, the slowest last; missing ones at the limit."""
    figure, (axes,) = new_figure()
    came = np.isfinite(setups.setup_s)
    order = np.argsort(np.where(came, setups.setup_s, np.inf), kind="stable")
    at = np.empty(order.size)
    at[order] = np.arange(1, order.size + 1)
    kinds = np.array(setups.kinds)
    size = 6.0 if order.size <= 2 * FEW else 3.0
    for kind, marker, color in (("audio", "o", BLUE), ("video", "s", ORANGE)):
        seen = came & (kinds == kind)
        if seen.any():
            axes.plot(at[seen], setups.setup_s[seen], marker, ms=size, color=color, label=kind)
    if not came.all():
        mark = VERDICT_MARKS[Outcome.FAIL]
        axes.plot(
            at[~came],
            np.full(int(np.sum(~came)), limit_s),
            mark.marker,
            ms=size + 1,
            color=mark.color,
            label="never came",
        )
    mark_limit(axes, limit_s, f"limit, {limit_s:g} s")
    axes.set_xlabel("streams, the fastest first")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlim(0.5, max(1, order.size) + 0.5)
    axes.set_ylabel("offer to first media, s")
    axes.set_yscale("log")
    axes.set_ylim(min(0.1, _fastest(setups.setup_s)), limit_s * 1.6)
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_locator(NullLocator())
    legend_below(figure, axes)
    headline(figure, _setup_title(setups, limit_s))
    return figure


def _setup_title(setups: SetupTimes, limit_s: float) -> str:
    came = setups.setup_s[np.isfinite(setups.setup_s)]
    missing = setups.setup_s.size - came.size
    if not came.size:
        return f"None of the {missing} expected streams ever came"
    slow = int(np.sum(came > limit_s))
    return (
        f"First media after {np.median(came):.2f} s at the median, {came.max():.2f} s at most"
        + (f"; {slow} later than {limit_s:g} s" if slow else "")
        + (f"; {missing} of {setups.setup_s.size} never came" if missing else "")
    )


def _fastest(setup_s: Array) -> float:
    """The shortest time that fits on a logarithmic axis."""
    return float(min(setup_s[setup_s > 0], default=0.1)) * 0.8
