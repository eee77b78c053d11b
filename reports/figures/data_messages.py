"""Figure of the messages of data channels over time."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from farm.model.trial_evidence import Phases
from reports.exports.row_commands import Traced
from reports.figures.canvas import (
    FEW,
    RECEIVED,
    SENT,
    fill_band,
    finish_time_axes,
    from_zero,
    headline,
    new_figure,
    show_zero,
    trial_time,
)
from reports.figures.chart import Chart
from reports.series.data_channels import MessageRates, rate_columns


def data_messages_chart(rates: MessageRates, phases: Phases) -> Chart:
    """The chart of the messages that probes sent and received."""
    return Chart(
        "data-messages",
        "Data channels over time",
        "Messages a second on all data channels of a probe. The band reaches from the lowest to "
        "the highest probe.",
        lambda: data_messages(rates, phases),
        rate_columns(rates),
        Traced(("data-channel",)),
    )


def data_messages(rates: MessageRates, phases: Phases) -> Figure:
    """Draw messages sent and received: the probes' average, and the band of all."""
    figure, panels = new_figure(2, height=4.9)
    for axes, grid, word, color in zip(
        panels, (rates.sent, rates.received), ("sent", "received"), (SENT, RECEIVED), strict=True
    ):
        band = grid.band()
        shown = trial_time(axes, grid.time_s, phases)
        fill_band(axes, shown, band, 1.0, color, few=len(grid.names) <= FEW, name=f"{word}: ")
        axes.plot(shown, band.mean, color=color, label=f"{word}: average")
        axes.set_ylabel(f"{word},\nmessages/s")
        from_zero(axes)
        show_zero(axes)
    finish_time_axes(figure, panels, rates.sent.time_s, phases)
    headline(figure, _title(rates, phases))
    return figure


def _title(rates: MessageRates, phases: Phases) -> str:
    held = rates.received.between(phases.hold_s, phases.leave_s)
    means = held.means()
    if not np.isfinite(means).any():
        return "Data channels: no message was received in the hold"
    worst = int(np.nanargmin(means))
    return (
        f"Messages received in the hold: {np.nanmean(means):.1f} a second on average, fewest on "
        f"{held.names[worst]}: {means[worst]:.1f}"
    )
