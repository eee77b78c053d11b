"""CPU of the media server's busiest threads, second by second. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from reports.series.grid import Array, samples_on_grid

SHOWN = 16


@dataclass(frozen=True, slots=True, eq=False)
class ThreadSeries:
    """CPU of the `SHOWN` busiest threads, the busiest first; `total` counts all threads.

    `cpu_percent[i, j]` is that of thread `names[i]` in second `time_s[j]`, in percent of one core,
    NaN where unknown.
    """

    time_s: Array
    names: tuple[str, ...]
    cpu_percent: Array
    total: int


def thread_series(server: pl.DataFrame | None, grid_s: Array) -> ThreadSeries | None:
    """The threads in a server's samples, with `run_s`; `None` where threads were not sampled."""
    if server is None or "threads" not in server.columns or not grid_s.size:
        return None
    rows = server.select("run_s", "threads").drop_nulls().explode("threads").drop_nulls()
    if not rows.height:
        return None
    rows = rows.unnest("threads").filter(pl.col("run_s").is_between(grid_s[0], grid_s[-1] + 1))
    busiest = (
        rows.group_by("tid", maintain_order=True)
        .agg(pl.col("name").last(), pl.col("cpu_percent").mean())
        .sort("cpu_percent", "tid", descending=[True, False])
    )
    if not busiest.height:
        return None
    shown = busiest.head(SHOWN)
    values = np.vstack(
        [
            samples_on_grid(
                mine["run_s"].cast(pl.Float64).to_numpy(),
                mine["cpu_percent"].cast(pl.Float64).to_numpy(),
                grid_s,
            )
            for tid in shown["tid"]
            for mine in [rows.filter(tid=tid)]
        ]
    )
    names = tuple(f"{name} {tid}" for tid, name in shown.select("tid", "name").iter_rows())
    return ThreadSeries(grid_s, names, values, busiest.height)
