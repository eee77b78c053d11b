"""The worst session from near: its probes side by side, both directions, the server below."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from farm.webrtc_stats import MediaKind
from reports.canvas import (
    BLACK,
    BLUE,
    GREEN,
    ORANGE,
    RECEIVED,
    SENT,
    VERMILLION,
    bit_rate,
    from_zero,
    headline,
    legend_below,
    shade_phases,
    show_zero,
    trial_time,
)
from reports.charts import Column
from reports.grid import Array
from reports.phrases import counted
from reports.probe_channels import ProbeChannels
from reports.trial_series import ServerSeries

PROBES = 4
"""Side by side, at most."""

_WIDTH, _WIDER = 6.8, 2.6
_HEIGHT = 9.4
_SENT = {"color": SENT}
_RECEIVED = {"color": RECEIVED, "ls": "--"}
_LACKED = {"color": ORANGE, "ls": "--"}


@dataclass(frozen=True, slots=True, eq=False)
class CloseUp:
    """`roles` and `channels` are of the probes shown, `others` counts the rest of the session.

    `worst_s` is where the window lies in which it was worst, `why` what was wrong then.
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
        """What bitrates are shown of: video where there is any."""
        moved = [
            values
            for channels in self.channels
            for values in (channels.sent_bps["video"], channels.received_bps["video"])
        ]
        return "video" if any(np.isfinite(values).any() for values in moved) else "audio"

    def columns(self) -> Mapping[str, Column]:
        """Every channel of every probe, one below the other, and the server's CPU then."""
        each = [channels.columns() for channels in self.channels]
        return {
            "probe": [channels.probe for channels in self.channels for _ in channels.time_s],
            **{name: np.concatenate([some[name] for some in each]) for name in each[0]},
            "server_cpu_percent": np.concatenate(
                [self._server_at(channels.time_s) for channels in self.channels]
            ),
        }

    def _server_at(self, time_s: Array) -> Array:
        if self.server is None or not self.server.time_s.size:
            return np.full(time_s.shape, np.nan)
        seen = dict(zip(self.server.time_s.tolist(), self.server.cpu_percent.tolist(), strict=True))
        return np.array([seen.get(at_s, np.nan) for at_s in time_s.tolist()], dtype=np.float64)


def session_close_up(close: CloseUp) -> Figure:
    """A column a probe, one time axis, the same scale in each row."""
    columns = len(close.channels)
    figure = Figure()
    figure.set_size_inches(_WIDTH if columns <= 2 else columns * _WIDER, _HEIGHT)
    grid = figure.subplots(6, columns, sharex=True, sharey="row", squeeze=False)
    rates = [
        values
        for channels in close.channels
        for values in (channels.sent_bps[close.kind], channels.received_bps[close.kind])
    ]
    unit = bit_rate(*rates)
    for column, channels in enumerate(close.channels):
        panels = list(grid[:, column])
        shown = trial_time(panels[-1], channels.time_s, channels.phases)
        moved, frames, lost, delay, stalls, server = panels
        _line(moved, shown, channels.sent_bps[close.kind] / unit.scale, "sent", _SENT)
        _line(moved, shown, channels.received_bps[close.kind] / unit.scale, "received", _RECEIVED)
        _line(frames, shown, channels.frames_sent, "sent", _SENT)
        _line(frames, shown, channels.frames_received, "received", _RECEIVED)
        _line(lost, shown, channels.lost_up * 100, "sent", _SENT)
        _line(lost, shown, channels.lost_down * 100, "received", _RECEIVED)
        _line(delay, shown, channels.round_trip_s * 1000, "round trip", {"color": BLUE, "ls": "--"})
        _line(
            delay,
            shown,
            channels.jitter_s[close.kind] * 1000,
            "jitter",
            {"color": GREEN, "ls": ":"},
        )
        _line(stalls, shown, channels.stalled_s * 100, "picture stood still", {"color": VERMILLION})
        lacked = np.fmax(channels.cpu_limited, channels.bandwidth_limited)
        _line(stalls, shown, lacked * 100, "encoder lacked CPU or bandwidth", _LACKED)
        if close.server is not None:
            at = trial_time(server, close.server.time_s, channels.phases)
            _line(server, at, close.server.cpu_percent, "server, all its cores", {"color": BLACK})
        panels[0].set_title(f"{channels.probe}, {close.roles[column]}", pad=14)
        for axes in panels:
            _mark(axes, close, channels, name=axes is panels[0])
        if shown.size:
            panels[-1].set_xlim(min(shown[0], 0.0), shown[-1] + 1)
    labels = (
        f"{close.kind},\n{unit.name}",
        "frames/s",
        "lost, %\n(last 10 s)",
        "ms",
        "% of a\nsecond",
        "server\nCPU, %",
    )
    for row, label in zip(grid, labels, strict=True):
        row[0].set_ylabel(label)
        tops = [axes.dataLim.y1 for axes in row if np.isfinite(axes.dataLim.y1)]
        from_zero(row[0], max([*tops, 0.0]) * 1.08)
        show_zero(row[0])
        if not any(axes.lines for axes in row):
            row[0].annotate("not seen", (0.5, 0.4), xycoords="axes fraction", ha="center")
    for axes in grid[:-1].ravel():
        axes.set_xlabel("")
    figure.align_ylabels(list(grid[:, 0]))
    legend_below(figure, *grid.ravel())
    others = f" ({counted(close.others, 'more probe')} of it not shown)" if close.others else ""
    headline(figure, f"{close.session} from near: {close.why}{others}")
    return figure


def _line(axes: Axes, shown: Array, values: Array, label: str, look: Mapping[str, str]) -> None:
    if np.isfinite(values).any():
        axes.plot(shown, values, lw=1.3, label=label, **look)  # type: ignore[arg-type]


def _mark(axes: Axes, close: CloseUp, channels: ProbeChannels, *, name: bool) -> None:
    """The phases, and the window that was worst."""
    phases = channels.phases
    end_s = (channels.time_s[-1] + 1 if channels.time_s.size else 0.0) - (phases.ramp_s or 0.0)
    shade_phases(axes, phases, end_s, name=name)
    if close.worst_s is not None:
        start_s, stop_s = (at_s - (phases.ramp_s or 0.0) for at_s in close.worst_s)
        axes.axvspan(
            start_s, stop_s, color=VERMILLION, alpha=0.13, lw=0, zorder=0, label="worst window"
        )
