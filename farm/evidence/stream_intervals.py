"""A trial's streams in the windows of its hold: those seen, and those that should have been."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from farm.evidence.poll_table import in_windows
from farm.evidence.stream_windows import STREAM, received, sent
from farm.rates import FloatArray
from farm.recording.reader import TrialReader
from farm.trial import StreamInterval, TrialPlan


def stream_intervals(
    trial: TrialReader, polls: pl.DataFrame, edges: FloatArray, established: frozenset[str]
) -> tuple[StreamInterval, ...]:
    """Of all streams that were seen, and of those that `established` probes should have had.

    `edges` are the windows' (`rates.window_edges`), `polls` those of `polls_by_window`. In the
    order of the plan's probes.
    """
    if not len(edges):
        return ()
    figures = [
        figures for figures in (received(trial, edges), sent(trial, edges)) if figures is not None
    ]
    frame = _expected(trial.plan, established, len(edges) - 1)
    if figures:
        seen = pl.concat(figures, how="diagonal_relaxed")
        frame = frame.join(seen, on=[*STREAM, "window"], how="full", coalesce=True)
    frame = _with_silence(_in_their_windows(frame, polls, edges))
    return tuple(_intervals(frame, trial.plan, edges))


_POLLS = {
    "probe": pl.String(),
    "window": pl.Int64(),
    "polls": pl.UInt32(),
    "late_s": pl.List(pl.Float64()),
}


def polls_by_window(trial: TrialReader, edges: FloatArray) -> pl.DataFrame:
    """probe, window, polls, late_s (the list): polls that came twice count once."""
    polls = trial.polls()
    if polls is None:
        return pl.DataFrame(schema=_POLLS)
    return (
        in_windows(polls.unique(["probe", "page_time_s"]), edges)
        .group_by("probe", "window")
        .agg(polls=pl.len(), late_s=pl.col("late_s"))
    )


# ---------------------------------------------------------------- what should be there

_PLACES = {
    "probe": pl.String(),
    "direction": pl.String(),
    "kind": pl.String(),
    "track": pl.Int64(),
    "window": pl.Int64(),
}


def _expected(plan: TrialPlan, established: frozenset[str], windows: int) -> pl.DataFrame:
    """Every stream that should have been there, in every window."""
    rows = [
        (probe.probe, direction, kind, kinds[:place].count(kind), window)
        for probe in plan.probes
        if probe.probe in established
        for direction, kinds in (("inbound", probe.receives), ("outbound", probe.sends))
        for place, kind in enumerate(kinds)
        for window in range(windows)
    ]
    return pl.DataFrame(rows, schema=_PLACES, orient="row").with_columns(expected=True)


def _in_their_windows(frame: pl.DataFrame, polls: pl.DataFrame, edges: FloatArray) -> pl.DataFrame:
    """The figures with every column there is, the polls of their page and `length_s`."""
    missing = [name for name in (*_FIGURES, *_PARTS, "rows") if name not in frame.columns]
    lengths = pl.DataFrame({"window": range(len(edges) - 1), "length_s": edges[1:] - edges[:-1]})
    return (
        frame.with_columns(pl.lit(None, pl.Float64).alias(name) for name in missing)
        .join(polls.select("probe", "window", "polls"), on=["probe", "window"], how="left")
        .join(lengths, on="window", how="left")
        .with_columns(pl.col("rows", "polls").fill_null(0).cast(pl.Int64))
        # A damaged table of polls does not unsay what the others hold.
        .with_columns(polls=pl.max_horizontal("polls", "rows"))
    )


def _with_silence(frame: pl.DataFrame) -> pl.DataFrame:
    """The figures as they are final.

    For the time `absent_s`, in which a page was polled and an expected stream was not there,
    nothing came and nothing moved; where it never was (`gone`) that is all there is to say.
    """
    video = pl.col("kind") == "video"
    gone = (pl.col("rows") == 0) & (pl.col("polls") > 0)
    counted = ["packets", "payload_bytes", "payload_span_s"]
    moved = ["frames", "frames_span_s", "stalled_s"]
    absent_ratio = 1 - pl.col("rows") / pl.col("polls")
    seconds_absent = absent_ratio * pl.col("length_s")
    return (
        frame.with_columns(
            pl.when(gone).then(0.0).otherwise(pl.col(counted)).name.keep(),
            pl.when(gone & video).then(0.0).otherwise(pl.col(moved)).name.keep(),
            absent_s=pl.when("expected", pl.col("polls") > 0).then(seconds_absent).otherwise(0.0),
        )
        .with_columns(stalled_s=pl.col("stalled_s") + pl.col("absent_s"))
        .with_columns(
            bitrate_bps=_per_second(8 * pl.col("payload_bytes"), "payload_span_s"),
            frame_rate=_per_second(pl.col("frames"), "frames_span_s"),
            stalled_ratio=pl.when(pl.col("direction") == "inbound").then(
                (pl.col("stalled_s") / pl.col("length_s")).clip(0, 1)
            ),
            gap_s=pl.when(pl.col("absent_s") > 0)
            .then(pl.max_horizontal("gap_s", "absent_s"))
            .otherwise("gap_s"),
        )
    )


def _per_second(amount: pl.Expr, span_s: str) -> pl.Expr:
    seconds = pl.col(span_s) + pl.col("absent_s")
    return pl.when(seconds > 0).then(amount / seconds)


_PARTS = ("frames", "frames_span_s", "payload_span_s", "stalled_s")
_COUNTS = ("packets", "payload_bytes", "frame_width", "frame_height", "remote_packets_lost")
_FIGURES = (
    *_COUNTS,
    "bitrate_bps",
    "residual_loss_ratio",
    "repair_ratio",
    "frame_rate",
    "stalled_ratio",
    "gap_s",
    "target_bitrate_bps",
    "capture_frame_rate",
    "round_trip_time_s",
    "jitter_s",
    "quality_limited_by_cpu_ratio",
)


def _intervals(frame: pl.DataFrame, plan: TrialPlan, edges: FloatArray) -> Iterator[StreamInterval]:
    order = {probe.probe: place for place, probe in enumerate(plan.probes)}
    probes = {probe.probe: probe for probe in plan.probes}
    counts = frame.select(
        *STREAM,
        "window",
        "polls",
        pl.col(_COUNTS).round().cast(pl.Int64),
        *_FIGURES[len(_COUNTS) :],
    )
    sorted_rows = counts.with_columns(
        place=pl.col("probe").replace_strict(order, return_dtype=pl.Int64)
    ).sort("place", "direction", "kind", "track", "window")
    for row in sorted_rows.drop("place").iter_rows(named=True):
        probe, window = probes[row["probe"]], row["window"]
        yield StreamInterval(
            session=probe.session,
            role=probe.role,
            start_s=float(edges[window]),
            end_s=float(edges[window + 1]),
            **row,
        )
