"""Aggregates: means and medians of what is known, and windows taken together over a hold. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence

import polars as pl

from farm.analysis.rates import FloatArray, missing_and_due, ratio
from farm.model.trial_evidence import StreamInterval


def known(values: Iterable[float | None]) -> list[float]:
    """The values that are not None."""
    return [value for value in values if value is not None]


def mean_known(values: Iterable[float | None]) -> float | None:
    """The mean of the values that are not None; None if there is none."""
    found = known(values)
    return statistics.fmean(found) if found else None


def median_known(values: Iterable[float | None]) -> float | None:
    """The median of the values that are not None; None if there is none."""
    found = known(values)
    return statistics.median(found) if found else None


def grown(before: int | None, after: int | None) -> int | None:
    """How much a counter grew; None for one that fell, as it was reset."""
    if before is None or after is None or after < before:
        return None
    return after - before


STREAM = ("probe", "direction", "kind", "track")
"""The columns that identify a stream."""

_REPORTED = pl.coalesce("packets_reported", "packets").alias("packets_reported")
"""The packets of which those that were lost are counted; of received streams all that came."""


def mean_over_time(
    intervals: Iterable[StreamInterval], figure: Callable[[StreamInterval], float | None]
) -> float | None:
    """The mean in which a window counts by its length; None where `figure` is never known."""
    return mean_by_length((figure(each), each.end_s - each.start_s) for each in intervals)


def mean_by_length(windows: Iterable[tuple[float | None, float]]) -> float | None:
    """`mean_over_time` of values with the lengths of their windows, in seconds."""
    known = [(value, length_s) for value, length_s in windows if value is not None]
    seconds = sum(length_s for _, length_s in known)
    return sum(value * length_s for value, length_s in known) / seconds if seconds else None


def mean_over_time_of(figure: str) -> pl.Expr:
    """`mean_over_time` of a column; null where it is never known."""
    length_s = pl.when(pl.col(figure).is_not_null()).then(pl.col("end_s") - pl.col("start_s"))
    seconds = length_s.sum()
    return pl.when(seconds > 0).then((pl.col(figure) * length_s).sum() / seconds).alias(figure)


def residual_loss(windows: pl.DataFrame) -> pl.Series:
    """What each row lost for good of what was due (0 to 1), a row being a stream in one window."""
    return _shares("residual_loss_ratio", *_missing_and_due(windows))


def missing_packets(windows: pl.DataFrame) -> pl.Series:
    """How many packets each row lost for good, a row being a stream in one window."""
    missing, _ = _missing_and_due(windows)
    return pl.Series("missing_packets", missing, nan_to_null=True)


def lost_by(windows: pl.DataFrame, by: Sequence[str] = STREAM) -> pl.DataFrame:
    """What streams lost for good of all packets that were due: `lost_ratio` (0 to 1), by `by`.

    `by` are names of `STREAM`. Null, or no row, where it is unknown.
    """
    moved = _moved(windows)
    missing, due = (pl.Series(each) for each in _missing_and_due(moved))
    moved = moved.with_columns(missing=missing, due=due)
    each = moved.group_by(by).agg(pl.col("missing", "due").sum())
    lost = _shares("lost_ratio", each["missing"].to_numpy(), each["due"].to_numpy())
    return each.select(*by, lost)


def lost_of_all(windows: pl.DataFrame) -> float | None:
    """The same of many streams together."""
    missing, due = (float(each.sum()) for each in _missing_and_due(_moved(windows)))
    return missing / due if due else None


def _moved(windows: pl.DataFrame) -> pl.DataFrame:
    """What the counters of each stream moved over all windows in which both are known."""
    known = windows.drop_nulls(["packets_lost", "packets"]).with_columns(_REPORTED)
    return known.group_by(STREAM).agg(pl.col("packets_lost", "packets", "packets_reported").sum())


def _missing_and_due(rows: pl.DataFrame) -> tuple[FloatArray, FloatArray]:
    of = rows.select("packets_lost", _REPORTED).cast(pl.Float64)
    lost, packets = (of[name].to_numpy() for name in ("packets_lost", "packets_reported"))
    return missing_and_due(lost, packets, (rows["direction"] == "inbound").to_numpy())


def _shares(name: str, missing: FloatArray, due: FloatArray) -> pl.Series:
    return pl.Series(name, ratio(missing, due), nan_to_null=True)
