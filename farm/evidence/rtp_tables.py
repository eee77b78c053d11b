"""Tables of the RTP rows of some probes, and the streams in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import polars as pl

from farm.analysis.rates import IntArray
from farm.evidence.poll_table import PollTable
from farm.evidence.stream_lifetimes import SERIES, StreamLifetime, lives
from farm.evidence.stream_slots import Owner
from farm.recording.sample_reader import SampleReader

_WHOSE = ("probe", "connection", "id", "timestamp", "page_time_s")
_RTP = (*_WHOSE, "ssrc", "kind", "mid", "frameWidth", "frameHeight")
_INBOUND = (
    *_RTP,
    "trackIdentifier",
    "packetsReceived",
    "packetsLost",
    "bytesReceived",
    "retransmittedBytesReceived",
    "lastPacketReceivedTimestamp",
    "jitter",
    "nackCount",
    "framesDecoded",
    "keyFramesDecoded",
    "framesReceived",
    "totalFreezesDuration",
    "totalPausesDuration",
    "totalAudioEnergy",
    "qpSum",
)
_OUTBOUND = (
    *_RTP,
    "rid",
    "mediaSourceId",
    "scalabilityMode",
    "framesPerSecond",
    "codecId",
    "active",
    "packetsSent",
    "bytesSent",
    "nackCount",
    "retransmittedPacketsSent",
    "retransmittedBytesSent",
    "targetBitrate",
    "framesEncoded",
    "framesSent",
    "qualityLimitationReason",
    "qpSum",
)
_SOURCE = (*_WHOSE, "kind", "frames", "trackIdentifier", "totalAudioEnergy")


class RtpTables:
    """The tables of some probes: `received`, `sent`, and the `sources` of sent streams.

    A table is `None` where nothing is recorded. `lives` are the streams of both directions, each
    probe's in an order that does not depend on that of the rows.
    """

    def __init__(self, rows: SampleReader) -> None:
        growing = ("packetsReceived", "bytesReceived", "framesDecoded")
        self.received = _table(_rtp_rows(rows, "inbound-rtp", _INBOUND), growing)
        sent = _rtp_rows(rows, "outbound-rtp", _OUTBOUND)
        if sent is not None:
            sent = _whole_frames(sent).with_columns(
                payload=pl.col("bytesSent") - pl.col("retransmittedBytesSent").fill_null(0),
            )
        self.sent = _table(sent, ("packetsSent", "bytesSent", "framesEncoded"))
        sources = rows.samples("media-source", _SOURCE)
        self.sources = (
            None
            if sources is None
            else PollTable(sources, ("probe", "connection", "id"), ("frames",))
        )
        found: list[StreamLifetime] = []
        if self.received is not None:
            found += lives(self.received, "inbound", "packetsReceived")
        if self.sent is not None:
            found += lives(self.sent, "outbound", "packetsSent")
        self.lives: Sequence[StreamLifetime] = sorted(
            found, key=lambda life: (life.probe, life.direction, life.kind, life.order)
        )


def tracks(
    table: PollTable, owners: Iterable[tuple[StreamLifetime, Owner]], *, every: bool = False
) -> IntArray:
    """For each row of `table.frame`, or of `table.every`, its track; -1: none."""
    frame, series = (table.every, table.every_series) if every else (table.frame, table.series)
    starts = np.flatnonzero(np.diff(series, prepend=-1))
    ends = np.append(starts[1:], len(series))
    run_s = frame["run_s"].to_numpy()
    found = np.full(len(series), -1, dtype=np.int64)
    for life, owner in owners:
        for number in life.series:
            start, end = int(starts[number]), int(ends[number])
            if np.isfinite(owner.from_s) or np.isfinite(owner.to_s):
                times = run_s[start:end]
                start, end = (
                    start + int(np.searchsorted(times, owner.from_s)),
                    start + int(np.searchsorted(times, owner.to_s)),
                )
            found[start:end] = owner.track
    return found


def _whole_frames(sent: pl.DataFrame) -> pl.DataFrame:
    """The rows with `framesEncoded` as the number of frames, also where they have spatial layers.

    Chromium counts a frame once for each of its spatial layers, and how many an encoder leaves out
    is not reported; its `framesPerSecond` are whole frames.
    """
    sent = sent.with_columns(framesEncoded=pl.coalesce("framesEncoded", "framesSent"))
    is_spatial = pl.col("scalabilityMode").str.contains(r"^[LS][2-9]").fill_null(False)
    if not sent.select(is_spatial.any()).item():
        return sent
    order = [*SERIES, "timestamp"]
    grew = pl.col("framesEncoded").diff().over(SERIES) != 0
    rate = pl.when(grew).then(pl.col("framesPerSecond")).otherwise(0.0).backward_fill().over(SERIES)
    elapsed_s = pl.col("timestamp").diff() / 1000
    frames = (rate * elapsed_s).fill_null(0.0).cum_sum().over(SERIES)
    return (
        sent.sort(order, maintain_order=True)
        .with_columns(frames=frames)
        .with_columns(
            # Of the whole stream: its mode may change, and both counts in one would jump.
            framesEncoded=pl.when(
                is_spatial.any().over(SERIES) & pl.col("framesEncoded").is_not_null()
            )
            .then("frames")
            .otherwise("framesEncoded")
        )
        .drop("frames")
    )


def _table(rows: pl.DataFrame | None, growing: Sequence[str]) -> PollTable | None:
    return None if rows is None else PollTable(rows, SERIES, growing)


def _rtp_rows(reader: SampleReader, type: str, columns: Sequence[str]) -> pl.DataFrame | None:
    rows = reader.samples(type, columns)
    return None if rows is None else rows.filter(pl.col("kind").is_in(["audio", "video"]))
