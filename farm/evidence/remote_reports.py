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
    """The server's receiver reports of each stream, all its encodings together.

    What a report counts was lost since the one before it, evenly: a busy server's reports may come
    later than a window lasts.
    """
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
    at_s = table.known("run_s")
    track = _track_at(at_s, number, owners)
    of_report = rates.window_of(at_s, edges)
    lost, span_s = (of("packetsLost").to_numpy() for of in (table.delta, table.span_s))
    kept = np.flatnonzero((track >= 0) & (of_report >= 0))
    piece, window, share = _pieces(at_s[kept], span_s[kept], of_report[kept], edges)
    kept = kept[piece]
    came = window == of_report[kept]
    kinds = {each: life.kind for life, _ in owners for each in life.series}
    kind = pl.Series("kind", [kinds[each] for each in number[kept].tolist()], pl.String)
    probe = table.frame["probe"][kept]
    groups = RowGroups(
        [in_order(probe), in_order(kind), track[kept], window],
        then=(table.series[kept], at_s[kept]),
    )
    last = groups.last_row()
    return pl.DataFrame(
        [
            probe[last],
            kind[last],
            pl.Series("track", groups.key(track[kept])),
            pl.Series("window", groups.key(window)),
            *(
                pl.Series(name, values, nan_to_null=True)
                for name, values in (
                    ("packets_lost", np.round(groups.total(lost[kept] * share))),
                    (
                        "report_round_trip_time_s",
                        groups.mean(np.where(came, table.known("roundTripTime")[kept], np.nan)),
                    ),
                    (
                        "jitter_s",
                        groups.mean(np.where(came, table.known("jitter")[kept], np.nan)),
                    ),
                )
            ),
        ]
    )


def _pieces(
    to_s: FloatArray, span_s: FloatArray, last: IntArray, edges: FloatArray
) -> tuple[IntArray, IntArray, FloatArray]:
    """Spans of time cut at the edges of windows; `last` is the window in which each one ends.

    Of each piece: the span's place, the window and its share of the span. What lies before the
    first window is left out, and a span of unknown length is not cut.
    """
    from_s = to_s - np.where(span_s > 0, span_s, 0.0)
    first = np.clip(np.searchsorted(edges, from_s, side="right") - 1, 0, last)
    count = last - first + 1
    piece = np.repeat(np.arange(len(last)), count)
    window = np.arange(len(piece)) - np.repeat(np.cumsum(count) - count - first, count)
    covered_s = np.minimum(to_s[piece], edges[window + 1]) - np.maximum(
        from_s[piece], edges[window]
    )
    whole_s = np.where(span_s > 0, span_s, 1.0)[piece]
    return piece, window, np.where(span_s[piece] > 0, covered_s / whole_s, 1.0)


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
