"""What all figures share: style, colours, units, phases, titles and legends."""

from __future__ import annotations

import importlib.resources
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from farm.model.trial_evidence import Phases
from farm.model.verdict import Outcome
from reports.series.grid import Array, Band

# Okabe and Ito's colours, which colour-blind people can distinguish.
BLUE, VERMILLION, GREEN = "#0072B2", "#D55E00", "#009E73"
PURPLE, ORANGE, BLACK = "#CC79A7", "#E69F00", "#000000"
GREY = "#6b7480"

SENT, RECEIVED, WORST, LIMIT = BLUE, GREEN, VERMILLION, BLACK

FEW = 40
"""Most probes that are drawn one by one; more become ranks, bands and heat maps."""

_TITLE_LETTERS = 70
_LONGEST_WORD = 10
_LEGEND_LETTERS = 92
_LEGEND_KEY_LETTERS = 8
_HEADROOM = 1.08
_WIDE_S = 300.0
_LETTER_SHARE = 0.013  # of the axis: a phase too short for its name is not named
_PHASE_TINT = {"ramp": 0.11, "settle": 0.055, "leave": 0.11}


@dataclass(frozen=True, slots=True)
class Mark:
    """The look of a verdict in a figure: its shape differs, not its colour alone."""

    label: str
    marker: str
    color: str
    face: str


VERDICT_MARKS = {
    Outcome.PASS: Mark("pass", "o", GREEN, GREEN),
    Outcome.FAIL: Mark("fail", "X", VERMILLION, VERMILLION),
    Outcome.INVALID: Mark("invalid", "^", GREY, "white"),
}


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of an axis: values divided by `scale` are in `name`."""

    scale: float
    name: str

    def text(self, value: float) -> str:
        """`value` in this unit, to about three digits: `487 kbit/s`, `2.31 Mbit/s`."""
        shown = value / self.scale
        return f"{shown:.{0 if shown >= 100 else 1 if shown >= 10 else 2}f} {self.name}"


@contextmanager
def farm_style() -> Iterator[None]:
    """Matplotlib's settings for the farm's figures, while they are drawn and saved."""
    with importlib.resources.as_file(
        importlib.resources.files("reports.figures").joinpath("farm.mplstyle")
    ) as path:
        params = mpl.rc_params_from_file(path, use_default_template=False)
    with mpl.rc_context(rc=params):
        yield


def new_figure(panels: int = 1, *, height: float | None = None) -> tuple[Figure, list[Axes]]:
    """A new figure with panels stacked on one x axis; `height` is in inches."""
    figure = Figure()
    if height is not None:
        figure.set_figheight(height)
    return figure, list(figure.subplots(panels, 1, sharex=True, squeeze=False)[:, 0])


def headline(figure: Figure, title: str) -> None:
    """Set the figure's title: the finding, aligned left, in lines of similar length."""
    lines = len(textwrap.wrap(title, _TITLE_LETTERS))
    width = _TITLE_LETTERS if lines == 1 else len(title) // lines + _LONGEST_WORD
    figure.suptitle(textwrap.fill(title, min(width, _TITLE_LETTERS)), x=0.012, ha="left")


