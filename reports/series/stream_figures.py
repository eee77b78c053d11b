"""The figures of one stream, second by second, over all its encodings. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from farm.analysis.rates import IntArray, loss_ratio
from farm.evidence.poll_table import PollTable
from farm.evidence.rtp_tables import tracks
from farm.evidence.stream_lifetimes import SERIES, StreamLifetime
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
        self._reports = None if reports is None else PollTable(reports, SERIES)

    def figures(self, stream: StreamIdentity) -> dict[str, Array]:
        """All channels of a stream."""
        figures = {name: np.full(self._grid_s.shape, np.nan) for name in _FIGURES}
        if self._table is None:
            return figures
        kind = (self._table.frame["kind"] == stream.kind).to_numpy()
        place = np.flatnonzero((self._track == stream.track) & kind)
        rows = StreamOnGrid(self._table, place, self._grid_s)
        if stream.direction == "outbound":
            return figures | self._sent(rows, place, stream.kind)
        return figures | _received(rows, stream.kind)

    def _sent(self, rows: StreamOnGrid, place: IntArray, kind: MediaKind) -> dict[str, Array]:
        table = rows.table
        figures = {
            "bps": 8 * rows.moved("payload"),
            "lost": self._lost_up(rows, place),
            "target_bps": rows.sampled(table.known("targetBitrate"), add_known),
        }
        if kind == "video":
            reason = table.frame["qualityLimitationReason"]
            figures |= _frames(rows, "framesEncoded") | {
                f"{why}_limited": rows.sampled((reason == why).cast(pl.Float64).to_numpy())
                for why in ("cpu", "bandwidth")
            }
        return figures

    def _lost_up(self, rows: StreamOnGrid, place: IntArray) -> Array:
        """Loss up, by the server's reports on the stream's own rows."""
        reports = self._reports
        if reports is None:
            return np.full(self._grid_s.shape, np.nan)
        mine = rows.table.frame[place].select("connection", localId="id").unique()
        reported = (
            reports.frame.with_row_index("row")
            .join(mine, on=["connection", "localId"], how="semi")
            .get_column("row")
            .cast(pl.Int64)
            .to_numpy()
        )
        own = StreamOnGrid(reports, reported, self._grid_s)
        lost = trailing_sum(own.moved("packetsLost"), LOSS_S)
        sent = trailing_sum(rows.moved("packetsSent"), LOSS_S)
        return loss_ratio(lost, sent, received=False)


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
