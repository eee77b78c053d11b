"""Recorded polls -> figures per stream and window, one frame per direction.

What came about between two polls counts in the window of the later one. Nothing loops over rows.
Columns are those of `trial.StreamInterval` where they are final, else what those are made of;
`rows` counts the polls that had the stream.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from farm import rates
from farm.evidence.poll_table import PollTable, in_windows
from farm.evidence.stream_tracks import Life, tracks
from farm.rates import FloatArray
from farm.recording.sample_reader import SampleReader
from farm.trial import Direction

STREAM = ("probe", "direction", "kind", "track")
"""What a stream is to its user."""

SERIES = ("probe", "connection", "id", "ssrc")
"""What it is to a browser, until the page is loaded anew."""

_WHOSE = ("probe", "connection", "id", "timestamp", "page_time_s")
_RTP = (*_WHOSE, "ssrc", "kind", "frameWidth", "frameHeight")
_INBOUND = (
    *_RTP,
    "packetsReceived",
    "packetsLost",
    "bytesReceived",
    "lastPacketReceivedTimestamp",
    "jitter",
    "nackCount",
    "framesDecoded",
    "totalFreezesDuration",
    "totalPausesDuration",
)
_OUTBOUND = (
    *_RTP,
    "mediaSourceId",
    "packetsSent",
    "bytesSent",
    "retransmittedPacketsSent",
    "retransmittedBytesSent",
    "targetBitrate",
    "framesEncoded",
    "framesSent",
    "qualityLimitationReason",
)

_LAST = (
    pl.col("connection").last(),
    pl.col("id").last(),
    pl.col("frameWidth").drop_nulls().last().alias("frame_width"),
    pl.col("frameHeight").drop_nulls().last().alias("frame_height"),
)


# ---------------------------------------------------------------- what was received


def received(
    reader: SampleReader, edges: FloatArray, pairs: pl.DataFrame | None
) -> pl.DataFrame | None:
    """Of each stream that came; `None` if none did. `pairs` are those of `round_trips`."""
    rows = _rtp_rows(reader, "inbound-rtp", _INBOUND)
    if rows is None:
        return None
    table = PollTable(rows, SERIES, ("packetsReceived", "bytesReceived", "framesDecoded"))
    numbered = _tracks(table, "inbound")
    counted = _with_tracks(table.frame, numbered).with_columns(
        *(
            table.delta(name)
            for name in (
                "packetsReceived",
                "packetsLost",
                "bytesReceived",
                "nackCount",
                "framesDecoded",
            )
        ),
        table.span_s("bytesReceived"),
        table.span_s("framesDecoded"),
        table.stalled_s(),
        table.silence_s("packetsReceived", "lastPacketReceivedTimestamp"),
    )
    windows = (
        in_windows(counted, edges)
        .group_by(*STREAM, "window")
        .agg(
            *_LAST,
            packets=_total("packetsReceived_delta"),
            lost=_total("packetsLost_delta"),
            payload_bytes=_total("bytesReceived_delta"),
            payload_span_s=_total("bytesReceived_span_s"),
            nacks=_total("nackCount_delta"),
            frames=_total("framesDecoded_delta"),
            frames_span_s=_total("framesDecoded_span_s"),
            stalled_s=_total("stalled_s"),
            gap_s=pl.col("silence_s").max(),
            jitter_s=pl.col("jitter").mean(),
        )
    )
    windows = windows.with_columns(
        residual_loss_ratio=_as_series(
            rates.loss_ratio(_numbers(windows, "lost"), _numbers(windows, "packets"))
        ),
        repair_ratio=_ratio(windows, "nacks", "packets"),
    )
    if pairs is not None:
        windows = windows.join(pairs, on=["probe", "connection", "window"], how="left").rename(
            {"pair_round_trip_time_s": "round_trip_time_s"}
        )
    return _with_rows(windows, _with_tracks(table.said, numbered), edges)


# ---------------------------------------------------------------- what was sent


def sent(
    reader: SampleReader, edges: FloatArray, pairs: pl.DataFrame | None
) -> pl.DataFrame | None:
    """Of each stream that went; `None` if none did. `pairs` are those of `round_trips`."""
    rows = _rtp_rows(reader, "outbound-rtp", _OUTBOUND)
    if rows is None:
        return None
    rows = rows.with_columns(
        framesEncoded=pl.coalesce("framesEncoded", "framesSent"),
        payload=pl.col("bytesSent") - pl.col("retransmittedBytesSent").fill_null(0),
    )
    table = PollTable(rows, SERIES, ("packetsSent", "bytesSent", "framesEncoded"))
    numbered = _tracks(table, "outbound")
    counted = _with_tracks(table.frame, numbered).with_columns(
        *(
            table.delta(name)
            for name in ("packetsSent", "retransmittedPacketsSent", "payload", "framesEncoded")
        ),
        table.span_s("payload"),
        table.span_s("framesEncoded"),
        table.silence_s("packetsSent", "lastPacketSentTimestamp"),
    )
    windows = (
        in_windows(counted, edges)
        .group_by(*STREAM, "window")
        .agg(
            *_LAST,
            pl.col("mediaSourceId").drop_nulls().last(),
            packets=_total("packetsSent_delta"),
            again=_total("retransmittedPacketsSent_delta"),
            payload_bytes=_total("payload_delta"),
            payload_span_s=_total("payload_span_s"),
            frames=_total("framesEncoded_delta"),
            frames_span_s=_total("framesEncoded_span_s"),
            gap_s=pl.col("silence_s").max(),
            target_bitrate_bps=pl.col("targetBitrate").mean(),
            quality_limited_by_cpu_ratio=(pl.col("qualityLimitationReason") == "cpu").mean(),
        )
    )
    windows = windows.with_columns(repair_ratio=_ratio(windows, "again", "packets"))
    windows = _with_capture(windows, reader, edges)
    windows = _with_round_trips(windows, _receiver_reports(reader, edges), pairs)
    return _with_rows(windows, _with_tracks(table.said, numbered), edges)


def _with_capture(windows: pl.DataFrame, reader: SampleReader, edges: FloatArray) -> pl.DataFrame:
    """The rate at which each stream's camera gave frames."""
    rows = reader.samples("media-source", (*_WHOSE, "kind", "frames"))
    if rows is None:
        return windows
    table = PollTable(rows.filter(kind="video"), ("probe", "connection", "id"), ("frames",))
    cameras = (
        in_windows(table.frame.with_columns(table.delta("frames"), table.span_s("frames")), edges)
        .group_by("probe", "connection", "window", mediaSourceId="id")
        .agg(captured=_total("frames_delta"), span_s=_total("frames_span_s"))
    )
    cameras = cameras.select(
        *("probe", "connection", "window", "mediaSourceId"),
        capture_frame_rate=_ratio(cameras, "captured", "span_s"),
    )
    on = ["probe", "connection", "window", "mediaSourceId"]
    return windows.join(cameras, on=on, how="left")


