"""Judged windows -> what each probe and each session had over the hold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from farm.hold_figures import lost_of_all_due, mean_over_time_of
from farm.intervals import Intervals
from farm.trial import Direction, StreamInterval, StreamSetup, TrialPlan
from farm.webrtc_stats import MediaKind
from reports.grid import Array
from reports.trial_series import ByProbe, LossWindows, SetupTimes

_KINDS: tuple[MediaKind, ...] = ("audio", "video")


def by_probe(plan: TrialPlan, intervals: Sequence[StreamInterval]) -> ByProbe:
    """Means over the hold, in the plan's order; NaN for what a probe does not have."""
    probes = plan.probes
    places = pl.DataFrame({"probe": [probe.probe for probe in probes]})
    frame = Intervals.of(intervals).frame.with_columns(pl.col("probe", "session").cast(pl.String))

    def each(figures: pl.DataFrame) -> Array:
        column = places.join(figures, on="probe", how="left", maintain_order="left").to_series(1)
        return column.cast(pl.Float64).fill_null(np.nan).to_numpy()

    def bitrates(direction: Direction) -> dict[MediaKind, Array]:
        tracks = frame.filter(direction=direction).group_by("probe", "kind", "track")
        means = tracks.agg(mean_over_time_of("bitrate_bps"))
        return {kind: each(_total(means.filter(kind=kind), "bitrate_bps")) for kind in _KINDS}

    inbound = frame.filter(direction="inbound")
    pictures = inbound.filter(kind="video").group_by("probe")
    return ByProbe(
        probes=tuple(places["probe"]),
        sessions=tuple(probe.session for probe in probes),
        roles=tuple(probe.role for probe in probes),
        sent_bps=bitrates("outbound"),
        received_bps=bitrates("inbound"),
        lost_down=each(inbound.group_by("probe").agg(lost_of_all_due())),
        lost_up=each(frame.filter(direction="outbound").group_by("probe").agg(_lost_up())),
        frame_rate=each(pictures.agg(mean_over_time_of("frame_rate"))),
    )


def loss_windows(plan: TrialPlan, intervals: Sequence[StreamInterval]) -> LossWindows:
    """The worst inbound stream of each session in each window."""
    inbound = Intervals.of(intervals).frame.filter(direction="inbound")
    spans = inbound.group_by("window").agg(pl.col("start_s", "end_s").first()).sort("window")
    sessions = tuple(session.session for session in plan.sessions)
    worst = inbound.group_by(pl.col("session").cast(pl.String), "window").agg(
        pl.col("residual_loss_ratio").max()
    )
    row = {name: i for i, name in enumerate(sessions)}
    ratio = np.full((len(sessions), spans.height), np.nan)
    rows = worst["session"].replace_strict(row, return_dtype=pl.Int64).to_numpy()
    columns = np.searchsorted(spans["window"].to_numpy(), worst["window"].to_numpy())
    ratio[rows, columns] = worst["residual_loss_ratio"].fill_null(np.nan).to_numpy()
    return LossWindows(sessions, spans["start_s"].to_numpy(), spans["end_s"].to_numpy(), ratio)


def setup_times(setups: Sequence[StreamSetup]) -> SetupTimes:
    """The expected streams in the order given."""
    return SetupTimes(
        tuple(setup.probe for setup in setups),
        tuple(setup.kind for setup in setups),
        np.array(
            [np.nan if setup.setup_s is None else setup.setup_s for setup in setups],
            dtype=np.float64,
        ),
    )


def _total(figures: pl.DataFrame, name: str) -> pl.DataFrame:
    """The sum of what is known for each probe."""
    return figures.drop_nulls(name).group_by("probe").agg(pl.col(name).sum())


def _lost_up() -> pl.Expr:
    """Of all that the probe sent, what the server's receiver reports missed."""
    lost = pl.col("remote_packets_lost")
    known = lost.is_not_null() & pl.col("packets").is_not_null()
    sent = pl.when(known).then("packets").sum()
    share = pl.when(known).then(lost).sum() / sent
    return pl.when(sent > 0).then(pl.max_horizontal(share, 0.0)).alias("lost")
