"""Converts times of machines' monotonic clocks to run time. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from farm.model.clock_reading import ClockReading

LEAP_S = 2.0
"""A larger change of the offset from one reading to the next is no drift: a clock was restarted."""
DRIFT = 2e-4
"""The most by which a clock drifts, in seconds a second: so the error of a reading grows."""

FloatArray = npt.NDArray[np.float64]


class ClockOffsets:
    """The offsets of clocks over time, from their readings in the order in which they were made.

    Between two readings the offset is interpolated (clocks drift), outside of them it is constant.
    Where it leaps by more than `LEAP_S`, one of the two clocks was restarted (a trial that is
    repeated by a resumed run, perhaps after a reboot): earlier readings are left out. So is a
    reading whose error is larger than that of other readings at its time.
    """

    def __init__(self, readings: Iterable[ClockReading]) -> None:
        by_source: defaultdict[str, list[ClockReading]] = defaultdict(list)
        for reading in readings:
            by_source[reading.source].append(reading)
        self._known = {source: _offsets_at(readings) for source, readings in by_source.items()}

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


def _offsets_at(readings: list[ClockReading]) -> tuple[FloatArray, FloatArray]:
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
    """The readings that are more exact at their time than any other reading is there."""
    return [
        reading
        for reading in readings
        if all(
            reading.error_s <= other.error_s + DRIFT * abs(reading.at_s - other.at_s)
            for other in readings
        )
    ]
