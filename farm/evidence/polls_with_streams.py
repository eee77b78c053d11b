"""The polls of each window, how many had each stream, when it went over to another one. Pure."""

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
"""What a stream is to its user."""

_POLLS = {
    "probe": pl.String(),
    "window": pl.Int64(),
    "polls": pl.UInt32(),
    "late_s": pl.List(pl.Float64()),
    **dict.fromkeys(DIRECTIONS.categories, pl.Int64()),
}


def polls_by_window(rows: SampleReader, edges: FloatArray) -> pl.DataFrame:
    """probe, window, polls, late_s (the list), and the rows of streams that the polls had.

    Polls that came twice count once.
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
    """The figures with `rows`, `moves`: how often the stream went over to another one, and how
    often of those to one that was there already, `taken_over`.

    Where a page only repeated itself there are no figures.
    """
    said = table.said
    track = tracks(table, owners, said=True)
    window = rates.window_of(said["run_s"].cast(pl.Float64).to_numpy(), edges)
    known = np.flatnonzero(track >= 0)
    probe, kind = in_order(said["probe"]), in_order(said["kind"])
    polls = RowGroups(
        [key[known] for key in (probe, kind, track)],
        then=(said["run_s"].to_numpy()[known],),
        at=said["page_time_s"].to_numpy()[known],
    )
    one = known[polls.last_row()]
    # A stream that went over to another one, whose counters begin anew.
    life = _lives(owners, table)[table.said_series[one]]
    is_other_stream = changes([key[one] for key in (probe, kind, track)])
    moved = ~is_other_stream & (np.diff(life, prepend=-1) != 0)
    old = _flowed_before(owners, life, said["run_s"].to_numpy()[one], moved)
    inside = window[one] >= 0
    one, moved, old = one[inside], moved[inside], old[inside]
    groups = RowGroups([key[one] for key in (probe, kind, track, window)])
    last = one[groups.last_row()]
    rows = pl.DataFrame(
        [
            said["probe"][last],
            said["kind"][last],
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
    """Those of the rows `moved` at which the other stream had been flowing already."""
    found = np.zeros(len(moved), dtype=np.bool_)
    for row in np.flatnonzero(moved).tolist():
        flows = owners[int(life[row])][0].flows
        found[row] = any(begin_s < run_s[row] <= end_s for begin_s, end_s in flows)
    return found


def _lives(owners: Owners, table: PollTable) -> IntArray:
    """For each series the number of the stream that it is of; -1: none."""
    found = np.full(int(table.said_series[-1]) + 1 if len(table.said_series) else 0, -1)
    for number, (life, _) in enumerate(owners):
        found[list(life.series)] = number
    return found


def rows_held(tables: RtpTables, edges: FloatArray) -> pl.DataFrame:
    """probe, window, direction, and how many rows of streams are there; a repeat counts once."""
    found = []
    for direction, table in (("inbound", tables.received), ("outbound", tables.sent)):
        if table is None:
            continue
        said = table.said
        window = rates.window_of(said["run_s"].cast(pl.Float64).to_numpy(), edges)
        kept = np.flatnonzero(window >= 0)
        probe = in_order(said["probe"])[kept]
        each = RowGroups(
            (table.said_series[kept], window[kept]), at=said["page_time_s"].to_numpy()[kept]
        ).last_row()
        groups = RowGroups([probe[each], window[kept][each]])
        last = kept[each[groups.last_row()]]
        found.append(
            pl.DataFrame(
                [
                    said["probe"][last],
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
