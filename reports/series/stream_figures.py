"""The figures of one stream, second by second, over all its encodings. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from farm.analysis.rates import loss_ratio
from farm.evidence.poll_table import PollTable
from farm.evidence.remote_reports import receiver_reports
from farm.evidence.rtp_tables import tracks
from farm.evidence.stream_lifetimes import StreamLifetime
from farm.evidence.stream_slots import Owner
from farm.model.trial_evidence import StreamIdentity
from farm.model.trial_plan import Direction
from farm.model.webrtc_stats import MediaKind
from reports.series.grid import Array, add_known, trailing_sum
from reports.series.stream_rows import StreamOnGrid

LOSS_S = 10
"""Seconds up to each one over which loss is measured."""

Owners = Sequence[tuple[StreamLifetime, Owner]]

_FIGURES = (
    "bps",
    "lost",
    "frames",
    "pixels",
    "stalled_s",
    "jitter_s",
    "target_bps",
    "cpu_limited",
    "bandwidth_limited",
)


class OneWay:
    """The streams of one direction; `reports` are the server's on what was sent."""

    def __init__(
        self,
        table: PollTable | None,
        owners: Owners,
        direction: Direction,
        grid_s: Array,
        reports: pl.DataFrame | None = None,
    ) -> None:
        mine = [pair for pair in owners if pair[0].direction == direction]
        self._table = table
        self._grid_s = grid_s
        self._track = np.empty(0, dtype=np.int64) if table is None else tracks(table, mine)
        self._reports = None if table is None else receiver_reports(reports, table)

    def figures(self, stream: StreamIdentity) -> dict[str, Array]:
        """All channels of a stream."""
        figures = {name: np.full(self._grid_s.shape, np.nan) for name in _FIGURES}
        if self._table is None:
            return figures
        kind = (self._table.frame["kind"] == stream.kind).to_numpy()
        place = np.flatnonzero((self._track == stream.track) & kind)
        rows = StreamOnGrid(self._table, place, self._grid_s)
        if stream.direction == "outbound":
            return figures | self._sent(rows, stream.kind)
        return figures | _received(rows, stream.kind)

    def _sent(self, rows: StreamOnGrid, kind: MediaKind) -> dict[str, Array]:
        table = rows.table
        figures = {
            "bps": 8 * rows.moved("payload"),
            "lost": self._lost_up(rows),
            "target_bps": rows.sampled(table.known("targetBitrate"), add_known),
        }
        if kind == "video":
            reason = table.frame["qualityLimitationReason"]
            figures |= _frames(rows, "framesEncoded") | {
                f"{why}_limited": rows.sampled((reason == why).cast(pl.Float64).to_numpy())
                for why in ("cpu", "bandwidth")
            }
        return figures

    def _lost_up(self, rows: StreamOnGrid) -> Array:
        """Loss up, of the packets of which the server's reports tell."""
        reports = self._reports
        if reports is None:
            return np.full(self._grid_s.shape, np.nan)
        span_s = rows.table.span_s("packetsSent")
        lost, reported = (
            trailing_sum(rows.rate(pl.Series(each), span_s), LOSS_S)
            for each in (reports.lost, reports.reported)
        )
        return loss_ratio(lost, reported, received=False)


def _received(rows: StreamOnGrid, kind: MediaKind) -> dict[str, Array]:
    lost, arrived = (
        trailing_sum(rows.moved(name), LOSS_S) for name in ("packetsLost", "packetsReceived")
    )
    figures = {
        "bps": 8 * rows.moved("bytesReceived"),
        "lost": loss_ratio(lost, arrived, received=True),
        "jitter_s": rows.sampled(rows.table.known("jitter")),
    }
    if kind == "video":
        figures |= _frames(rows, "framesDecoded") | {
            "stalled_s": rows.rate(rows.table.stalled_s(), rows.table.span_s("framesDecoded"))
        }
    return figures


def _frames(rows: StreamOnGrid, counter: str) -> dict[str, Array]:
    """Frame rate and frame size, of several encodings the largest."""
    pixels = rows.table.known("frameWidth") * rows.table.known("frameHeight")
    return {"frames": rows.moved(counter, np.fmax), "pixels": rows.sampled(pixels)}
