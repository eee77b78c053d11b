"""A trial's recorded frames -> arrays on run time, one value a second. Pure.

Counters become rates through `farm/rates.py`; here they are only laid on one grid of seconds, added
up by probe, and put in the order of the plan.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from farm import rates
from farm.evidence.poll_table import PollTable
from farm.evidence.stream_windows import SERIES
from farm.trial import TrialEvidence
from farm.webrtc_stats import MediaKind
from reports.by_probe import by_probe, loss_windows, setup_times
from reports.grid import (
    Array,
    Grid,
    add_known,
    rates_on_grid,
    samples_on_grid,
    stack,
    trailing_sum,
    whole_seconds,
)
from reports.trial_series import HostSeries, ServerSeries, TrialSeries

_RECEIVED = ("bytesReceived", "packetsReceived", "packetsLost", "framesDecoded")

INBOUND_COLUMNS = (*SERIES, "kind", "timestamp", *_RECEIVED)
OUTBOUND_COLUMNS = (*SERIES, "kind", "timestamp", "bytesSent", "retransmittedBytesSent")
"""What is read of the two tables."""

_KINDS: tuple[MediaKind, ...] = ("audio", "video")
_LEAD_S = 2.0  # how much is shown of what came before the ramp


@dataclass(frozen=True, slots=True, eq=False)
class TrialFrames:
    """The tables of a recording, each with `run_s`; `None` for one that has no rows.

    `inbound` and `outbound` have the columns above and `host_monotonic_s`.
    """

    inbound: pl.DataFrame | None
    outbound: pl.DataFrame | None
    server: pl.DataFrame | None
    hosts: pl.DataFrame | None


def trial_series(frames: TrialFrames, evidence: TrialEvidence) -> TrialSeries:
    """All that the figures of a trial are drawn from."""
    order = [probe.probe for probe in evidence.plan.probes]
    grid_s = _grid_s(frames, evidence)
    inbound = _streams(frames.inbound, ("packetsReceived", "bytesReceived"), _RECEIVED)
    outbound = _streams(_with_payload(frames.outbound), ("bytesSent",), ("payload",))

    def grid(
        streams: Sequence[pl.DataFrame],
        counter: str,
        add: Callable[[Array, Array], Array] = add_known,
    ) -> Grid:
        rows: dict[str, Array] = {}
        for stream in streams:
            probe, rate = stream["probe"][0], _rate(stream, counter, grid_s)
            rows[probe] = add(rows[probe], rate) if probe in rows else rate
        return stack(grid_s, [(probe, rows[probe]) for probe in order if probe in rows])

    def bitrate(streams: Sequence[pl.DataFrame], kind: MediaKind, counter: str) -> Grid:
        payload = grid(of_kind(streams, kind), counter)
        return Grid(grid_s, payload.names, payload.values * 8)

    def of_kind(streams: Sequence[pl.DataFrame], kind: MediaKind) -> list[pl.DataFrame]:
        return [stream for stream in streams if stream["kind"][0] == kind]

    return TrialSeries(
        phases=evidence.phases,
        window_s=evidence.window_s,
        mixed=evidence.plan.mixed,
        sent_bps={kind: bitrate(outbound, kind, "payload") for kind in _KINDS},
        received_bps={kind: bitrate(inbound, kind, "bytesReceived") for kind in _KINDS},
        loss=_loss(grid(inbound, "packetsLost"), grid(inbound, "packetsReceived"), evidence),
        frame_rate=grid(of_kind(inbound, "video"), "framesDecoded", np.fmin),
        server=_server(frames.server, grid_s),
        hosts=tuple(_hosts(frames.hosts, grid_s)),
        by_probe=by_probe(evidence.plan, evidence.intervals),
        loss_windows=loss_windows(evidence.plan, evidence.intervals),
        setups=setup_times(evidence.setups),
    )


def _grid_s(frames: TrialFrames, evidence: TrialEvidence) -> Array:
    """The seconds that a figure spans: the trial from just before its ramp."""
    tables = (frames.inbound, frames.outbound, frames.server, frames.hosts)
    times = [table["run_s"].drop_nulls().to_numpy() for table in tables if table is not None]
    times = [each for each in times if each.size]
    if not times:
        return np.empty(0)
    start_s = min(float(each.min()) for each in times)
    end_s = max(float(each.max()) for each in times)
    phases = evidence.phases
    if phases.ramp_s is not None:
        start_s = max(start_s, phases.ramp_s - _LEAD_S)
    if phases.done_s is not None:
        end_s = min(end_s, phases.done_s)
    return whole_seconds(start_s, end_s)


def _with_payload(outbound: pl.DataFrame | None) -> pl.DataFrame | None:
    """`payload`: what was sent, not counting what was sent again."""
    if outbound is None:
        return None
    again = pl.col("retransmittedBytesSent").fill_null(0)
    return outbound.with_columns(payload=pl.col("bytesSent") - again)


def _streams(
    frame: pl.DataFrame | None, growing: Sequence[str], counters: Sequence[str]
) -> list[pl.DataFrame]:
    """The polls of each RTP stream, with what its counters moved in how many seconds."""
    if frame is None:
        return []
    table = PollTable(frame, SERIES, growing)
    moved = table.frame.with_columns(
        *(table.delta(name) for name in counters), *(table.span_s(name) for name in counters)
    )
    return moved.partition_by(*SERIES, "kind", maintain_order=True)


def _rate(stream: pl.DataFrame, counter: str, grid_s: Array) -> Array:
    """What a counter of one stream moved a second."""
    end_s, moved, span_s = (
        stream[name].cast(pl.Float64).to_numpy()
        for name in ("run_s", f"{counter}_delta", f"{counter}_span_s")
    )
    return rates_on_grid(end_s - span_s, end_s, rates.ratio(moved, span_s), grid_s)


def _loss(lost: Grid, received: Grid, evidence: TrialEvidence) -> Grid:
    """Residual loss of all streams of a probe, over the window that ends with each second."""
    seconds = max(1, round(evidence.window_s))
    ratio = rates.loss_ratio(
        trailing_sum(lost.values, seconds), trailing_sum(received.values, seconds)
    )
    return Grid(lost.time_s, lost.names, ratio)


def _server(frame: pl.DataFrame | None, grid_s: Array) -> ServerSeries | None:
    if frame is None:
        return None
    frame = frame.with_columns(
        busiest_thread_percent=pl.col("threads")
        .list.eval(pl.element().struct.field("cpu_percent").max())
        .list.first()
    )
    column = functools.partial(_column, frame, grid_s=grid_s)
    return ServerSeries(
        time_s=grid_s,
        cpu_percent=column("cpu_percent"),
        process_cpu_percent=column("process_cpu_percent"),
        busiest_thread_percent=column("busiest_thread_percent"),
        steal_percent=column("steal_percent"),
        process_rss_bytes=column("process_rss_bytes"),
        process_threads=column("process_threads"),
        process_descriptors=column("process_descriptors"),
        received_bps=column("received_bps"),
        sent_bps=column("sent_bps"),
    )


def _hosts(frame: pl.DataFrame | None, grid_s: Array) -> Iterator[HostSeries]:
    if frame is None:
        return
    for rows in frame.partition_by("host", maintain_order=True):
        column = functools.partial(_column, rows, grid_s=grid_s)
        yield HostSeries(
            host=rows["host"][0],
            time_s=grid_s,
            cpu_percent=column("cpu_percent"),
            busiest_thread_percent=column("busiest_thread_percent"),
        )


def _column(frame: pl.DataFrame, name: str, *, grid_s: Array) -> Array:
    """A column's mean in each second; NaN throughout for one that an older recording lacks."""
    if name not in frame.columns:
        return np.full(grid_s.shape, np.nan)
    times = frame["run_s"].cast(pl.Float64).to_numpy()
    return samples_on_grid(times, frame[name].cast(pl.Float64).to_numpy(), grid_s)
