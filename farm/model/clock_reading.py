"""One reading of another machine's clock against run time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClockReading:
    """Add `offset_s` to a source's monotonic clock to get run time; true within `error_s`."""

    source: str
    offset_s: float
    error_s: float
    at_s: float


SERVER_CLOCK = "server"
