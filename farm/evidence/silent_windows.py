"""The figures of windows in which an expected stream was silent or absent. Pure."""

from __future__ import annotations

import polars as pl

from farm.analysis.aggregates import residual_loss
from farm.analysis.intervals import DIRECTIONS
from farm.analysis.rates import FloatArray

_PARTS = ("frames", "frames_span_s", "payload_span_s", "stalled_s")
COUNTS = (
    "packets",
    "payload_bytes",
    "edge_payload_bytes",
    "frame_width",
    "frame_height",
    "packets_lost",
    "packets_reported",
    "key_frames",
)
_FIGURES = (
    *COUNTS,
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


def with_polls(
    frame: pl.DataFrame, polls: pl.DataFrame, held: pl.DataFrame, edges: FloatArray
) -> pl.DataFrame:
    """The figures with every column, the polls of their page, and `length_s`.

    Where rows of polls are lost, a poll without a stream does not show that it was absent.
    """
    missing = [
        name
        for name in (*_FIGURES, *_PARTS, "rows", "moves", "taken_over", "resized")
        if name not in frame.columns
    ]
    lengths = pl.DataFrame({"window": range(len(edges) - 1), "length_s": edges[1:] - edges[:-1]})
    had = polls.select("probe", "window", "polls", *DIRECTIONS.categories)
    lost = pl.col("held").fill_null(0) < pl.when(direction="inbound").then("inbound").otherwise(
        "outbound"
    )
    return (
        frame.with_columns(pl.lit(None, pl.Float64).alias(name) for name in missing)
        .join(had, on=["probe", "window"], how="left")
        .join(held, on=["probe", "window", "direction"], how="left")
        .join(lengths, on="window", how="left")
        .with_columns(pl.col("rows", "polls").fill_null(0).cast(pl.Int64))
        # Where the table of polls is damaged, the rows of the others still count.
        .with_columns(
            polls=pl.when(lost).then("rows").otherwise(pl.max_horizontal("polls", "rows"))
        )
    )


def with_silence(frame: pl.DataFrame) -> pl.DataFrame:
    """The final figures.

    In the time `absent_s`, in which a page was polled and an expected stream was absent, it counts
    as without packets and as frozen; where it was absent all the time (`gone`) there is nothing
    else. One poll without it, while it is moved, does not count: it was absent for less.
    """
    video = pl.col("kind") == "video"
    gone = (pl.col("rows") == 0) & (pl.col("polls") > 0)
    counted = ["packets", "payload_bytes", "payload_span_s"]
    moved = ["frames", "frames_span_s", "stalled_s"]
    missing = (pl.col("polls") - pl.col("rows") - pl.col("moves").fill_null(0)).clip(0)
    seconds_absent = missing / pl.col("polls") * pl.col("length_s")
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
        .pipe(lambda figures: figures.with_columns(residual_loss(figures)))
    )


def _per_second(amount: pl.Expr, span_s: str) -> pl.Expr:
    seconds = pl.col(span_s) + pl.col("absent_s")
    return pl.when(seconds > 0).then(amount / seconds)
