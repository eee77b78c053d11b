"""Makes the arrays of a trial's figures from its recorded tables, one value a second. Pure.

Counters become rates through `farm.analysis.rates`; here they are resampled to one grid of seconds,
summed by probe, and sorted by the plan.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import polars as pl

from farm.analysis.aggregates import mean_known
from farm.analysis.intervals import Intervals
from farm.analysis.rates import loss_ratio
from farm.analysis.trial_summary import held_host_percents, held_server_samples
from farm.evidence.poll_table import PollTable
from farm.evidence.stream_lifetimes import SERIES
from farm.model.trial_evidence import TrialEvidence
from farm.model.trial_plan import TrialPlan
from farm.model.webrtc_stats import MEDIA_KINDS, MediaKind
from reports.series.by_probe import by_probe, session_windows, setup_times, viewer_windows
from reports.series.due_frame_rates import due_frame_rates
from reports.series.grid import (
    Array,
    Grid,
    add_known,
    rates_on_grid,
    samples_on_grid,
    stack,
    trailing_sum,
    whole_seconds,
)
from reports.series.hosts import host_series
from reports.series.janus_view import janus_series
from reports.series.server_strain import server_strain
from reports.series.server_threads import thread_series
from reports.series.trial import ServerSeries, TrialSeries
from reports.series.trial_frames import StreamFrames, TrialFrames
from reports.series.unowed import RecordedStream, Span, unowed_spans

_LEAD_S = 2.0  # shown before the ramp


def trial_series(
    frames: TrialFrames, evidence: TrialEvidence, mix_frame_rate: float | None = None
) -> TrialSeries:
    """All arrays of a trial; `mix_frame_rate` is the rate that a mix should have."""
    grid_s = _grid_s(frames, evidence)
    seconds = max(1, round(evidence.window_s))
    grids = _Grids(
        [probe.probe for probe in evidence.plan.probes], grid_s, seconds, unowed_spans(evidence)
    )
    for batch in frames.streams:
        grids.add(batch)
    grid = grids.grid
    due = due_frame_rates(evidence, mix_frame_rate)
    seen = evidence.plan, evidence.intervals, evidence.joins
    return TrialSeries(
        phases=evidence.phases,
        window_s=evidence.window_s,
        mixed=evidence.plan.mixed,
        partners=_partners(evidence.plan),
        asked_frame_rates=_asked_frame_rates(evidence),
        sent_bps={kind: grid(f"{kind} sent") for kind in MEDIA_KINDS},
        received_bps={kind: grid(f"{kind} received") for kind in MEDIA_KINDS},
        loss=grid("lost"),
        frame_rate=grid("decoded"),
        server=_server(frames.server, grid_s, evidence),
        threads=thread_series(frames.server, grid_s),
        hosts=tuple(host_series(evidence.host_samples, grid_s, held_host_percents(evidence))),
        by_probe=by_probe(evidence.plan, evidence.intervals, evidence.streams),
        session_windows=session_windows(*seen, due),
        viewer_windows=viewer_windows(*seen, due),
        setups=setup_times(evidence.setups),
        janus=janus_series(evidence.janus_samples),
        strain=server_strain(frames.server, grid_s, functools.partial(_column, grid_s=grid_s)),
    )


def _partners(plan: TrialPlan) -> int:
    if plan.mixed:
        return 0
    videos = max((probe.receives.count("video") for probe in plan.probes), default=0)
    return videos or max((probe.receives.count("audio") for probe in plan.probes), default=0)


def _asked_frame_rates(evidence: TrialEvidence) -> tuple[float, ...]:
    sent = Intervals.of(evidence.intervals).frame.filter("owed", direction="outbound")
    return tuple(sent["asked_frame_rate"].drop_nulls().unique().sort().to_list())


def _grid_s(frames: TrialFrames, evidence: TrialEvidence) -> Array:
    """The seconds that a figure spans: the trial, from just before its ramp."""
    tables = (frames.server, frames.hosts)
    times = [table["run_s"].drop_nulls().to_numpy() for table in tables if table is not None]
    times = [each for each in times if each.size]
    if frames.polled_s is not None:
        times.append(np.array(frames.polled_s))
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


def _with_payload(outbound: pl.DataFrame) -> pl.DataFrame:
    """The table with `payload`: bytes sent without retransmissions."""
    again = pl.col("retransmittedBytesSent").fill_null(0)
    return outbound.with_columns(payload=pl.col("bytesSent") - again)


class _Grids:
    """The figures of each probe second by second, filled some probes at a time.

    Loss is over the `loss_s` seconds up to each one. In the spans of `unowed` streams have neither
    loss nor frame rate.
    """

    def __init__(
        self,
        order: Sequence[str],
        grid_s: Array,
        loss_s: int,
        unowed: Mapping[RecordedStream, Sequence[Span]],
    ) -> None:
        self._place = {probe: i for i, probe in enumerate(order)}
        self._grid_s = grid_s
        self._loss_s = loss_s
        self._unowed = unowed
        self._values: dict[str, Array] = {}
        self._seen: dict[str, set[int]] = {}

    def add(self, batch: StreamFrames) -> None:
        """Add the streams of some probes, all that each of them has."""
        if batch.inbound is not None:
            table = PollTable(batch.inbound, SERIES, ("packetsReceived", "bytesReceived"))
            streams = _Streams(table, self._grid_s)
            for kind in MEDIA_KINDS:
                self._fill(f"{kind} received", *streams.per_second("bytesReceived", kind), scale=8)
            whose, lost = streams.per_second("packetsLost", None)
            _, arrived = streams.per_second("packetsReceived", None)
            ratio = loss_ratio(
                trailing_sum(lost, self._loss_s), trailing_sum(arrived, self._loss_s), received=True
            )
            self._fill("lost", whose, self._owed(whose, ratio), add=np.fmax)
            whose, decoded = streams.per_second("framesDecoded", "video")
            _, came = streams.per_second("packetsReceived", "video")
            decoded[np.nansum(came, axis=1) == 0] = np.nan  # announced, and never sent
            self._fill("decoded", whose, self._owed(whose, decoded), add=np.fmin)
        if batch.outbound is not None:
            table = PollTable(_with_payload(batch.outbound), SERIES, ("bytesSent",))
            streams = _Streams(table, self._grid_s)
            for kind in MEDIA_KINDS:
                self._fill(f"{kind} sent", *streams.per_second("payload", kind), scale=8)

    def _owed(self, whose: Sequence[RecordedStream], values: Array) -> Array:
        """`values`, with NaN while a stream is owed to nobody."""
        for place, stream in enumerate(whose if self._unowed else ()):
            for begin_s, end_s in self._unowed.get(stream, ()):
                values[place, (self._grid_s + 1 > begin_s) & (self._grid_s < end_s)] = np.nan
        return values

    def grid(self, name: str) -> Grid:
        """One figure of the probes that have such streams, in the order of the plan."""
        places = sorted(self._seen.get(name, ()))
        if not places:
            return stack(self._grid_s, [])
        names = tuple(self._place)
        values = self._values[name]
        # Usually every probe has them, and then nothing is copied.
        kept = values if len(places) == len(names) else values[places]
        return Grid(self._grid_s, tuple(names[place] for place in places), kept)

    def _fill(
        self,
        name: str,
        streams: Sequence[RecordedStream],
        rates: Array,
        *,
        scale: float = 1.0,
        add: Callable[[Array, Array], Array] = add_known,
    ) -> None:
        if name not in self._values:
            self._values[name] = np.full((len(self._place), self._grid_s.size), np.nan)
        values, seen = self._values[name], self._seen.setdefault(name, set())
        whole = np.array([self._place.get(probe, -1) for probe, *_ in streams], dtype=np.int64)
        # One stream of each probe at a time, so that no row gets two at once.
        while whole.size:
            _, first = np.unique(whole, return_index=True)
            first = first[whole[first] >= 0]
            rows = whole[first]
            fresh = np.array([row not in seen for row in rows.tolist()], dtype=np.bool_)
            added = add(values[rows], rates[first] * scale)
            values[rows] = np.where(fresh[:, None], rates[first] * scale, added)
            seen.update(rows.tolist())
            left = np.ones(whole.size, dtype=np.bool_)
            left[first] = False
            left &= whole >= 0
            whole, rates = whole[left], rates[left]


class _Streams:
    """The polls of some RTP streams, and the rates of their counters."""

    def __init__(self, table: PollTable, grid_s: Array) -> None:
        self._table = table
        self._grid_s = grid_s
        names = [*SERIES, "kind"]
        frame = table.frame
        codes = [frame[name].rle_id().to_numpy() for name in names]
        new = np.any([np.diff(code, prepend=-1) != 0 for code in codes], axis=0)
        self._stream = np.cumsum(new) - 1
        mid = pl.col("mid") if "mid" in frame.columns else pl.lit(None, pl.String)
        self._whose = frame.filter(pl.Series(new, dtype=pl.Boolean)).select(
            "probe", "connection", mid.fill_null("").alias("mid"), "kind"
        )

    def per_second(
        self, counter: str, kind: MediaKind | None
    ) -> tuple[list[RecordedStream], Array]:
        """The streams of a kind (`None`: of both), and their rates, `(streams, seconds)`."""
        rows = np.ones(self._stream.shape, dtype=np.bool_)
        streams = np.ones(self._whose.height, dtype=np.bool_)
        if kind is not None:
            streams = (self._whose["kind"] == kind).fill_null(False).to_numpy()
            rows = streams[self._stream]
        end_s, moved, span_s = (
            values.cast(pl.Float64).to_numpy()[rows]
            for values in (
                self._table.frame["run_s"],
                self._table.delta(counter),
                self._table.span_s(counter),
            )
        )
        number = np.cumsum(streams) - 1
        rates = rates_on_grid(
            end_s - span_s,
            end_s,
            moved,
            self._grid_s,
            streams=number[self._stream[rows]],
            count=int(streams.sum()),
        )
        return self._whose.filter(pl.Series(streams)).rows(), rates


def _server(
    frame: pl.DataFrame | None, grid_s: Array, evidence: TrialEvidence
) -> ServerSeries | None:
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
        hold_cpu_percent=mean_known(each.cpu_percent for each in held_server_samples(evidence)),
    )


def _column(frame: pl.DataFrame, name: str, *, grid_s: Array) -> Array:
    """The mean of a column in each second; all NaN for a column that an older recording lacks."""
    if name not in frame.columns:
        return np.full(grid_s.shape, np.nan)
    times = frame["run_s"].cast(pl.Float64).to_numpy()
    return samples_on_grid(times, frame[name].cast(pl.Float64).to_numpy(), grid_s)
