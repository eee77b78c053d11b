"""Figure of signs of saturation of the server: waits, drops, busy parts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from farm.model.trial_evidence import Phases
from farm.model.wording import percent
from reports.exports.row_commands import Traced
from reports.figures.canvas import (
    BLACK,
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    VERMILLION,
    finish_time_axes,
    from_zero,
    headline,
    new_figure,
    trial_time,
)
from reports.figures.chart import Chart
from reports.series.grid import mean_held
from reports.series.server_strain import ServerStrain

_COLORS = (BLUE, ORANGE, BLACK, PURPLE, GREEN, VERMILLION)
_STYLES = ("-", "--", ":")
_PANEL_INCHES = 1.1
_FOOT_INCHES = 1.8


def strain_charts(strain: ServerStrain | None, phases: Phases) -> Sequence[Chart]:
    """The chart; none where there was no sign, so that the page stays short."""
    if strain is None:
        return ()
    return (
        Chart(
            "server-strain",
            "Signs of saturation of the server",
            "Waits, drops and the busiest parts. Interrupts are those of the network, on the core "
            "that had most. A kind that is not drawn was not sampled, or did not happen.",
            lambda: server_strain_over_time(strain, phases),
            {
                "run_time_s": strain.time_s,
                **{
                    sign.column: values
                    for panel in strain.panels
                    for sign, values in zip(panel.signs, panel.values, strict=True)
                },
            },
            Traced(("server",)),
        ),
    )


def server_strain_over_time(strain: ServerStrain, phases: Phases) -> Figure:
    """Draw a panel for each kind of sign that there was."""
    count = len(strain.panels)
    figure, axes = new_figure(count, height=_FOOT_INCHES + _PANEL_INCHES * count)
    place = 0
    for each, panel in zip(axes, strain.panels, strict=True):
        shown = trial_time(each, strain.time_s, phases)
        for sign, values in zip(panel.signs, panel.values, strict=True):
            # Slow samples are joined by a line, so that it has no gaps.
            at = np.isfinite(values) if sign.slow else np.full(values.shape, fill_value=True)
            color, style = _COLORS[place % len(_COLORS)], _STYLES[place // len(_COLORS) % 3]
            each.plot(shown[at], values[at], color=color, ls=style, label=sign.label)
            place += 1
        each.set_ylabel(panel.axis)
        from_zero(each)
    figure.align_ylabels(axes)
    finish_time_axes(figure, axes, strain.time_s, phases)
    headline(figure, _worst(strain, phases))
    return figure


def _worst(strain: ServerStrain, phases: Phases) -> str:
    """The mean of the busiest core over the hold, and peaks of drops, for the title."""
    by_column = {
        sign.column: values
        for panel in strain.panels
        for sign, values in zip(panel.signs, panel.values, strict=True)
    }
    unknown = np.full(strain.time_s.shape, np.nan)
    parts = []
    for column, text in (
        ("busiest_core_percent", "The busiest core of the server was busy {} of the hold"),
        ("cgroup_throttled_percent", "its CPU quota was used up in {} of the periods"),
    ):
        mean = mean_held(strain.time_s, by_column.get(column, unknown), phases)
        if mean > 0:
            parts.append(text.format(percent(mean / 100)))
    for column, text in (
        ("udp_receive_buffer_errors_per_s", "up to {:.0f} UDP packets/s were dropped by sockets"),
        ("queue_drops_per_s", "up to {:.0f} packets/s were dropped by the interface's queue"),
    ):
        peak = float(np.nanmax(by_column[column])) if column in by_column else 0.0
        if peak > 0:
            parts.append(text.format(peak))
    text = ", ".join(parts) or "What the server waited for"
    return text[:1].upper() + text[1:]
