"""Figure of the layers that receivers were given over the hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from farm.model.trial_evidence import Phases
from farm.model.wording import counted, percent
from reports.exports.row_commands import Traced
from reports.figures.canvas import FEW, GREY, headline, new_figure, trial_time
from reports.figures.chart import Chart, Column
from reports.series.received_layers import (
    UNKNOWN_LAYER,
    LayersReceived,
    shares_by_second,
    smallest_first,
)

_LEAST_IN, _ROW_IN = 2.2, 0.24
"""Height of the figure in inches: at least, and for each stream."""

_HATCH = "///"


def received_layers_chart(streams: Sequence[LayersReceived], phases: Phases) -> Chart:
    """The chart of `streams`, of which there is at least one."""
    spans = [span for stream in streams for span in stream.spans]
    columns: Mapping[str, Column] = {
        "probe": [span.probe for span in spans],
        "sender": [span.sender for span in spans],
        "from_run_s": np.array([span.begin_s for span in spans]),
        "until_run_s": np.array([span.end_s for span in spans]),
        "layer": [span.layer for span in spans],
        "unknown_because": [span.why for span in spans],
        "frame_width": np.array([_number(span.frame_width) for span in spans]),
        "frame_height": np.array([_number(span.frame_height) for span in spans]),
    }
    what = (
        "A row for each received video"
        if len(streams) <= FEW
        else "The share of all received videos at each time"
    )
    return Chart(
        "layers-received",
        "Layers received over the hold",
        f"{what}; darker is larger. A layer is known by the size of the frames that came (S: "
        "spatial layers), and temporal layers that are left out (T) by their rate.",
        lambda: received_layers(streams, phases),
        columns,
        Traced(("inbound-rtp", "outbound-rtp")),
    )


def received_layers(streams: Sequence[LayersReceived], phases: Phases) -> Figure:
    """Draw a row for each stream, or the shares of all where there are more than `FEW`."""
    names = smallest_first(streams)
    shades = mpl.colormaps["viridis_r"](np.linspace(0.08, 0.95, max(len(names), 2)))
    colors = dict(zip(names, shades[-len(names) or None :], strict=False))  # the largest: darkest
    is_few = len(streams) <= FEW
    figure, (axes,) = new_figure(
        height=max(_LEAST_IN, 1.2 + _ROW_IN * len(streams)) if is_few else None
    )
    start_s = min(span.begin_s for stream in streams for span in stream.spans)
    end_s = max(span.end_s for stream in streams for span in stream.spans)
    if is_few:
        for row, stream in enumerate(streams):
            for span in stream.spans:
                look = (
                    {"color": colors[span.layer]}
                    if span.layer
                    else {"facecolor": "white", "edgecolor": GREY, "hatch": _HATCH, "lw": 0}
                )
                begins = float(trial_time(axes, np.array([span.begin_s]), phases)[0])
                axes.broken_barh([(begins, span.end_s - span.begin_s)], (row - 0.4, 0.8), **look)
        axes.set_yticks(
            range(len(streams)), [f"{each.probe} from {each.sender}" for each in streams]
        )
        axes.set_ylim(len(streams) - 0.5, -0.5)
    else:
        time_s = np.arange(start_s, end_s, 1.0)
        shares = shares_by_second(streams, names, time_s) * 100
        shown = trial_time(axes, time_s, phases)
        styles = [*(colors[name] for name in names), "white"]
        axes.stackplot(shown, np.nan_to_num(shares), colors=styles, edgecolor=GREY, lw=0.2)
        axes.set_ylabel("received videos, %")
        axes.set_ylim(0, 100)
    edges = trial_time(axes, np.array([start_s, end_s]), phases)
    axes.set_xlim(*edges)
    axes.grid(visible=False)
    handles = [Patch(color=colors[name], label=name) for name in names]
    if any(not span.layer for stream in streams for span in stream.spans):
        handles.append(Patch(facecolor="white", edgecolor=GREY, hatch=_HATCH, label=UNKNOWN_LAYER))
    figure.legend(handles=handles, loc="outside lower left", ncols=8)
    headline(figure, _title(streams))
    return figure


def _title(streams: Sequence[LayersReceived]) -> str:
    seconds: Counter[str] = Counter()
    for stream in streams:
        for name, of_layer_s in stream.seconds.items():
            seconds[name] += of_layer_s  # type: ignore[assignment]
    whole_s = sum(seconds.values()) or 1.0
    shares = ", ".join(f"{name} {percent(of / whole_s)}" for name, of in seconds.most_common(4))
    switches = sum(len(stream.switches) for stream in streams)
    switched = sum(bool(stream.switches) for stream in streams)
    how = (
        f"{switches} {'switch' if switches == 1 else 'switches'} in {switched} of "
        f"{counted(len(streams), 'video')}"
        if switches
        else "no switch"
    )
    return f"Layers received: {shares} of the time; {how}"


def _number(value: int | None) -> float:
    return float("nan") if value is None else float(value)
