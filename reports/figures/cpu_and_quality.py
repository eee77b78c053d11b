"""Figure of quality against the server's CPU: a point for each second of the hold."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from reports.figures.canvas import (
    BLUE,
    PURPLE,
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
    kind: str,
    cpu_percent: Array,
    received_bps: Array,
    frame_rate: Array | None,
    lost_ratio: Array,
    *,
    relation: str,
) -> Figure:
    """Draw means over the probes, `(seconds,)` each, without video no `frame_rate`.

    `relation` is the finding in words.
    """
    unit = bit_rate(received_bps)
    size = 3.0 if cpu_percent.size > _MANY else 5.0
    rows = [
        (f"{kind} received,\n{unit.name} a probe", received_bps / unit.scale, "o", BLUE),
        *([] if frame_rate is None else [("decoded\nframes/s", frame_rate, "^", PURPLE)]),
        ("post-repair\nloss, %", lost_ratio * 100, "s", VERMILLION),
    ]
    figure, panels = new_figure(len(rows), height=3.1 + 0.9 * len(rows))
    for axes, (label, values, marker, color) in zip(panels, rows, strict=True):
        axes.plot(cpu_percent, values, marker, color=color, ms=size, alpha=0.6, mew=0)
        axes.set_ylabel(label)
    loss = panels[-1]
    loss.set_xlabel("the server's CPU in that second, % of all its cores")
    for axes in panels:
        axes.grid(visible=True, axis="both")
        axes.margins(x=0.04)
        from_zero(axes)
    from_zero(loss, 1.5)
    show_zero(loss)
    known = cpu_percent[np.isfinite(cpu_percent)]
    if known.size:
        spread = max(10.0, float(known.max() - known.min()))
        loss.set_xlim(max(0.0, known.min() - spread * 0.1), min(known.max() + spread * 0.1, 101.0))
    figure.align_ylabels(panels)
    headline(figure, relation)
    return figure
