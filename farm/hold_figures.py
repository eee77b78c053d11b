"""Windows taken together: what a stream, or many, had over the whole hold. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable

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
