"""Readings of the server's clock from its samples, without further requests. Pure.

A sample was requested at `asked_s` and received at `received_s`; in between the server's clock was
at `uptime_s`. The middle is exact within half of the round trip, however its two ways share it. The
quickest of several samples is the most exact.
"""

from __future__ import annotations

from farm.model.clock_reading import SERVER_CLOCK, ClockReading
from farm.model.server_samples import ServerSample

READING_EVERY_S = 10.0

QUANTUM_S = 0.01
"""`/proc/uptime` counts hundredths of a second, rounded down."""


class SampledClock:
    """Chooses the most exact reading of ten seconds' samples."""

    def __init__(self) -> None:
        self._best: ClockReading | None = None
        self._due_s: float | None = None

    def see(self, sample: ServerSample) -> ClockReading | None:
        """The reading, if ten seconds are over."""
        reading = _reading(sample)
        if reading is None:
            return None
        if self._due_s is None:
            self._due_s = reading.at_s + READING_EVERY_S
        if self._best is None or reading.error_s < self._best.error_s:
            self._best = reading
        return self.last() if reading.at_s >= self._due_s else None

    def last(self) -> ClockReading | None:
        """The reading of the samples since the last one; `None`: there are none."""
        best, self._best, self._due_s = self._best, None, None
        return best


def _reading(sample: ServerSample) -> ClockReading | None:
    if sample.uptime_s is None or sample.asked_s is None:
        return None
    half_s = (sample.received_s - sample.asked_s) / 2
    offset_s = sample.asked_s + half_s - sample.uptime_s
    return ClockReading(SERVER_CLOCK, offset_s, half_s + QUANTUM_S, sample.received_s)
