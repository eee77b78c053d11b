"""Judged windows -> what each probe and each session had over the hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from farm.hold_figures import lost_of_all_due, mean_over_time_of
from farm.intervals import Intervals
from farm.trial import Direction, JoinOutcome, StreamInterval, StreamSetup, TrialPlan
from farm.webrtc_stats import MediaKind
from reports.grid import Array
from reports.trial_series import ByProbe, SessionWindows, SetupTimes

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


def session_windows(
    plan: TrialPlan, intervals: Sequence[StreamInterval], joins: Sequence[JoinOutcome]
) -> SessionWindows:
    """The worst stream of each session in each window, each figure by itself."""
    probes = {
        session.session: tuple(probe.probe for probe in session.probes) for session in plan.sessions
    }
    return _windows("session", probes, intervals, joins)


def viewer_windows(
    plan: TrialPlan, intervals: Sequence[StreamInterval], joins: Sequence[JoinOutcome]
) -> SessionWindows | None:
    """The same of each viewer of a broadcast; `None` where everybody also sends."""
    viewers = {
        probe.probe: (f"{probe.role} of {probe.session}",)
        for probe in plan.probes
        if probe.receives and not probe.sends
    }
    if not viewers:
        return None
    windows = _windows("probe", viewers, intervals, joins)
    absent = {outcome.probe for outcome in joins if not outcome.joined}
    return replace(
        windows,
        absent=tuple(viewers[name] if name in absent else () for name in viewers),
        unit="viewer",
    )


def _windows(
    column: str,
    members: Mapping[str, tuple[str, ...]],
    intervals: Sequence[StreamInterval],
    joins: Sequence[JoinOutcome],
) -> SessionWindows:
    """The worst of all streams that are alike in `column`; `members` are in each."""
    frame = Intervals.of(intervals).frame
    spans = frame.group_by("window").agg(pl.col("start_s", "end_s").first()).sort("window")
    down, packets = pl.col("residual_loss_ratio"), pl.col("packets")
    missed = pl.col("remote_packets_lost").clip(lower_bound=0)
    received = pl.col("direction") == "inbound"
    worst = (
        frame.with_columns(
            lost=pl.when(received).then(down).when(packets > 0).then(missed / packets),
            lost_packets=pl.when(received).then(packets * down / (1 - down)).otherwise(missed),
        )
        .group_by(pl.col(column).cast(pl.String), "window")
        .agg(
            pl.col("lost", "lost_packets").max(),
            repaired=pl.col("repair_ratio").max(),
            repaired_packets=(pl.col("repair_ratio") * packets).max(),
            stood_still=pl.col("stalled_ratio").filter(received).max(),
            gap_s=pl.col("gap_s").filter(received).max(),
            frame_rate=pl.col("frame_rate").filter(received, kind="video").min(),
        )
        .filter(pl.col(column).is_in(list(members)))
    )
    row = {name: i for i, name in enumerate(members)}
    rows = worst[column].replace_strict(row, return_dtype=pl.Int64).to_numpy()
    columns = np.searchsorted(spans["window"].to_numpy(), worst["window"].to_numpy())

    def each(name: str) -> Array:
        values = np.full((len(row), spans.height), np.nan)
        values[rows, columns] = worst[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
        return values

    out = {outcome.probe for outcome in joins if not outcome.joined}
    return SessionWindows(
        sessions=tuple(row),
        probes=tuple(members.values()),
        absent=tuple(tuple(probe for probe in some if probe in out) for some in members.values()),
        start_s=spans["start_s"].to_numpy(),
        end_s=spans["end_s"].to_numpy(),
        lost=each("lost"),
        lost_packets=each("lost_packets"),
        repaired=each("repaired"),
        repaired_packets=each("repaired_packets"),
        stood_still=each("stood_still"),
        gap_s=each("gap_s"),
        frame_rate=each("frame_rate"),
    )


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
