"""Figures of the probes of a trial over time: bitrate, loss, frame rate."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from farm.model.trial_evidence import Phases
from farm.model.webrtc_stats import MediaKind
from farm.model.wording import counted, percent
from reports.figures.canvas import (
    BLUE,
    FEW,
    RECEIVED,
    SENT,
    WORST,
    bit_rate,
    fill_band,
    finish_time_axes,
    from_zero,
    headline,
    largest,
    mark_limit,
    new_figure,
    show_zero,
    trial_time,
)
from reports.series.grid import Grid
from reports.series.trial import ByProbe


def bitrate_over_time(
    kind: MediaKind, sent: Grid, received: Grid, phases: Phases, in_hold: ByProbe
) -> Figure:
    """Draw payload bitrate sent and received: the probes' average, and the band of all.

    Here and below `in_hold` has the figures over the hold for the title.
    """
    bands = (sent.band(), received.band())
    unit = bit_rate(*(band.high for band in bands))
    figure, panels = new_figure(2, height=4.9)
    for axes, band, grid, word, color in zip(
        panels, bands, (sent, received), ("sent", "received"), (SENT, RECEIVED), strict=True
    ):
        shown = trial_time(axes, grid.time_s, phases)
        few = len(grid.names) <= FEW
        fill_band(axes, shown, band, unit.scale, color, few=few, name=f"{word}: ")
        axes.plot(shown, band.mean / unit.scale, color=color, label=f"{word}: average")
        axes.set_ylabel(f"{word}, {unit.name}")
    ceiling = max(axes.get_ylim()[1] for axes in panels)
    for axes in panels:
        from_zero(axes, ceiling)
    finish_time_axes(figure, panels, sent.time_s, phases)

    rates = in_hold.received_bps[kind]
    if np.isfinite(rates).any():
        worst = int(np.nanargmin(rates))
        headline(
            figure,
            f"{kind.capitalize()} received in the hold: {unit.text(float(np.nanmean(rates)))} on "
            f"average, lowest on {in_hold.probes[worst]}: "
            f"{unit.text(rates[worst])}{in_hold.together}",
        )
    else:
        headline(figure, f"{kind.capitalize()} bitrate: nothing was received in the hold")
    return figure


def loss_over_time(
    loss: Grid, phases: Phases, in_hold: ByProbe, window_s: float, limit_ratio: float
) -> Figure:
    """Draw post-repair loss in percent: the probes' average and the worst probe."""
    band = loss.band()
    figure, (axes,) = new_figure()
    shown = trial_time(axes, loss.time_s, phases)
    if len(loss.names) > FEW:
        axes.fill_between(
            shown,
            band.tenth * 100,
            band.ninetieth * 100,
            color=BLUE,
            alpha=0.25,
            lw=0,
            label="middle 80 % of the probes",
        )
    axes.plot(shown, band.high * 100, color=WORST, ls="--", label="worst probe of each second")
    axes.plot(shown, band.mean * 100, color=BLUE, label="average of the probes")
    mark_limit(axes, limit_ratio * 100, f"limit, {percent(limit_ratio)} a window")
    axes.set_ylabel(f"post-repair loss, %\n(of the {window_s:.0f} s before)")
    from_zero(axes, limit_ratio * 150)
    show_zero(axes)
    finish_time_axes(figure, [axes], loss.time_s, phases)

    seen = loss.between(phases.hold_s, phases.leave_s)
    if not np.isfinite(in_hold.lost_down).any() or not seen.time_s.size:
        headline(figure, "Post-repair loss: nothing was received in the hold")
    elif largest(in_hold.lost_down) == 0:
        but = _without_loss(in_hold)
        headline(figure, f"No post-repair loss on the way to probes in the hold{but}")
    else:
        peaks = np.nan_to_num(seen.values, nan=-1).max(axis=1)
        worst = int(peaks.argmax())
        headline(
            figure,
            f"Post-repair loss in the hold: {percent(float(np.nanmean(in_hold.lost_down)))} "
            f"on average, up to {percent(peaks[worst])} at a time on {seen.names[worst]}",
        )
    return figure


def _without_loss(in_hold: ByProbe) -> str:
    """How many probes received nothing, and of how many others the loss is unknown, in words."""
    unseen = np.isnan(in_hold.lost_down)
    moving = np.isfinite(np.vstack(list(in_hold.received_bps.values()))).any(axis=0)
    probes = counted(len(in_hold.probes), "probe")
    nothing, unknown = int(np.sum(unseen & ~moving)), int(np.sum(unseen & moving))
    return (f"; unknown for {unknown} of {probes}" if unknown else "") + (
        f"; {nothing} of {probes} received nothing" if nothing else ""
    )


def frame_rate_over_time(
    frame_rate: Grid, phases: Phases, in_hold: ByProbe, asked: Sequence[float]
) -> Figure:
    """Draw frames decoded per second: the probes' median and the worst.

    `asked` are the rates that cameras were asked for, the lowest first.
    """
    band = frame_rate.band()
    figure, (axes,) = new_figure()
    shown = trial_time(axes, frame_rate.time_s, phases)
    fill_band(axes, shown, band, 1.0, BLUE, few=len(frame_rate.names) <= FEW)
    axes.plot(shown, band.low, color=WORST, ls="--", label="worst probe of each second")
    axes.plot(shown, band.median, color=BLUE, label="median of the probes")
    for word, rate in _cameras(asked):
        mark_limit(axes, rate, f"{word}, {rate:g} frames/s")
    axes.set_ylabel("decoded frames/s")
    from_zero(axes, (asked[-1] if asked else 1.0) * 1.15)
    finish_time_axes(figure, [axes], frame_rate.time_s, phases)

    rates = in_hold.frame_rate
    if np.isfinite(rates).any():
        worst = int(np.nanargmin(rates))
        headline(
            figure,
            f"Frame rate in the hold: {np.nanmedian(rates):.1f} frames/s at the median probe, "
            f"lowest on {in_hold.probes[worst]}: {rates[worst]:.1f} "
            f"{in_hold.slowest[worst]}".strip(),
        )
    else:
        headline(figure, "Frame rate: no frame was decoded in the hold")
    return figure


def _cameras(asked: Sequence[float]) -> Sequence[tuple[str, float]]:
    if len(asked) < 2:
        return [("camera", rate) for rate in asked]
    return [("slowest camera", asked[0]), ("fastest camera", asked[-1])]
