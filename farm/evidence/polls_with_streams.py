"""The polls of each window, how many had each stream, and changes of its counters. Pure."""

from __future__ import annotations

import numpy as np
import polars as pl

from farm.analysis import rates
from farm.analysis.intervals import DIRECTIONS
from farm.analysis.rates import BoolArray, FloatArray, IntArray
from farm.evidence.poll_table import PollTable, changes, in_order, in_windows
from farm.evidence.row_groups import RowGroups
from farm.evidence.rtp_tables import RtpTables, tracks
from farm.evidence.stream_rows import Owners
from farm.model.trial_plan import Direction
from farm.recording.sample_reader import SampleReader

STREAM = ("probe", "direction", "kind", "track")
"""The columns by which a stream is known in the evidence."""

_POLLS = {
    "probe": pl.String(),
    "window": pl.Int64(),
    "polls": pl.UInt32(),
    "late_s": pl.List(pl.Float64()),
    **dict.fromkeys(DIRECTIONS.categories, pl.Int64()),
}


def polls_by_window(rows: SampleReader, edges: FloatArray) -> pl.DataFrame:
    """A row per probe and window: polls, late_s (a list), and the rows of streams in these polls.

    Polls that arrived twice count once.
    """
    polls = rows.polls(("probe", "page_time_s", "late_s", *DIRECTIONS.categories))
    if polls is None:
        return pl.DataFrame(schema=_POLLS)
    return (
        in_windows(polls.unique(["probe", "page_time_s"]), edges)
        .group_by("probe", "window")
        .agg(
            pl.col(*DIRECTIONS.categories).sum(),
            polls=pl.len(),
            late_s=pl.col("late_s"),
        )
    )


def with_rows(
    windows: pl.DataFrame, table: PollTable, direction: Direction, owners: Owners, edges: FloatArray
) -> pl.DataFrame:
    """The figures with `rows`, `moves` (how often the stream became another one) and `taken_over`.

    The last counts moves to a stream that was there already. Where a page only repeated itself
    there are no figures.
    """
    every = table.every
    track = tracks(table, owners, every=True)
    window = rates.window_of(every["run_s"].cast(pl.Float64).to_numpy(), edges)
    known = np.flatnonzero(track >= 0)
    probe, kind = in_order(every["probe"]), in_order(every["kind"])
    polls = RowGroups(
        [key[known] for key in (probe, kind, track)],
        then=(every["run_s"].to_numpy()[known],),
        at=every["page_time_s"].to_numpy()[known],
    )
    one = known[polls.last_row()]
    # A move to another stream, whose counters begin at 0.
    life = _lives(owners, table)[table.every_series[one]]
    is_other_stream = changes([key[one] for key in (probe, kind, track)])
    moved = ~is_other_stream & (np.diff(life, prepend=-1) != 0)
    old = _flowed_before(owners, life, every["run_s"].to_numpy()[one], moved)
    inside = window[one] >= 0
    one, moved, old = one[inside], moved[inside], old[inside]
    groups = RowGroups([key[one] for key in (probe, kind, track, window)])
    last = one[groups.last_row()]
    rows = pl.DataFrame(
        [
            every["probe"][last],
            every["kind"][last],
            pl.Series("track", track[last]),
            pl.Series("window", window[last]),
            pl.Series("rows", groups.rows()),
            pl.Series("moves", groups.total(moved.astype(np.float64))),
            pl.Series("taken_over", groups.total(old.astype(np.float64))),
        ]
    ).with_columns(direction=pl.lit(direction))
    return rows.join(windows, on=[*STREAM, "window"], how="left", maintain_order="left")


def _flowed_before(
    owners: Owners, life: IntArray, run_s: FloatArray, moved: BoolArray
) -> BoolArray:
    """The rows of `moved` at which the other stream had been flowing already."""
    found = np.zeros(len(moved), dtype=np.bool_)
    for row in np.flatnonzero(moved).tolist():
        flows = owners[int(life[row])][0].flows
        found[row] = any(begin_s < run_s[row] <= end_s for begin_s, end_s in flows)
    return found


def _lives(owners: Owners, table: PollTable) -> IntArray:
    """For each series the number of its stream; -1: none."""
    found = np.full(int(table.every_series[-1]) + 1 if len(table.every_series) else 0, -1)
    for number, (life, _) in enumerate(owners):
        found[list(life.series)] = number
    return found


def rows_held(tables: RtpTables, edges: FloatArray) -> pl.DataFrame:
    """A row per probe, window and direction: the number of rows; a repeat counts once."""
    found = []
    for direction, table in (("inbound", tables.received), ("outbound", tables.sent)):
        if table is None:
            continue
        every = table.every
        window = rates.window_of(every["run_s"].cast(pl.Float64).to_numpy(), edges)
        kept = np.flatnonzero(window >= 0)
        probe = in_order(every["probe"])[kept]
        each = RowGroups(
            (table.every_series[kept], window[kept]), at=every["page_time_s"].to_numpy()[kept]
        ).last_row()
        groups = RowGroups([probe[each], window[kept][each]])
        last = kept[each[groups.last_row()]]
        found.append(
            pl.DataFrame(
                [
                    every["probe"][last],
                    pl.Series("window", window[last]),
                    pl.Series("held", groups.rows()),
                ]
            ).with_columns(direction=pl.lit(direction))
        )
    schema = {
        "probe": pl.String(),
        "window": pl.Int64(),
        "held": pl.Int64(),
        "direction": pl.String(),
    }
    return pl.concat(found) if found else pl.DataFrame(schema=schema)
