"""RTCP receiver reports about sent streams, and round trips of ICE, in windows."""

from __future__ import annotations

import numpy as np
import polars as pl

from farm.analysis import rates
from farm.analysis.rates import FloatArray, IntArray
from farm.evidence.poll_table import PollTable, in_order
from farm.evidence.row_groups import RowGroups
from farm.evidence.stream_lifetimes import SERIES
from farm.evidence.stream_rows import Owners
from farm.recording.sample_reader import SampleReader


def receiver_reports(
    reader: SampleReader, sent: PollTable, owners: Owners, edges: FloatArray
) -> pl.DataFrame | None:
    """The server's receiver reports of each stream, all its encodings together."""
    columns = (*SERIES, "timestamp", "localId", "packetsLost", "jitter", "roundTripTime")
    rows = reader.samples("remote-inbound-rtp", columns)
    if rows is None:
        return None
    table = PollTable(rows, SERIES)
    of_stream = sent.every.select("probe", "connection", "id").with_columns(
        pl.Series("number", sent.every_series)
    )
    of_stream = of_stream.unique(["probe", "connection", "id"], keep="last", maintain_order=True)
    number = (
        table.frame.select("probe", "connection", id="localId")
        .join(of_stream, on=["probe", "connection", "id"], how="left", maintain_order="left")
        .get_column("number")
        .fill_null(-1)
        .to_numpy()
    )
    track = _track_at(table.known("run_s"), number, owners)
    window = rates.window_of(table.known("run_s"), edges)
    kept = np.flatnonzero((track >= 0) & (window >= 0))
    kinds = {each: life.kind for life, _ in owners for each in life.series}
    kind = pl.Series("kind", [kinds[each] for each in number[kept].tolist()], pl.String)
    probe = table.frame["probe"][kept]
    groups = RowGroups(
        [in_order(probe), in_order(kind), track[kept], window[kept]],
        then=(table.series[kept], table.known("run_s")[kept]),
    )
    last = groups.last_row()
    return pl.DataFrame(
        [
            probe[last],
            kind[last],
            pl.Series("track", groups.key(track[kept])),
            pl.Series("window", groups.key(window[kept])),
            *(
                pl.Series(name, values, nan_to_null=True)
                for name, values in (
                    (
                        "packets_lost",
                        groups.total(table.delta("packetsLost").to_numpy()[kept]),
                    ),
                    ("report_round_trip_time_s", groups.mean(table.known("roundTripTime")[kept])),
                    ("jitter_s", groups.mean(table.known("jitter")[kept])),
                )
            ),
        ]
    )


def _track_at(run_s: FloatArray, number: IntArray, owners: Owners) -> IntArray:
    """The track of the stream to which each series belongs, at that time; -1: none."""
    order = np.argsort(number, kind="stable")
    ordered = number[order]
    found = np.full(len(number), -1, dtype=np.int64)
    for life, owner in owners:
        for each in life.series:
            start, end = np.searchsorted(ordered, (each, each + 1))
            rows = order[start:end]
            mine = rows[(run_s[rows] >= owner.from_s) & (run_s[rows] < owner.to_s)]
            found[mine] = owner.track
    return found


def round_trips(reader: SampleReader, edges: FloatArray) -> pl.DataFrame | None:
    """The round trips of the candidate pair that carries the media."""
    columns = ("probe", "connection", "page_time_s", "state", "nominated", "currentRoundTripTime")
    rows = reader.samples("candidate-pair", columns)
    if rows is None:
        return None
    rows = rows.filter(pl.col("nominated"), pl.col("state") == "succeeded")
    window = rates.window_of(rows["run_s"].cast(pl.Float64).to_numpy(), edges)
    seconds = rows["currentRoundTripTime"].cast(pl.Float64).to_numpy()
    polls = RowGroups(
        [in_order(rows["probe"]), in_order(rows["connection"])],
        then=(seconds,),
        at=rows["page_time_s"].to_numpy(),
    ).last_row()
    kept = polls[window[polls] >= 0]
    rows, window = rows[kept], window[kept]
    groups = RowGroups([in_order(rows["probe"]), in_order(rows["connection"]), window])
    last = groups.last_row()
    seconds = groups.mean(rows["currentRoundTripTime"].cast(pl.Float64).to_numpy())
    return (
        rows[last]
        .select("probe", "connection")
        .with_columns(
            pl.Series("window", window[last]),
            pl.Series("pair_round_trip_time_s", seconds, nan_to_null=True),
        )
    )