def legend_below(figure: Figure, *panels: Axes) -> None:
    """Put one legend for all panels under the figure, where it covers no data."""
    entries = {
        label: handle
        for axes in panels
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    if entries:
        columns = _LEGEND_LETTERS // (max(map(len, entries)) + _LEGEND_KEY_LETTERS)
        figure.legend(
            list(entries.values()),
            list(entries),
            loc="outside lower left",
            ncols=max(1, min(len(entries), columns)),
        )


def finish_time_axes(figure: Figure, panels: list[Axes], time_s: Array, phases: Phases) -> None:
    """Add to a figure over time its phases, one time axis at the bottom, and a legend."""
    shown = trial_time(panels[-1], time_s, phases)
    end_s = shown[-1] + 1 if shown.size else 0.0
    if shown.size:
        panels[-1].set_xlim(shown[0], end_s)
    for axes in panels:
        shade_phases(axes, phases, end_s, name=axes is panels[0])
    for axes in panels[:-1]:
        axes.set_xlabel("")
    legend_below(figure, *panels)


def bit_rate(*values: Array) -> Unit:
    """The unit kbit/s or Mbit/s, whichever suits the largest of `values`, in bit/s."""
    return Unit(1e6, "Mbit/s") if largest(*values) >= 2e6 else Unit(1e3, "kbit/s")


def byte_size(*values: Array) -> Unit:
    """The unit MiB or GiB, whichever suits the largest of `values`, in bytes."""
    return Unit(2**30, "GiB") if largest(*values) >= 2**31 else Unit(2**20, "MiB")


def largest(*values: Array) -> float:
    """The largest known value, 0 when there is none."""
    known = np.concatenate([value.ravel() for value in values]) if values else np.empty(0)
    known = known[np.isfinite(known)]
    return float(known.max()) if known.size else 0.0


def from_zero(axes: Axes, at_least: float = 0.0) -> None:
    """Start the y axis at 0, with some room above the data, and let it reach `at_least`."""
    top = axes.dataLim.y1 if np.isfinite(axes.dataLim.y1) else 0.0
    axes.set_ylim(0, max(top * _HEADROOM, at_least) or 1.0)


def show_zero(axes: Axes) -> None:
    """Extend the y axis a little below 0, so that a line at 0 is visible."""
    axes.set_ylim(bottom=-0.03 * axes.get_ylim()[1])


def trial_time(axes: Axes, time_s: Array, phases: Phases) -> Array:
    """Run time as seconds of the hold, as in reasons and notes; labels the x axis so.

    Ramp and settle are before 0. Of a trial without a hold it is that since the ramp began, of one
    without a ramp since the recording did.
    """
    start_s = zero_of(phases)
    shown = time_s - (start_s if start_s is not None else time_s[0] if time_s.size else 0.0)
    reached = [each for each in ("hold", "ramp") if getattr(phases, f"{each}_s") is not None]
    what = "of the hold" if "hold" in reached else f"since the {[*reached, 'recording'][0]} began"
    if shown.size and shown[-1] - shown[0] > _WIDE_S:
        axes.xaxis.set_major_locator(MaxNLocator(steps=[1, 2, 3, 6], integer=True))
        axes.xaxis.set_major_formatter(FuncFormatter(_minutes))
        axes.set_xlabel(f"min:s {what}")
    else:
        axes.set_xlabel(f"seconds {what}")
    return shown


def shade_phases(axes: Axes, phases: Phases, end_s: float, *, name: bool = True) -> None:
    """Shade ramp, settle and leave in grey; the hold, which is judged, stays white."""
    spans = list(_spans(phases, end_s))
    shown_s = end_s - spans[0][1] if spans else 0.0
    for phase, start_s, stop_s in spans:
        if phase in _PHASE_TINT:
            axes.axvspan(start_s, stop_s, color="black", alpha=_PHASE_TINT[phase], lw=0, zorder=0)
        if name and stop_s - start_s >= _LETTER_SHARE * len(phase) * shown_s:
            axes.annotate(
                phase,
                ((start_s + stop_s) / 2, 1),
                xycoords=("data", "axes fraction"),
                xytext=(0, 2),
                textcoords="offset points",
                ha="center",
                fontsize=8,
                color=GREY,
            )


def fill_band(
    axes: Axes, time_s: Array, band: Band, scale: float, color: str, *, few: bool, name: str = ""
) -> None:
    """Draw the spread: a pale band of all probes, and unless `few` one of the middle 80 %."""
    axes.fill_between(
        time_s,
        band.low / scale,
        band.high / scale,
        color=color,
        alpha=0.2,
        lw=0,
        label=f"{name}lowest to highest probe",
    )
    if not few:
        axes.fill_between(
            time_s,
            band.tenth / scale,
            band.ninetieth / scale,
            color=color,
            alpha=0.3,
            lw=0,
            label=f"{name}middle 80 % of the probes",
        )


def mark_limit(axes: Axes, value: float, label: str, **more: Any) -> None:
    """Draw a limit of the criteria as a thin dotted line."""
    axes.axhline(value, color=LIMIT, lw=1.1, ls=(0, (1, 2)), label=label, **more)


def zero_of(phases: Phases) -> float | None:
    """The run time at 0 of the axis of `trial_time`; `None`: the begin of the recording."""
    return phases.ramp_s if phases.hold_s is None else phases.hold_s


def _spans(phases: Phases, end_s: float) -> Iterator[tuple[str, float, float]]:
    """The phases that were reached, on the axis of `trial_time`; the last one ends at `end_s`."""
    zero_s = zero_of(phases)
    if zero_s is None:
        return
    starts = [
        (name, at_s - zero_s)
        for name, at_s in (
            ("ramp", phases.ramp_s),
            ("settle", phases.settle_s),
            ("hold", phases.hold_s),
            ("leave", phases.leave_s),
        )
        if at_s is not None
    ]
    stops = [start for _, start in starts[1:]] + [end_s]
    for (name, start), stop in zip(starts, stops, strict=True):
        if stop > start:
            yield name, start, stop


def _minutes(value: float, _: int) -> str:
    sign = "−" if value < 0 else ""
    return f"{sign}{int(abs(value)) // 60}:{int(abs(value)) % 60:02d}"
