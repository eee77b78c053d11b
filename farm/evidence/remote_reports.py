"""RTCP receiver reports about sent streams, and round trips of ICE in windows. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import polars as pl

from farm.analysis import rates
from farm.analysis.rates import FloatArray, IntArray
from farm.evidence.poll_table import PollTable, in_order
from farm.evidence.row_groups import RowGroups
from farm.evidence.stream_lifetimes import SERIES
from farm.recording.sample_reader import SampleReader


@dataclass(frozen=True, slots=True)
class ReceiverReports:
    """What the server's receiver reports tell of sent streams, for each row of their table.

    Of the packets that the row counted as sent, `reported` are those of which reports tell, and
    `lost` those of them that were lost; NaN where no report tells of any. What a report counts was
    lost since the one before it, evenly among the packets that were sent in between, and of the
    first one since the stream began. `round_trip_s` and `jitter_s` are those of a report that came
    since the poll before, NaN without one.
    """

    reported: FloatArray
    lost: FloatArray
    round_trip_s: FloatArray
    jitter_s: FloatArray


REPORT_COLUMNS = (
    *(*SERIES, "timestamp", "page_time_s", "localId"),
    *("packetsLost", "jitter", "roundTripTime"),
)
"""The columns of `remote-inbound-rtp` that are needed."""


def receiver_reports(
    rows: pl.DataFrame | None, sent: PollTable, until_s: float = math.inf
) -> ReceiverReports | None:
    """The reports about the streams of `sent` in `rows`, which are `None` where none is recorded.

    One that comes after `until_s`, the end of the hold, counts unless most of the packets of which
    it tells were sent after it.
    """
    if rows is None or not sent.frame.height:
        return None
    reports = PollTable(rows, SERIES)
    row = _row_of_each(reports, sent)
    kept = np.flatnonzero(row >= 0)
    kept = kept[np.argsort(row[kept], kind="stable")]
    row = row[kept]
    at = _packets_sent_before(reports.known("timestamp")[kept], row, sent)
    reported, lost = _spread(reports.known("packetsLost")[kept], at, row, sent, until_s)

    def at_row(name: str) -> FloatArray:
        values = np.full(sent.frame.height, np.nan)
        values[row] = reports.known(name)[kept]
        return values

    return ReceiverReports(reported, lost, at_row("roundTripTime"), at_row("jitter"))


def _row_of_each(reports: PollTable, sent: PollTable) -> IntArray:
    """For each report its stream's row of the poll that first had it; -1: none."""
    on = ["probe", "connection", "id", "page_time_s"]
    rows = sent.frame.select(on).with_row_index("row").unique(on, keep="last")
    return (
        reports.frame.select("probe", "connection", "page_time_s", id="localId")
        .join(rows, on=on, how="left", maintain_order="left")
        .get_column("row")
        .cast(pl.Int64)
        .fill_null(-1)
        .to_numpy()
    )


def _packets_sent_before(timestamp_ms: FloatArray, row: IntArray, sent: PollTable) -> FloatArray:
    """How many packets a stream had sent when a report came, between a poll and the one before."""
    before_s = (sent.known("timestamp")[row] - timestamp_ms) / 1000
    share = np.clip(rates.ratio(before_s, sent.span_s("packetsSent").to_numpy()[row]), 0.0, 1.0)
    grown: FloatArray = sent.delta("packetsSent").to_numpy()[row]
    packets: FloatArray = sent.known("packetsSent")[row]
    return packets - np.nan_to_num(share * grown)


def _spread(
    lost: FloatArray, at: FloatArray, row: IntArray, sent: PollTable, until_s: float
) -> tuple[FloatArray, FloatArray]:
    """`reported` and `lost` of each row; reports come in the order of rows.

    `lost` is what was lost of the first `at` packets. Both begin at 0; where a page sends an SSRC
    anew it counts its packets from 0, and the server goes on to count what it lost.
    """
    packets, begins = sent.known("packetsSent"), sent.begins
    starts = np.flatnonzero(begins)
    life = np.cumsum(begins) - 1
    in_time = np.where(sent.known("run_s") < until_s, packets, np.nan)
    sent_in_time = np.nan_to_num(np.fmax.reduceat(in_time, starts))
    known = ~np.isnan(lost) & ~np.isnan(at)
    lost, at, row = lost[known], at[known], row[known]
    of = life[row]
    former_at = np.concatenate(([0.0], at))[:-1]
    since = np.where(np.diff(of, prepend=-1) != 0, 0.0, former_at)
    counts = at - sent_in_time[of] <= sent_in_time[of] - since
    lost, at, row, of = lost[counts], at[counts], row[counts], of[counts]
    former = np.searchsorted(row, starts) - 1
    goes_on = np.concatenate((sent.series[row], [-1]))[former] == sent.series[starts]
    at_start = np.where(goes_on, np.concatenate((lost, [0.0]))[former], 0.0)
    last = np.zeros(len(starts))
    np.maximum.at(last, of, at)
    reported = np.minimum(packets, last[life])
    # One after the other, all streams are one course, which is interpolated at once.
    apart = 1.0 + np.nanmax(packets, initial=0.0)
    places = np.concatenate((apart * np.arange(len(starts)), apart * of + at))
    totals = np.concatenate((at_start, lost))
    order = np.argsort(places, kind="stable")
    places, totals = places[order], totals[order]
    newest = np.diff(places, append=np.inf) != 0
    course = np.interp(apart * life + reported, places[newest], totals[newest])
    grown = rates.deltas(reported, begins)
    tells = grown > 0
    return np.where(tells, grown, np.nan), np.where(tells, rates.deltas(course, begins), np.nan)


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
