"""Rows of RTP streams -> their figures in windows, one data frame per direction.

What was counted between two polls counts in the window of the later one; what the server reports as
lost counts where it was sent (`ReceiverReports`). Nothing loops over rows. Columns are those of
`trial_evidence.StreamInterval`, or intermediate ones; `rows` counts the polls that had the stream.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from farm.analysis import rates
from farm.analysis.rates import FloatArray
from farm.evidence.poll_table import PollTable, in_order
from farm.evidence.polls_with_streams import with_rows
from farm.evidence.remote_reports import REPORT_COLUMNS, ReceiverReports, receiver_reports
from farm.evidence.row_groups import RowGroups
from farm.evidence.rtp_tables import RtpTables
from farm.evidence.stream_rows import Owners, StreamRows
from farm.recording.sample_reader import SampleReader


def received(
    tables: RtpTables, owners: Owners, edges: FloatArray, pairs: pl.DataFrame | None
) -> pl.DataFrame | None:
    """The figures of received streams; `None` without any. `pairs` come from `round_trips`."""
    table = tables.received
    if table is None:
        return None
    rows = StreamRows(table, owners, edges, "framesDecoded")
    packets = rows.total(table.delta("packetsReceived"))
    nacks = rows.total(table.delta("nackCount"))
    silence = table.silence_s("packetsReceived", "lastPacketReceivedTimestamp")
    figures = {
        "frame_width": rows.windows.last(rows.of_best("frameWidth")),
        "frame_height": rows.windows.last(rows.of_best("frameHeight")),
        "resized": rows.resized(),
        "packets": packets,
        "payload_bytes": rows.total(table.delta("bytesReceived")),
        "payload_span_s": rows.windows.total(rows.of_best(table.span_s("bytesReceived"))),
        "frames": rows.total(table.delta("framesDecoded")),
        "frames_span_s": rows.windows.total(rows.of_best(table.span_s("framesDecoded"))),
        "key_frames": rows.total(table.delta("keyFramesDecoded")),
        "stalled_s": rows.windows.total(rows.of_best(table.stalled_s())),
        "gap_s": rows.windows.largest(rows.layers.smallest(rows.values(silence))),
        "jitter_s": rows.windows.mean(rows.of_best("jitter")),
        "packets_lost": rows.total(table.delta("packetsLost")),
        "repair_ratio": rates.ratio(nacks, packets),
    }
    windows = rows.frame("inbound", figures)
    if pairs is not None:
        on = ["probe", "connection", "window"]
        windows = windows.join(pairs, on=on, how="left", maintain_order="left").rename(
            {"pair_round_trip_time_s": "round_trip_time_s"}
        )
    return with_rows(windows, table, "inbound", owners, edges)


def sent(
    tables: RtpTables,
    reader: SampleReader,
    owners: Owners,
    edges: FloatArray,
    pairs: pl.DataFrame | None,
) -> pl.DataFrame | None:
    """The figures of sent streams; `None` without any. `pairs` come from `round_trips`."""
    table = tables.sent
    if table is None:
        return None
    rows = StreamRows(table, owners, edges, "framesEncoded")
    packets = rows.total(table.delta("packetsSent"))
    again = rows.total(table.delta("retransmittedPacketsSent"))
    # Without NACKs it is padding: a sender probes for bandwidth with packets sent before.
    again = np.where(rows.total(table.delta("nackCount")) == 0, 0.0, again)
    payload = rows.layers.total(rows.values(table.delta("payload")))
    reason = table.frame["qualityLimitationReason"]
    silence = table.silence_s("packetsSent", "lastPacketSentTimestamp")
    figures = {
        "frame_width": rows.windows.last(rows.of_best("frameWidth")),
        "frame_height": rows.windows.last(rows.of_best("frameHeight")),
        "resized": rows.resized(),
        "packets": packets,
        "payload_bytes": rows.windows.total(payload),
        "edge_payload_bytes": np.fmax(rows.windows.first(payload), rows.windows.last(payload)),
        "payload_span_s": rows.windows.total(rows.layers.largest(rows.values(_span(table)))),
        "frames": rows.windows.total(rows.of_best(table.delta("framesEncoded"))),
        "frames_span_s": rows.windows.total(rows.of_best(table.span_s("framesEncoded"))),
        "gap_s": rows.windows.largest(rows.layers.smallest(rows.values(silence))),
        "target_bitrate_bps": rows.windows.mean(rows.layers.total(rows.values("targetBitrate"))),
        "quality_limited_by_cpu_ratio": rows.windows.mean(rows.of_best(_is(reason, "cpu"))),
        "repair_ratio": rates.ratio(again, packets),
    }
    told = reader.samples("remote-inbound-rtp", REPORT_COLUMNS)
    reports = receiver_reports(told, table, until_s=float(edges[-1]))
    if reports is not None:
        figures |= _of_reports(rows, reports, packets)
    windows = rows.frame("outbound", figures).with_columns(rows.text("mediaSourceId"))
    windows = _with_capture(windows, tables.sources, edges)
    windows = _with_round_trips(windows, pairs)
    return with_rows(windows, table, "outbound", owners, edges)


def _of_reports(
    rows: StreamRows, reports: ReceiverReports, packets: FloatArray
) -> dict[str, FloatArray]:
    """The figures of receiver reports.

    Where these tell of less than half of a window's packets, what they count as lost is set against
    all of them: no less was lost.
    """

    def mean(values: FloatArray) -> FloatArray:
        came = rows.total(pl.Series(np.where(np.isnan(values), 0.0, 1.0)))
        return rates.ratio(rows.total(pl.Series(values)), came)

    reported, lost = (rows.total(pl.Series(each)) for each in (reports.reported, reports.lost))
    of = np.where(2 * reported >= packets, np.round(reported), packets)
    return {
        "packets_lost": np.round(lost),
        "packets_reported": np.where(np.isnan(reported), np.nan, of),
        "report_round_trip_time_s": mean(reports.round_trip_s),
        "jitter_s": mean(reports.jitter_s),
    }


def _span(table: PollTable) -> pl.Series:
    return table.span_s("payload")


def _is(column: pl.Series, word: str) -> pl.Series:
    return (column == word).cast(pl.Float64)


def _with_capture(
    windows: pl.DataFrame, sources: PollTable | None, edges: FloatArray
) -> pl.DataFrame:
    """The windows with the frame rate of each stream's camera."""
    if sources is None:
        return windows
    frame = sources.frame
    window = rates.window_of(sources.known("run_s"), edges)
    kept = np.flatnonzero((window >= 0) & (frame["kind"] == "video").fill_null(False).to_numpy())
    groups = RowGroups(
        [
            *(in_order(frame[name])[kept] for name in ("probe", "connection", "id")),
            window[kept],
        ]
    )
    captured = groups.total(sources.delta("frames").to_numpy()[kept])
    span_s = groups.total(sources.span_s("frames").to_numpy()[kept])
    named = frame[kept[groups.last_row()]]
    cameras = named.select("probe", "connection", mediaSourceId="id").with_columns(
        pl.Series("window", groups.key(window[kept])),
        pl.Series("capture_frame_rate", rates.ratio(captured, span_s), nan_to_null=True),
    )
    on = ["probe", "connection", "window", "mediaSourceId"]
    return windows.join(cameras, on=on, how="left", maintain_order="left")


def _with_round_trips(windows: pl.DataFrame, pairs: pl.DataFrame | None) -> pl.DataFrame:
    """The windows with the round trip of receiver reports; without these it is ICE's."""
    known = [name for name in ("report_round_trip_time_s",) if name in windows.columns]
    if pairs is not None:
        on = ["probe", "connection", "window"]
        windows = windows.join(pairs, on=on, how="left", maintain_order="left")
        known.append("pair_round_trip_time_s")
    if not known:
        return windows
    return windows.with_columns(round_trip_time_s=pl.coalesce(known))
