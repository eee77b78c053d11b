"""Figure of the worst session: its probes side by side, both directions, the server below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from farm.model.webrtc_stats import MediaKind
from farm.model.wording import counted
from reports.figures.canvas import (
    BLACK,
    SENT,
    VERMILLION,
    bit_rate,
    from_zero,
    headline,
    legend_below,
    shade_phases,
    show_zero,
    trial_time,
    zero_of,
)
from reports.figures.chart import Column
from reports.figures.stream_styles import (
    ROUND_TRIP,
    LineStyle,
    StreamStyles,
    worst_first,
    write_endings,
)
from reports.series.grid import Array
from reports.series.probe_channels import ProbeChannels, StreamChannels
from reports.series.trial import ServerSeries

PROBES = 4
"""Most probes side by side."""

_WIDTH, _WIDER = 6.8, 2.6
_HEIGHT = 9.4
_LIMITED = {"color": SENT, "ls": ":", "label": "encoder limited by CPU or bandwidth"}


@dataclass(frozen=True, slots=True, eq=False)
class CloseUp:
    """The data of the figure.

    `roles` and `channels` are of the probes shown, `others` counts the rest of the session.
    `worst_s` is the worst window in run time, `why` what was wrong in it.
    """

    session: str
    roles: tuple[str, ...]
    channels: tuple[ProbeChannels, ...]
    others: int
    server: ServerSeries | None
    worst_s: tuple[float, float] | None
    why: str

    @property
    def kind(self) -> MediaKind:
        """The kind whose bitrates are shown: video where there is any."""
        videos = [
            each.bps
            for channels in self.channels
            for each in channels.streams
            if each.stream.kind == "video"
        ]
        return "video" if any(np.isfinite(values).any() for values in videos) else "audio"

    def columns(self) -> Mapping[str, Column]:
        """Columns of a table with a row for each probe, stream and second."""
        each = [channels.columns() for channels in self.channels if channels.streams]
        columns: dict[str, Column] = {
            "probe": [
                channels.probe
                for channels in self.channels
                for _ in channels.streams
                for _ in channels.time_s
            ],
            "stream": [name for some in each for name in some["stream"]],
        }
        for name in each[0] if each else ():
            if name != "stream":
                columns[name] = np.concatenate([some[name] for some in each])
        times = columns.get("run_time_s", np.empty(0))
        columns["server_cpu_percent"] = self._server_at(np.asarray(times, dtype=np.float64))
        return columns

    def _server_at(self, time_s: Array) -> Array:
        if self.server is None or not self.server.time_s.size:
            return np.full(time_s.shape, np.nan)
        seen = dict(zip(self.server.time_s.tolist(), self.server.cpu_percent.tolist(), strict=True))
        return np.array([seen.get(at_s, np.nan) for at_s in time_s.tolist()], dtype=np.float64)


def session_close_up(close: CloseUp) -> Figure:
    """Draw a column for each probe and a line for each stream, on the same scales."""
    columns = len(close.channels)
    figure = Figure()
    figure.set_size_inches(_WIDTH if columns <= 2 else columns * _WIDER, _HEIGHT)
    grid = figure.subplots(6, columns, sharex=True, sharey="row", squeeze=False)
    streams = [each for channels in close.channels for each in channels.streams]
    shown_kind = [each for each in streams if each.stream.kind == close.kind]
    of_others = [each for each in streams if each.stream.kind != close.kind]
    styles = StreamStyles([*worst_first(shown_kind), *worst_first(of_others)])
    unit = bit_rate(*(each.bps for each in shown_kind))
    room = 1.0
    for column, channels in enumerate(close.channels):
        panels = list(grid[:, column])
        shown = trial_time(panels[-1], channels.time_s, channels.phases)
        for each in channels.streams:
            _draw(panels, shown, each, styles, unit.scale, is_main=each.stream.kind == close.kind)
        _line(panels[3], shown, channels.round_trip_s * 1000, ROUND_TRIP)
        room = max(room, write_endings(panels[0], channels.streams))
        if close.server is not None:
            at = trial_time(panels[-1], close.server.time_s, channels.phases)
            style = {"color": BLACK, "label": "server, all its cores"}
            _line(panels[-1], at, close.server.cpu_percent, style)
        panels[0].set_title(f"{channels.probe}, {close.roles[column]}", pad=14)
        for axes in panels:
            _mark(axes, close, channels, name=axes is panels[0])
        if shown.size:
            panels[-1].set_xlim(min(shown[0], 0.0), shown[-1] + 1)
    labels = (
        f"{close.kind},\n{unit.name}",
        "frames/s",
        "lost, %\n(last 10 s)",
        "round trip,\njitter, ms",
        "frozen,\n% of a second",
        "server\nCPU, %",
    )
    for row, label in zip(grid, labels, strict=True):
        row[0].set_ylabel(label)
        tops = [axes.dataLim.y1 for axes in row if np.isfinite(axes.dataLim.y1)]
        from_zero(row[0], max([*tops, 0.0]) * 1.08 * (room if row[0] is grid[0, 0] else 1.0))
        show_zero(row[0])
        if not any(axes.lines for axes in row):
            row[0].annotate("not seen", (0.5, 0.4), xycoords="axes fraction", ha="center")
    for axes in grid[:-1].ravel():
        axes.set_xlabel("")
    figure.align_ylabels(list(grid[:, 0]))
    legend_below(figure, *grid.ravel())
    hidden = f" ({counted(close.others, 'more probe')} of it not shown)" if close.others else ""
    headline(figure, f"{close.session} in detail: {close.why}{hidden}")
    return figure


def _draw(
    panels: Sequence[Axes],
    shown: Array,
    channels: StreamChannels,
    styles: StreamStyles,
    scale: float,
    *,
    is_main: bool,
) -> None:
    """Draw the lines of one stream; of the kind that is not shown, only its loss."""
    moved, frames, lost, delay, stalls, _ = panels
    style = styles.of(channels)
    if not is_main:
        if np.nan_to_num(channels.lost).max(initial=0.0) > 0:
            label = f"{channels.stream.kind} {style['label']}"
            _line(lost, shown, channels.lost * 100, {**style, "ls": ":", "label": label})
        return
    _line(moved, shown, channels.bps / scale, style)
    _line(frames, shown, channels.frames, style)
    _line(lost, shown, channels.lost * 100, style)
    jitter = {**style, "ls": ":", "label": "jitter (dotted)"}
    _line(delay, shown, channels.jitter_s * 1000, jitter)
    _line(stalls, shown, channels.stalled_s * 100, style)
    limited = np.fmax(channels.cpu_limited, channels.bandwidth_limited)
    _line(stalls, shown, limited * 100, _LIMITED)


def _line(axes: Axes, shown: Array, values: Array, style: LineStyle) -> None:
    if np.isfinite(values).any():
        axes.plot(shown, values, lw=1.3, **style)


def _mark(axes: Axes, close: CloseUp, channels: ProbeChannels, *, name: bool) -> None:
    """Shade the phases and the worst window."""
    phases = channels.phases
    zero_s = zero_of(phases) or 0.0
    end_s = (channels.time_s[-1] + 1 if channels.time_s.size else 0.0) - zero_s
    shade_phases(axes, phases, end_s, name=name)
    if close.worst_s is not None:
        start_s, stop_s = (at_s - zero_s for at_s in close.worst_s)
        axes.axvspan(
            start_s, stop_s, color=VERMILLION, alpha=0.13, lw=0, zorder=0, label="worst window"
        )
