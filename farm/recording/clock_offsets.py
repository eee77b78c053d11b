"""From the monotonic clocks of machines to run time. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from farm.model.clock_reading import ClockReading

LEAP_S = 2.0
"""No clock drifts so far from one reading to the next."""
DRIFT = 2e-4
"""Nor by more than this, in seconds a second: an exact reading tells of times near it."""

FloatArray = npt.NDArray[np.float64]


class ClockOffsets:
    """What readings of clocks, in the order in which they were made, say about times between them.

    Between two readings the offset moves in a straight line (clocks drift), outside of them it
    stays what it was. Where it leaps by more than `LEAP_S`, one of the two clocks was started anew
    (a trial that is repeated by a resumed run, perhaps after a reboot): what was read before says
    nothing of what came after, and is left out. So is a reading less exact than what its neighbours
    say of its time.
    """

    def __init__(self, readings: Iterable[ClockReading]) -> None:
        by_source: defaultdict[str, list[ClockReading]] = defaultdict(list)
        for reading in readings:
            by_source[reading.source].append(reading)
        self._known = {source: _line(readings) for source, readings in by_source.items()}

    def run_s(self, source: str, monotonic_s: FloatArray) -> FloatArray | None:
        """`monotonic_s` of a source as run time; `None` if that clock was never read."""
        known = self._known.get(source)
        if known is None:
            return None
        return monotonic_s + np.interp(monotonic_s, *known)

    def run_time_s(self, source: str, monotonic_s: float) -> float | None:
        """One time of a source as run time; `None` if that clock was never read."""
        times = self.run_s(source, np.array([monotonic_s]))
        return None if times is None else float(times[0])


def _line(readings: list[ClockReading]) -> tuple[FloatArray, FloatArray]:
    leaps = [
        place for place in range(1, len(readings)) if _leapt(readings[place - 1], readings[place])
    ]
    readings = _exact(readings[leaps[-1] if leaps else 0 :])
    points = sorted({(reading.at_s - reading.offset_s, reading.offset_s) for reading in readings})
    times, offsets = zip(*points, strict=True)
    return np.array(times), np.array(offsets)


def _leapt(before: ClockReading, after: ClockReading) -> bool:
    far_s = abs(after.offset_s - before.offset_s)
    return far_s > LEAP_S + before.error_s + after.error_s


def _exact(readings: list[ClockReading]) -> list[ClockReading]:
    """Those that no other one makes needless: at least the best is."""
    return [
        reading
        for reading in readings
        if all(
            reading.error_s <= other.error_s + DRIFT * abs(reading.at_s - other.at_s)
            for other in readings
        )
    ]
