"""Figures of each probe over the hold, and of each session in each window. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from farm.analysis.aggregates import STREAM, lost_by, mean_over_time_of, missing_packets
from farm.analysis.intervals import Intervals
from farm.model.trial_evidence import JoinOutcome, StreamIdentity, StreamInterval, StreamSetup
from farm.model.trial_plan import Direction, TrialPlan
from farm.model.webrtc_stats import MEDIA_KINDS, MediaKind
from reports.series.grid import Array
from reports.series.trial import ByProbe, SessionWindows, SetupTimes
from reports.wording.stream_names import from_whom


def by_probe(
    plan: TrialPlan,
    intervals: Sequence[StreamInterval],
    streams: Iterable[StreamIdentity] = (),
) -> ByProbe:
    """Figures of each probe's owed streams over the hold, in the plan's order; NaN where unknown.

    `streams` tell the senders of received ones.
    """
    probes = plan.probes
    places = pl.DataFrame({"probe": [probe.probe for probe in probes]})
    owed = Intervals.of(intervals).frame.filter("owed")
    over_hold = (
        owed.group_by(STREAM)
        .agg(
            mean_over_time_of("bitrate_bps"),
            mean_over_time_of("frame_rate"),
            pl.col("is_screen").first(),
        )
        .join(lost_by(owed), on=STREAM, how="left")
        .with_columns(pl.col("probe").cast(pl.String))
    )

    def each(figures: pl.DataFrame, name: str) -> Array:
        column = places.join(figures, on="probe", how="left", maintain_order="left")[name]
        return column.cast(pl.Float64).fill_null(np.nan).to_numpy()

    def of(direction: Direction) -> pl.DataFrame:
        return over_hold.filter(direction=direction)

    def bitrates(direction: Direction) -> dict[MediaKind, Array]:
        known = of(direction).drop_nulls("bitrate_bps")
        return {
            kind: each(
                known.filter(kind=kind).group_by("probe").agg(pl.col("bitrate_bps").sum()),
                "bitrate_bps",
            )
            for kind in MEDIA_KINDS
        }

    def most_lost(direction: Direction, lost: pl.Expr) -> Array:
        return each(of(direction).group_by("probe").agg(lost), "lost_ratio")

    videos = of("inbound").filter(kind="video", is_screen=False).drop_nulls("frame_rate")
    worst = videos.sort("frame_rate", "track").group_by("probe", maintain_order=True)
    slowest = worst.agg(pl.col("frame_rate", "track").first(), several=pl.len() > 1)
    names = {
        (each.probe, each.track): from_whom(each)
        for each in streams
        if each.kind == "video" and each.direction == "inbound"
    }
    senders = {
        probe: names.get((probe, track), "")
        for probe, _, track, several in slowest.iter_rows()
        if several
    }
    return ByProbe(
        probes=tuple(places["probe"]),
        sessions=tuple(probe.session for probe in probes),
        roles=tuple(probe.role for probe in probes),
        sent_bps=bitrates("outbound"),
        received_bps=bitrates("inbound"),
        lost_down=most_lost("inbound", pl.col("lost_ratio").max()),
        lost_up=most_lost("outbound", _most_lost_up()),
        frame_rate=each(slowest, "frame_rate"),
        slowest=tuple(senders.get(probe.probe, "") for probe in probes),
    )


def session_windows(
    plan: TrialPlan,
    intervals: Sequence[StreamInterval],
    joins: Sequence[JoinOutcome],
    due: pl.DataFrame | None = None,
) -> SessionWindows:
    """The worst value of each figure among a session's streams, in each window.

    `due` is what `due_frame_rates` gives; without it no frames count as missing, and no time is
    allowed for switches of speakers.
    """
    probes = {
        session.session: tuple(probe.probe for probe in session.probes) for session in plan.sessions
    }
    return _windows("session", probes, intervals, joins, due)


def viewer_windows(
    plan: TrialPlan,
    intervals: Sequence[StreamInterval],
    joins: Sequence[JoinOutcome],
    due: pl.DataFrame | None = None,
) -> SessionWindows | None:
    """`session_windows` for each viewer of broadcasts; `None` in other scenarios."""
    if not plan.by_viewer:
        return None
    viewers = {
        probe.probe: (f"{probe.role} of {probe.session}",)
        for probe in plan.probes
        if probe.receives and not probe.sends
    }
    windows = _windows("probe", viewers, intervals, joins, due)
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
    due: pl.DataFrame | None,
) -> SessionWindows:
    """The worst of all owed streams with the same value in `column`; `members` are in each."""
    whole = Intervals.of(intervals).frame
    spans = whole.group_by("window").agg(pl.col("start_s", "end_s").first()).sort("window")
    frame = whole.filter("owed")
    if due is None:
        frame = frame.with_columns(
            due_frame_rate=pl.lit(None, pl.Float64), switching_ratio=pl.lit(0.0)
        )
    else:
        videos = due.with_columns(
            pl.lit("inbound", frame.schema["direction"]).alias("direction"),
            pl.lit("video", frame.schema["kind"]).alias("kind"),
        )
        on = ["probe", "direction", "kind", "track", "window"]
        frame = frame.join(videos, on=on, how="left")
    received = pl.col("direction") == "inbound"
    moves = received & ~pl.col("is_screen")
    waits = pl.col("switching_ratio").fill_null(0.0)
    lacking = 1 - pl.col("frame_rate") / (pl.col("due_frame_rate") * (1 - waits))
    worst = (
        frame.with_columns(
            lost=pl.col("residual_loss_ratio"),
            lost_packets=missing_packets(frame),
        )
        .group_by(pl.col(column).cast(pl.String), "window")
        .agg(
            pl.col("lost", "lost_packets").max(),
            repaired=pl.col("repair_ratio").max(),
            repaired_packets=(pl.col("repair_ratio") * pl.col("packets")).max(),
            frozen=(pl.col("stalled_ratio") - waits).clip(0).filter(moves).max(),
            gap_s=pl.col("gap_s").filter(moves).max(),
            frames_lacking=lacking.filter(received, kind="video").max(),
            missing=((pl.col("packets") == 0) & (pl.col("polls") > 0)).filter(received).any(),
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
        frozen=each("frozen"),
        gap_s=each("gap_s"),
        frames_lacking=each("frames_lacking"),
        missing=each("missing") == 1,
    )


def setup_times(setups: Sequence[StreamSetup]) -> SetupTimes:
    """Setup times of the expected streams, in the order given."""
    return SetupTimes(
        tuple(setup.probe for setup in setups),
        tuple(setup.kind for setup in setups),
        np.array(
            [np.nan if setup.setup_s is None else setup.setup_s for setup in setups],
            dtype=np.float64,
        ),
    )


def _most_lost_up() -> pl.Expr:
    """Of a probe's streams; nothing lost of one says nothing of another that nobody reported on."""
    lost = pl.col("lost_ratio")
    return pl.when(lost.is_not_null().all() | (lost.max() > 0)).then(lost.max())