def _with_round_trips(
    windows: pl.DataFrame, reports: pl.DataFrame | None, pairs: pl.DataFrame | None
) -> pl.DataFrame:
    """What the server's receiver reports say; the round trip, failing that, as ICE measures it."""
    known = []
    if reports is not None:
        windows = windows.join(reports, on=["probe", "connection", "window", "id"], how="left")
        known.append("report_round_trip_time_s")
    if pairs is not None:
        windows = windows.join(pairs, on=["probe", "connection", "window"], how="left")
        known.append("pair_round_trip_time_s")
    if not known:
        return windows
    return windows.with_columns(round_trip_time_s=pl.coalesce(known))


def _receiver_reports(reader: SampleReader, edges: FloatArray) -> pl.DataFrame | None:
    columns = (*_WHOSE, "ssrc", "localId", "packetsLost", "jitter", "roundTripTime")
    rows = reader.samples("remote-inbound-rtp", columns)
    if rows is None:
        return None
    table = PollTable(rows, SERIES)
    return (
        in_windows(table.frame.with_columns(table.delta("packetsLost")), edges)
        .group_by("probe", "connection", "window", id="localId")
        .agg(
            remote_packets_lost=_total("packetsLost_delta"),
            report_round_trip_time_s=pl.col("roundTripTime").mean(),
            jitter_s=pl.col("jitter").mean(),
        )
    )


def round_trips(reader: SampleReader, edges: FloatArray) -> pl.DataFrame | None:
    """Of the candidate pair that carries the media."""
    columns = ("probe", "connection", "state", "nominated", "currentRoundTripTime")
    rows = reader.samples("candidate-pair", columns)
    if rows is None:
        return None
    return (
        in_windows(rows.filter(pl.col("nominated"), pl.col("state") == "succeeded"), edges)
        .group_by("probe", "connection", "window")
        .agg(pair_round_trip_time_s=pl.col("currentRoundTripTime").mean())
    )


# ---------------------------------------------------------------- streams


def _rtp_rows(reader: SampleReader, type: str, columns: Sequence[str]) -> pl.DataFrame | None:
    rows = reader.samples(type, columns)
    return None if rows is None else rows.filter(pl.col("kind").is_in(["audio", "video"]))


def _tracks(table: PollTable, direction: Direction) -> pl.DataFrame:
    """Which stream to its user each stream to a browser is."""
    lives = table.said.group_by(*SERIES, "kind").agg(
        first_s=pl.col("run_s").min(), last_s=pl.col("run_s").max()
    )
    spans = lives.select("probe", "kind", "first_s", "last_s").iter_rows()
    track = tracks([Life((probe, kind), first_s, last_s) for probe, kind, first_s, last_s in spans])
    return lives.select(
        *SERIES, "kind", pl.lit(direction).alias("direction"), pl.Series("track", track, pl.Int64)
    )


def _with_tracks(rows: pl.DataFrame, numbered: pl.DataFrame) -> pl.DataFrame:
    on = [*SERIES, "kind"]
    return rows.join(numbered, on=on, how="left", nulls_equal=True, maintain_order="left")


def _with_rows(windows: pl.DataFrame, said: pl.DataFrame, edges: FloatArray) -> pl.DataFrame:
    """The figures with `rows`; where a page only repeated itself there are no figures."""
    rows = (
        in_windows(said, edges)
        .group_by(*STREAM, "window")
        .agg(rows=pl.col("page_time_s").n_unique())
    )
    return rows.join(windows, on=[*STREAM, "window"], how="left")


def _total(name: str) -> pl.Expr:
    """The sum of what is known; null where nothing is."""
    return pl.when(pl.col(name).count() > 0).then(pl.col(name).sum())


def _numbers(frame: pl.DataFrame, name: str) -> FloatArray:
    return frame[name].cast(pl.Float64).to_numpy()


def _ratio(frame: pl.DataFrame, part: str, whole: str) -> pl.Series:
    return _as_series(rates.ratio(_numbers(frame, part), _numbers(frame, whole)))


def _as_series(values: FloatArray) -> pl.Series:
    return pl.Series(values, nan_to_null=True)
