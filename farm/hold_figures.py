"""Windows taken together: what a stream, or many, had over the whole hold. Pure.

Each figure twice: of a few intervals, and as an expression for the columns of `Intervals.frame`,
whole or in groups, where there are too many to look at one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import polars as pl

from farm.trial import StreamInterval


def mean_over_time(
    intervals: Iterable[StreamInterval], figure: Callable[[StreamInterval], float | None]
) -> float | None:
    """The mean in which a window counts by its length; None where `figure` is never known."""
    known = [
        (value, interval.end_s - interval.start_s)
        for interval in intervals
        if (value := figure(interval)) is not None
    ]
    seconds = sum(length_s for _, length_s in known)
    return sum(value * length_s for value, length_s in known) / seconds if seconds else None


def lost_of_due(intervals: Iterable[StreamInterval]) -> float | None:
    """All packets lost of all due (0 to 1): windows count by their packets; None: unknown."""
    lost = due = 0.0
    for interval in intervals:
        ratio, packets = interval.residual_loss_ratio, interval.packets
        if ratio is not None and packets is not None:
            # Of a window that lost everything nobody knows how much that was: it counts as one.
            expected = packets / (1 - ratio) if ratio < 1 else 1.0
            due += expected
            lost += expected * ratio
    return lost / due if due else None


def mean_over_time_of(figure: str) -> pl.Expr:
    """`mean_over_time` of a column; null where it is never known."""
    length_s = pl.when(pl.col(figure).is_not_null()).then(pl.col("end_s") - pl.col("start_s"))
    seconds = length_s.sum()
    return pl.when(seconds > 0).then((pl.col(figure) * length_s).sum() / seconds).alias(figure)


def lost_of_all_due() -> pl.Expr:
    """`lost_of_due` of the columns; null where it is unknown."""
    ratio, packets = pl.col("residual_loss_ratio"), pl.col("packets")
    expected = pl.when(ratio < 1).then(packets / (1 - ratio)).otherwise(1.0)
    due = pl.when(ratio.is_not_null() & packets.is_not_null()).then(expected)
    return pl.when(due.sum() > 0).then((due * ratio).sum() / due.sum()).alias("lost_ratio")
