"""One probe's recorded polls -> its channels, second by second. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from farm.evidence.poll_table import PollTable
from farm.evidence.stream_lives import SERIES
from farm.trial import Phases
from farm.webrtc_stats import MediaKind
from reports.grid import (
    Array,
    add_known,
    rates_on_grid,
    samples_on_grid,
    trailing_sum,
    whole_seconds,
)

LOSS_S = 10
"""Loss is of the so many seconds before each one."""


@dataclass(frozen=True, slots=True, eq=False)
class ProbeChannels:
    """What one probe sent and received, `(seconds,)` each, NaN where unknown.

    Bitrates are payload; `lost` is residual loss over the last `LOSS_S`, up as the server reports
    it; `stalled_s` are seconds without a new picture in each second; `pixels` those of the received
    picture; `cpu_limited` and `bandwidth_limited` are 1 where the encoder said that it lacked CPU,
    or bandwidth (W3C `qualityLimitationReason`). By kind where there are two.
    """

    probe: str
    phases: Phases
    time_s: Array
    sent_bps: Mapping[MediaKind, Array]
    received_bps: Mapping[MediaKind, Array]
    target_bps: Array
    lost_down: Array
    lost_up: Array
    frames_sent: Array
    frames_received: Array
    pixels: Array
    stalled_s: Array
    jitter_s: Mapping[MediaKind, Array]
    round_trip_s: Array
    cpu_limited: Array
    bandwidth_limited: Array

    def columns(self) -> Mapping[str, Array]:
        """All of them by name, with units."""
        kinds: tuple[MediaKind, ...] = ("audio", "video")
        return {
            "run_time_s": self.time_s,
            **{f"{kind}_sent_bps": self.sent_bps[kind] for kind in kinds},
            **{f"{kind}_received_bps": self.received_bps[kind] for kind in kinds},
            "video_target_bps": self.target_bps,
            "lost_down_ratio": self.lost_down,
            "lost_up_ratio": self.lost_up,
            "frames_sent_per_s": self.frames_sent,
            "frames_received_per_s": self.frames_received,
            "received_pixels": self.pixels,
            "stalled_s": self.stalled_s,
            **{f"{kind}_jitter_s": self.jitter_s[kind] for kind in kinds},
            "round_trip_s": self.round_trip_s,
            "cpu_limited_ratio": self.cpu_limited,
            "bandwidth_limited_ratio": self.bandwidth_limited,
        }


def probe_channels(
    probe: str,
    tables: Mapping[str, pl.DataFrame | None],
    phases: Phases,
    since_s: float | None = None,
) -> ProbeChannels:
    """`tables` are the probe's rows by W3C type, each with `run_s`; from `since_s` on."""
    times = [table["run_s"].drop_nulls() for table in tables.values() if table is not None]
    times = [each for each in times if len(each)]
    start_s = min((float(each.min()) for each in times), default=np.nan)  # type: ignore[arg-type]
    end_s = max((float(each.max()) for each in times), default=np.nan)  # type: ignore[arg-type]
    grid_s = whole_seconds(start_s, end_s)
    kept = grid_s >= (-np.inf if since_s is None else since_s)
    received = _Streams(tables.get("inbound-rtp"), grid_s, ("packetsReceived", "bytesReceived"))
    sent = _Streams(_payload(tables.get("outbound-rtp")), grid_s, ("packetsSent", "bytesSent"))
    reports = _Streams(tables.get("remote-inbound-rtp"), grid_s, ())
    pairs = tables.get("candidate-pair")
    if pairs is not None:
        pairs = pairs.filter(pl.col("nominated"), pl.col("state") == "succeeded")
    kinds: tuple[MediaKind, ...] = ("audio", "video")
    lost, arrived = received.moved("packetsLost"), received.moved("packetsReceived")
    lost_up, gone = reports.moved("packetsLost"), sent.moved("packetsSent")
    limited = None
    if (rows := tables.get("outbound-rtp")) is not None:
        reason = pl.col("qualityLimitationReason")
        limited = rows.with_columns(
            (reason == why).cast(pl.Float64).alias(why) for why in ("cpu", "bandwidth")
        )

    def cut(values: Array) -> Array:
        return values[kept]

    return ProbeChannels(
        probe=probe,
        phases=phases,
        time_s=cut(grid_s),
        sent_bps={kind: cut(8 * sent.moved("payload", kind)) for kind in kinds},
        received_bps={kind: cut(8 * received.moved("bytesReceived", kind)) for kind in kinds},
        target_bps=cut(_sampled(tables.get("outbound-rtp"), "targetBitrate", grid_s, "video")),
        lost_down=cut(_share(lost, arrived + np.maximum(lost, 0))),
        lost_up=cut(_share(lost_up, gone)),
        frames_sent=cut(sent.moved("framesEncoded", "video", np.fmin)),
        frames_received=cut(received.moved("framesDecoded", "video", np.fmin)),
        pixels=cut(
            _sampled(tables.get("inbound-rtp"), "frameWidth", grid_s, "video")
            * _sampled(tables.get("inbound-rtp"), "frameHeight", grid_s, "video")
        ),
        stalled_s=cut(received.stalled()),
        jitter_s={
            kind: cut(_sampled(tables.get("inbound-rtp"), "jitter", grid_s, kind)) for kind in kinds
        },
        round_trip_s=cut(_sampled(pairs, "currentRoundTripTime", grid_s)),
        cpu_limited=cut(_sampled(limited, "cpu", grid_s, "video")),
        bandwidth_limited=cut(_sampled(limited, "bandwidth", grid_s, "video")),
    )


