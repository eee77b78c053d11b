"""Signs of saturation of the server's machine, second by second: waits, drops, busy parts. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from reports.series.grid import Array

GridColumn = Callable[[pl.DataFrame, str], Array]
"""A function that resamples a column of a frame, by its name, to the seconds of a figure."""


@dataclass(frozen=True, slots=True)
class StrainFigure:
    """A column of the recording, or one made from it; `slow`: sampled every few seconds only."""

    column: str
    label: str
    slow: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """Signs on one axis; the panel is drawn only where one of them exceeds `at_least`."""

    axis: str
    signs: tuple[StrainFigure, ...]
    at_least: float = 0.0


PANELS = (
    Panel(
        "a core,\n%",
        (
            StrainFigure("busiest_core_percent", "busiest core"),
            StrainFigure("busiest_core_softirq_percent", "core's interrupts"),
            StrainFigure("steal_percent", "stolen"),
        ),
    ),
    Panel(
        "pressure,\n% of time",
        (
            StrainFigure("cpu_pressure_percent", "waited for CPU"),
            StrainFigure("memory_pressure_percent", "waited for memory"),
            StrainFigure("io_pressure_percent", "waited for a disk"),
        ),
        1.0,
    ),
    Panel(
        "throttled,\n% of periods",
        (StrainFigure("cgroup_throttled_percent", "CPU quota ran out"),),
    ),
    Panel("disk, %\nof time", (StrainFigure("busiest_disk_percent", "busiest disk"),), 5.0),
    Panel(
        "UDP,\npackets/s",
        (
            StrainFigure("udp_receive_buffer_errors_per_s", "no room to receive"),
            StrainFigure("udp_send_buffer_errors_per_s", "no room to send"),
            StrainFigure("udp_socket_drops_per_s", "dropped by sockets", slow=True),
        ),
    ),
    Panel(
        "interface,\npackets/s",
        (
            StrainFigure("queue_drops_per_s", "dropped by queue", slow=True),
            StrainFigure("received_drops_per_s", "received, dropped"),
            StrainFigure("sent_drops_per_s", "not sent"),
        ),
    ),
)


@dataclass(frozen=True, slots=True, eq=False)
class StrainPanel:
    """A panel to be drawn: `values` of each of its signs that was sampled, `(seconds,)`."""

    axis: str
    signs: tuple[StrainFigure, ...]
    values: tuple[Array, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ServerStrain:
    """The panels to be drawn; values are NaN where they were not sampled."""

    time_s: Array
    panels: tuple[StrainPanel, ...]


def server_strain(
    frame: pl.DataFrame | None, time_s: Array, column: GridColumn
) -> ServerStrain | None:
    """The panels made from the server's samples; `None` without any sign of saturation."""
    if frame is None:
        return None
    frame = frame.with_columns(
        **_largest_of(frame, "busiest_core_percent", "core_percent", None),
        **_largest_of(frame, "busiest_core_softirq_percent", "core_softirq_percent", None),
        **_largest_of(frame, "busiest_disk_percent", "disks", "busy_percent"),
    )
    panels = []
    for panel in PANELS:
        values = {sign: column(frame, sign.column) for sign in panel.signs}
        values = {sign: each for sign, each in values.items() if np.isfinite(each).any()}
        if any(np.nanmax(each) > panel.at_least for each in values.values()):
            panels.append(StrainPanel(panel.axis, tuple(values), tuple(values.values())))
    return ServerStrain(time_s, tuple(panels)) if panels else None


def _largest_of(
    frame: pl.DataFrame, name: str, column: str, field: str | None
) -> dict[str, pl.Expr]:
    """A column of the largest value in each list; none where an older recording has no lists."""
    if column not in frame.columns or not isinstance(frame.schema[column], pl.List):
        return {}
    each = pl.element() if field is None else pl.element().struct.field(field)
    return {name: pl.col(column).list.eval(each.max()).list.first()}
