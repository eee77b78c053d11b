"""From the monotonic clocks of machines to run time. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from farm.observations import ClockReading

LEAP_S = 2.0
"""No clock drifts so far from one reading to the next."""

FloatArray = npt.NDArray[np.float64]


class ClockOffsets:
    """What readings of clocks, in the order in which they were made, say about times between them.

    Between two readings the offset moves in a straight line (clocks drift), outside of them it
    stays what it was. Where it leaps by more than `LEAP_S`, one of the two clocks was started anew
    (a trial that is repeated by a resumed run, perhaps after a reboot): what was read before says
    nothing of what came after, and is left out.
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
        place
        for place in range(1, len(readings))
        if abs(readings[place].offset_s - readings[place - 1].offset_s) > LEAP_S
    ]
    readings = readings[leaps[-1] if leaps else 0 :]
    points = sorted({(reading.at_s - reading.offset_s, reading.offset_s) for reading in readings})
    times, offsets = zip(*points, strict=True)
    return np.array(times), np.array(offsets)
