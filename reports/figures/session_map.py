"""Figure of the session map: sessions over the windows of the hold, the worst on top.

Up to `ROWS` sessions are all shown; of more the worst ones, below the shares of all of them.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure

from farm.model.wording import counted
from reports.figures.canvas import ORANGE, VERMILLION, headline, legend_below
from reports.series.grid import Array
from reports.series.session_quality import CAUSES, COUNTLESS, SessionQuality, cause_text

ROWS = 24
_NAMES = 4  # of probes in a row's label; of more the first and the last are named
_LINE = 66  # letters above the map
_LETTERED = 40  # windows, at most, for a letter to fit into each
_DARKEST = 5.0  # times a limit, and all beyond
_NEAR = 0.5
_LETTERS = tuple(cause_text(cause)[0].upper() for cause in CAUSES)
_UNSEEN = "#d7dbe0"


def session_map(quality: SessionQuality) -> Figure:
    """Draw the share of a limit used up as colour; cells beyond a limit have a letter."""
    windows = quality.windows
    order = quality.worst_first()[:ROWS]
    many = len(windows.sessions) > len(order)
    figure = Figure()
    rows_high = max(3.4, 1.9 + 0.2 * len(order))
    figure.set_figheight(rows_high + (1.4 if many else 0))
    if many:
        above, axes = figure.subplots(
            2, 1, sharex=True, gridspec_kw={"height_ratios": [1.2, rows_high - 1.2]}
        )
        _shares(above, quality)
    else:
        axes = figure.subplots()
    start_s = windows.start_s[0]
    edges = np.append(windows.start_s, windows.end_s[-1]) - start_s
    used = quality.used[order]
    top = float(np.clip(np.nanmax(used, initial=0.0), 2.0, _DARKEST))
    mesh = axes.pcolormesh(
        edges,
        np.arange(len(order) + 1),
        np.ma.masked_invalid(np.minimum(used, top)),
        cmap="YlOrBr",
        norm=TwoSlopeNorm(1.0, 0.0, top),
        edgecolors="white",
        linewidth=0.6,
    )
    axes.set_facecolor(_UNSEEN)
    axes.invert_yaxis()
    axes.grid(visible=False)
    axes.set_yticks(np.arange(len(order)) + 0.5, [_who(quality, place) for place in order])
    axes.tick_params(axis="y", length=0, labelsize=8)
    axes.set_xlabel("seconds of the hold, window by window (grey: not seen)")
    axes.set_ylabel(f"{windows.unit}s, the worst on top")
    further = "max" if float(np.nanmax(used, initial=0.0)) > top else "neither"
    bar = figure.colorbar(mesh, ax=axes, pad=0.02, fraction=0.05, aspect=30, extend=further)
    bar.set_label("multiple of the limit")
    bar.ax.axhline(1.0, color="black", lw=1.2)
    lettered = _letters(axes, quality, order, edges, top)
    if many:
        legend_below(figure, above)
    if lettered:
        words = ", ".join(f"{_LETTERS[each]} {cause_text(CAUSES[each])}" for each in lettered)
        axes.annotate(
            textwrap.fill(f"beyond a limit: {words}", _LINE),
            (0, 1),
            xycoords="axes fraction",
            xytext=(0, 4),
            textcoords="offset points",
            fontsize=8.5,
        )
    headline(figure, _title(quality))
    return figure


def _letters(
    axes: Axes, quality: SessionQuality, order: Sequence[int], edges: Array, top: float
) -> list[int]:
    """Write a letter into each cell beyond a limit; returns the limits, as indices."""
    used, cause = quality.used[order], quality.cause[order]
    beyond = np.nan_to_num(used, nan=0.0) > 1
    middle = (edges[:-1] + edges[1:]) / 2
    if len(middle) <= _LETTERED:
        for row, column in np.argwhere(beyond):
            axes.annotate(
                _LETTERS[cause[row, column]],
                (middle[column], row + 0.5),
                ha="center",
                va="center",
                fontsize=7.5,
                color="white" if used[row, column] > 1 + (top - 1) / 3 else "black",
            )
    return sorted(int(each) for each in np.unique(cause[beyond]))


def _shares(axes: Axes, quality: SessionQuality) -> None:
    """Draw the shares of all sessions that were beyond a limit, and beyond half of one."""
    windows, used = quality.windows, quality.used
    edges = np.append(windows.start_s, windows.end_s[-1]) - windows.start_s[0]
    seen = np.maximum(np.isfinite(used).sum(axis=0), 1)
    beyond = (np.nan_to_num(used, nan=0.0) > 1).sum(axis=0) / seen * 100
    near = ((used > _NEAR) & (used <= 1)).sum(axis=0) / seen * 100
    low = np.zeros_like(beyond)
    for share, color, label, hatch in (
        (beyond, VERMILLION, "beyond a limit", "///"),
        (near, ORANGE, "beyond half of a limit", ""),
    ):
        axes.fill_between(
            edges,
            np.append(low, low[-1:]),
            np.append(low + share, (low + share)[-1:]),
            step="post",
            facecolor=color,
            edgecolor="white",
            hatch=hatch,
            lw=0,
            label=label,
        )
        low = low + share
    axes.set_ylabel(f"% of all\n{windows.unit}s")
    axes.set_ylim(0, max(5.0, float(low.max(initial=0.0)) * 1.1))


def _who(quality: SessionQuality, place: int) -> str:
    """The label of a row: `s003: p006, p007 absent`."""
    probes, absent = quality.windows.probes[place], quality.windows.absent[place]
    if len(probes) > _NAMES:
        names = f"{probes[0]} to {probes[-1]}"
        names += f", {len(absent)} absent" if absent else ""
    else:
        names = ", ".join(f"{each} absent" if each in absent else each for each in probes)
    return f"{quality.windows.sessions[place]}: {names}"


def _title(quality: SessionQuality) -> str:
    windows, peaks = quality.windows, quality.peaks
    total = len(windows.sessions)
    bad = int(np.sum(np.nan_to_num(peaks, nan=0.0) > 1))
    out = sum(1 for absent in windows.absent if absent)
    never = ""
    if out:
        many = counted(out, windows.unit)
        how = "never joined" if windows.unit == "viewer" else "had a probe that never joined"
        never = f"; {many} {how}"
    if quality.others:
        never += f"; the reasons name {', '.join(quality.others[:_NAMES])}"
    if not bad:
        unseen = int(np.isnan(quality.used).sum())
        seen = f" that was seen ({unseen} of {quality.used.size} were not)" if unseen else ""
        return f"No window{seen} of {counted(total, windows.unit)} went beyond a limit{never}"
    worst = int(np.nanargmax(peaks))
    column = int(np.nanargmax(quality.used[worst]))
    cause, times = CAUSES[int(quality.cause[worst, column])], peaks[worst]
    counts = times < 100 and cause not in COUNTLESS
    far = f", {times:.1f} times the limit" if counts else ""
    return (
        f"{bad} of {counted(total, windows.unit)} went beyond a limit; the worst is "
        f"{windows.sessions[worst]}: {cause_text(cause)}{far}{never}"
    )
