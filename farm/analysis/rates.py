"""Cumulative counters -> their changes between polls and in windows. Pure.

All arrays are flat, `(rows,)`: the polls of many streams one after the other, each stream's in the
order of time. `first` is true at rows that do not continue the row before: another stream begins,
or the same one anew. NaN is unknown and stays unknown. Nothing loops over rows, so that only memory
limits the number of probes.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]

CLOCK_JUMP_S = 5.0
"""Two clocks of a machine that differ by so much over one poll: the wall clock was set."""


# ---------------------------------------------------------------- from poll to poll


def cut_at_resets(first: BoolArray, growing: Iterable[FloatArray]) -> BoolArray:
    """`first`, true also where one of the `growing` counters fell: the page was loaded anew.

    `packetsLost` is not one that only grows.
    """
    cut = first.copy()
    for counter in growing:
        cut |= deltas(counter, first) < 0
    return cut


def repeats(timestamp_ms: FloatArray, first: BoolArray) -> BoolArray:
    """Rows without new statistics: their `timestamp` is that of the row before in their stream."""
    return np.equal(_since_former(timestamp_ms, first), 0.0)


def clock_s(timestamp_ms: FloatArray, arrival_s: FloatArray, first: BoolArray) -> FloatArray:
    """A clock whose differences within a stream are the seconds between its polls.

    That is the stats' own `timestamp`, which arrives sooner or later; `arrival_s` (the host's
    monotonic clock) stands in where the wall clock was set in between.
    """
    by_page = _since_former(timestamp_ms / 1000, first)
    by_host = _since_former(arrival_s, first)
    jumped = (by_page <= 0) | (np.abs(by_page - by_host) > CLOCK_JUMP_S)
    elapsed = np.where(jumped, np.maximum(by_host, 0.0), by_page)
    # The first poll of a stream follows no other of it: any step would do.
    return np.cumsum(np.where(first, 1.0, np.nan_to_num(elapsed)))


def deltas(counter: FloatArray, first: BoolArray) -> FloatArray:
    """The change of a counter since it was last known in its stream; NaN where unknown.

    The sum of a stream's deltas is its last value less its first, whatever is missing in between.
    """
    former = _last_known(counter, first)
    return np.where(former < 0, np.nan, counter - counter[former])


def spans_s(counter: FloatArray, clock: FloatArray, first: BoolArray) -> FloatArray:
    """The seconds that `deltas(counter, first)` cover; NaN where those are."""
    former = _last_known(counter, first)
    return np.where((former < 0) | np.isnan(counter), np.nan, clock - clock[former])


def since_growth_s(counter: FloatArray, clock: FloatArray, first: BoolArray) -> FloatArray:
    """The time from the poll at which the counter had last grown to each poll.

    0 where it just did, and at a stream's first poll. NaN where the counter is unknown.
    """
    return np.where(np.isnan(counter), np.nan, clock - clock[_last_growth(counter, first)])


# ---------------------------------------------------------------- frozen and silent time, ratios


def stalled_total_s(
    freezes_s: FloatArray,
    pauses_s: FloatArray,
    frames_decoded: FloatArray,
    clock: FloatArray,
    first: BoolArray,
) -> FloatArray:
    """A counter of the seconds of freezes and pauses, up to each poll.

    `totalFreezesDuration` and `totalPausesDuration` count a freeze when it ends. With the time
    since the last decoded frame added it is counted as it goes on; that time is 0 again once it has
    ended, so the deltas count each second of a freeze once, in its own window.
    """
    return freezes_s + pauses_s + since_growth_s(frames_decoded, clock, first)


def silence_s(
    packets: FloatArray,
    timestamp_ms: FloatArray,
    last_packet_ms: FloatArray,
    clock: FloatArray,
    first: BoolArray,
) -> FloatArray:
    """The time since the last packet at each poll.

    `lastPacketReceivedTimestamp` has it to the millisecond; where that is unknown, or of another
    clock, the counter bounds it to the resolution of a poll.
    """
    least = since_growth_s(packets, clock, first)
    grown_at = _last_growth(packets, first)
    poll_before = np.where(first[grown_at], grown_at, grown_at - 1)
    most = least + clock[grown_at] - clock[poll_before]
    said = (timestamp_ms - last_packet_ms) / 1000
    return np.where(np.isnan(said), least, np.clip(said, least, most))


def missing_and_due(
    lost: FloatArray, packets: FloatArray, received: bool | BoolArray
) -> tuple[FloatArray, FloatArray]:
    """The parts of post-repair loss (RFC 5725): how many packets were lost, how many were due.

    `lost` is what `packetsLost` moved: less than 0 where more came late than were lost, and that
    is no loss. `packets` came, or were sent; of what is `received` those that are missing were due
    as well. NaN where unknown.
    """
    missing = np.maximum(lost, 0.0)
    return missing, packets + np.where(received, missing, 0.0)


def loss_ratio(lost: FloatArray, packets: FloatArray, received: bool | BoolArray) -> FloatArray:
    """What was lost for good of what was due, each by itself; NaN where that is unknown.

    Down, that is max(0, lost) / (max(0, lost) + received), up max(0, lost) / sent.
    """
    return ratio(*missing_and_due(lost, packets, received))


def ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    """`part / whole`, NaN where the whole is nothing."""
    some = whole > 0
    return np.where(some, part / np.where(some, whole, 1.0), np.nan)


# ---------------------------------------------------------------- windows


def window_edges(start_s: float, end_s: float, window_s: float) -> FloatArray:
    """Where the windows of a hold begin, and where the last one ends; empty for no hold.

    A rest shorter than half a window lengthens the window before it.
    """
    if end_s <= start_s:
        return np.array([])
    whole, rest = divmod(end_s - start_s, window_s)
    count = max(1, int(whole) + (rest >= window_s / 2))
    return np.append(start_s + window_s * np.arange(count), end_s)


def window_of(time_s: FloatArray, edges: FloatArray) -> IntArray:
    """The window each time lies in, -1 outside of all; an edge belongs to the later window."""
    if not len(edges):
        return np.full(len(time_s), -1)
    index = np.searchsorted(edges, time_s, side="right") - 1
    return np.where((index < len(edges) - 1) & ~np.isnan(time_s), index, -1)


# ---------------------------------------------------------------- earlier rows of a stream


def _since_former(values: FloatArray, first: BoolArray) -> FloatArray:
    return np.where(first, np.nan, np.diff(values, prepend=np.nan))


def _last_known(counter: FloatArray, first: BoolArray) -> IntArray:
    """The row before each one, in its stream, where the counter is known; -1: none."""
    rows = np.arange(len(counter))
    known = np.maximum.accumulate(np.where(np.isnan(counter), -1, rows))
    former = np.concatenate(([-1], known[:-1]))[: len(counter)]
    return np.where(former >= _stream_start(first), former, -1)


def _last_growth(counter: FloatArray, first: BoolArray) -> IntArray:
    """The last row, this one included, at which the counter grew, or else its stream's first."""
    rows = np.arange(len(counter))
    grew = first | (deltas(counter, first) > 0)
    return np.maximum.accumulate(np.where(grew, rows, 0)).astype(np.int64)


def _stream_start(first: BoolArray) -> IntArray:
    return np.maximum.accumulate(np.where(first, np.arange(len(first)), 0))