class _Streams:
    """The streams of one direction, one at a time."""

    def __init__(self, rows: pl.DataFrame | None, grid_s: Array, growing: tuple[str, ...]) -> None:
        self._grid_s = grid_s
        parts = [] if rows is None else rows.partition_by(*SERIES, "kind", maintain_order=True)
        self._tables = [(part["kind"][0], PollTable(part, SERIES, growing)) for part in parts]

    def moved(
        self,
        counter: str,
        kind: MediaKind | None = None,
        add: Callable[[Array, Array], Array] = add_known,
    ) -> Array:
        """What a counter of all streams of a kind moved a second."""
        return self._together(
            kind, lambda table: (table.delta(counter), table.span_s(counter)), add
        )

    def stalled(self) -> Array:
        """Seconds without a new picture, a second; of the worst stream."""
        return self._together(
            "video", lambda table: (table.stalled_s(), table.span_s("framesDecoded")), np.fmax
        )

    def _together(
        self,
        kind: MediaKind | None,
        figures: Callable[[PollTable], tuple[pl.Series, pl.Series]],
        add: Callable[[Array, Array], Array],
    ) -> Array:
        found: Array | None = None
        for whose, table in self._tables:
            if kind not in (None, whose):
                continue
            end_s = table.known("run_s")
            moved, span_s = (each.cast(pl.Float64).to_numpy() for each in figures(table))
            (rate,) = rates_on_grid(end_s - span_s, end_s, moved, self._grid_s)
            found = rate if found is None else add(found, rate)
        return np.full(self._grid_s.shape, np.nan) if found is None else found


def _payload(rows: pl.DataFrame | None) -> pl.DataFrame | None:
    if rows is None:
        return None
    again = pl.col("retransmittedBytesSent").fill_null(0)
    return rows.with_columns(
        payload=pl.col("bytesSent") - again,
        framesEncoded=pl.coalesce("framesEncoded", "framesSent"),
    )


def _share(part: Array, whole: Array) -> Array:
    lost, due = (trailing_sum(values, LOSS_S) for values in (part, whole))
    some = due > 0
    return np.where(some, np.maximum(lost, 0) / np.where(some, due, 1.0), np.nan)


def _sampled(
    rows: pl.DataFrame | None, name: str, grid_s: Array, kind: MediaKind | None = None
) -> Array:
    """A gauge of all streams of a kind: their mean in each second."""
    if rows is None or name not in rows.columns:
        return np.full(grid_s.shape, np.nan)
    if kind is not None:
        rows = rows.filter(pl.col("kind") == kind)
    times = rows["run_s"].cast(pl.Float64).to_numpy()
    return samples_on_grid(times, rows[name].cast(pl.Float64).to_numpy(), grid_s)
