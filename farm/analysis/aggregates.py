"""Aggregates: means and medians of what is known, and windows taken together over a hold. Pure."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable

import polars as pl

from farm.model.trial_evidence import StreamInterval


def known(values: Iterable[float | None]) -> list[float]:
    """Those that are not None."""
    return [value for value in values if value is not None]


def mean_known(values: Iterable[float | None]) -> float | None:
    """The mean of those that are known; None if none is."""
    found = known(values)
    return statistics.fmean(found) if found else None


def median_known(values: Iterable[float | None]) -> float | None:
    """The median of those that are known; None if none is."""
    found = known(values)
    return statistics.median(found) if found else None


def grown(before: int | None, after: int | None) -> int | None:
    """How much a counter grew; None for one that ran backwards: it was started anew."""
    if before is None or after is None or after < before:
        return None
    return after - before


STREAM = ("probe", "direction", "kind", "track")
"""What tells one stream from another."""


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
    """What streams lost for good, of all packets that were due (0 to 1); None: unknown."""
    moved: defaultdict[tuple[object, ...], list[int]] = defaultdict(lambda: [0, 0])
    for interval in intervals:
        if interval.packets_lost is not None and interval.packets is not None:
            stream = moved[tuple(getattr(interval, name) for name in STREAM)]
            stream[0] += interval.packets_lost
            stream[1] += interval.packets
    lost = due = 0
    for (_, direction, *_), (net, packets) in moved.items():
        missing = max(0, net)
        lost += missing
        due += packets + (missing if direction == "inbound" else 0)
    return lost / due if due else None


def mean_over_time_of(figure: str) -> pl.Expr:
    """`mean_over_time` of a column; null where it is never known."""
    length_s = pl.when(pl.col(figure).is_not_null()).then(pl.col("end_s") - pl.col("start_s"))
    seconds = length_s.sum()
    return pl.when(seconds > 0).then((pl.col(figure) * length_s).sum() / seconds).alias(figure)


def residual_loss() -> pl.Expr:
    """What each row lost for good of what was due (0 to 1), a row being a stream in one window."""
    return pl.when(_due() > 0).then(_missing() / _due()).alias("residual_loss_ratio")


def lost_ratio() -> pl.Expr:
    """`lost_of_due` of the columns of one stream; null where it is unknown."""
    net, packets = (pl.when(_known()).then(name).sum() for name in ("packets_lost", "packets"))
    lost = net.clip(lower_bound=0)
    due = packets + pl.when(pl.col("direction").first() == "inbound").then(lost).otherwise(0)
    return pl.when(due > 0).then(lost / due).alias("lost_ratio")


def lost_of_all(frame: pl.DataFrame) -> float | None:
    """`lost_of_due` of many streams together."""
    each = frame.filter(_known()).group_by(STREAM).agg(pl.col("packets_lost", "packets").sum())
    lost, due = each.select(_missing().sum(), _due().sum().alias("due")).row(0)
    return lost / due if due else None


def _known() -> pl.Expr:
    return pl.col("packets_lost").is_not_null() & pl.col("packets").is_not_null()


def _missing() -> pl.Expr:
    return pl.col("packets_lost").clip(lower_bound=0)


def _due() -> pl.Expr:
    """Of what is sent all packets are due; of what is received those that were lost as well."""
    lost = pl.when(pl.col("direction") == "inbound").then(_missing()).otherwise(0)
    return pl.col("packets") + lost
