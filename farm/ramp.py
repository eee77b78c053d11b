"""When each session (in a broadcast: each viewer) of a trial starts."""

from __future__ import annotations


def start_times_s(count: int, per_second: float) -> tuple[float, ...]:
    """Evenly paced starts from the beginning of the ramp: the first at 0.

    `per_second` is greater than 0. Even spacing, not bursts of whole seconds: a server meets
    arrivals one by one, and a burst would measure its signalling instead of its media.
    """
    return tuple(index / per_second for index in range(count))
