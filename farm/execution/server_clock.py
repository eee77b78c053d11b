"""How the server's clock becomes run time, by its samples: no further question is asked. Pure.

The answer to a question asked at `asked_s` was here at `received_s`, and in between the server's
clock stood at `uptime_s`: the middle is true within half of the round trip, however the two ways
share it. The quickest of several answers tells it best.
"""

from __future__ import annotations

from farm.model.clock_reading import SERVER_CLOCK, ClockReading
from farm.model.server_samples import ServerSample

READING_EVERY_S = 10.0

QUANTUM_S = 0.01
"""`/proc/uptime` counts hundredths, and leaves off what is behind them."""


class SampledClock:
    """Of ten seconds' samples the best reading."""

    def __init__(self) -> None:
        self._best: ClockReading | None = None
        self._due_s: float | None = None

    def see(self, sample: ServerSample) -> ClockReading | None:
        """A reading, when it is time for one."""
        reading = _reading(sample)
        if reading is None:
            return None
        if self._due_s is None:
            self._due_s = reading.at_s + READING_EVERY_S
        if self._best is None or reading.error_s < self._best.error_s:
            self._best = reading
        return self.last() if reading.at_s >= self._due_s else None

    def last(self) -> ClockReading | None:
        """What is known since the last reading; `None` for nothing."""
        best, self._best, self._due_s = self._best, None, None
        return best


def _reading(sample: ServerSample) -> ClockReading | None:
    if sample.uptime_s is None or sample.asked_s is None:
        return None
    half_s = (sample.received_s - sample.asked_s) / 2
    offset_s = sample.asked_s + half_s - sample.uptime_s
    return ClockReading(SERVER_CLOCK, offset_s, half_s + QUANTUM_S, sample.received_s)
