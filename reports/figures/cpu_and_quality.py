"""Figure of quality against the server's CPU: a point for each second of the hold."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from reports.figures.canvas import (
    BLUE,
    VERMILLION,
    bit_rate,
    from_zero,
    headline,
    new_figure,
    show_zero,
)
from reports.series.grid import Array

_MANY = 600


def quality_against_cpu(
    kind: str, cpu_percent: Array, received_bps: Array, lost_ratio: Array, relation: str
) -> Figure:
    """Draw means over the probes, `(seconds,)` each; `relation` is the finding in words."""
    unit = bit_rate(received_bps)
    figure, (rate, loss) = new_figure(2, height=4.9)
    size = 3.0 if cpu_percent.size > _MANY else 5.0
    for axes, values, marker, color in (
        (rate, received_bps / unit.scale, "o", BLUE),
        (loss, lost_ratio * 100, "s", VERMILLION),
    ):
        axes.plot(cpu_percent, values, marker, color=color, ms=size, alpha=0.6, mew=0)
    rate.set_ylabel(f"{kind} received,\n{unit.name} a probe")
    loss.set_ylabel("post-repair\nloss, %")
    loss.set_xlabel("the server's CPU in that second, % of all its cores")
    for axes in (rate, loss):
        axes.grid(visible=True, axis="both")
        axes.margins(x=0.04)
        from_zero(axes)
    from_zero(loss, 1.5)
    show_zero(loss)
    known = cpu_percent[np.isfinite(cpu_percent)]
    if known.size:
        spread = max(10.0, float(known.max() - known.min()))
        loss.set_xlim(max(0.0, known.min() - spread * 0.1), min(known.max() + spread * 0.1, 101.0))
    figure.align_ylabels([rate, loss])
    headline(figure, relation)
    return figure
